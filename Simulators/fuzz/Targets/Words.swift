// The target `Words`: whatever octets are, they are told in words that a terminal may be shown, and fields lie inside.
//
// The first octet chooses what the rest is taken for: a datagram, a stream of MQTT, or a capture.

import Bytes
import Describe

/// What is wrong with the words for `input`; nil when nothing is.
func faultOfWords(_ input: RawSpan) -> String? {
    guard let first = input.byte(at: 0) else { return nil }
    let bytes = input.copy(of: 1..<input.byteCount)
    switch first % 4 {
    case 0, 1: return faultOfDescription(DatagramWords.description(of: bytes.span.bytes), bytes)
    case 2:
        let found = PacketWords.descriptions(of: bytes.span.bytes, payload: PayloadWords.text)
        guard found.reduce(0, { $0 + $1.bytes.count }) == bytes.count else { return "octets are left out" }
        return found.lazy.compactMap { faultOfDescription($0.description, $0.bytes) }.first
    default:
        guard case .success(let file) = CaptureFile.read(bytes) else { return nil }
        return file.datagrams.reduce(0) { $0 + $1.bytes.count } > bytes.count ? "more than the file holds" : nil
    }
}

private func faultOfDescription(_ description: Description, _ bytes: [UInt8]) -> String? {
    var offset = 0
    for field in description.sections.flatMap(\.fields) {
        guard field.range.lowerBound == offset, field.range.upperBound <= bytes.count else {
            return "\(field.name) lies at \(field.range)"
        }
        offset = field.range.upperBound
    }
    if description.fault == nil, offset != bytes.count { return "the fields end at \(offset) of \(bytes.count)" }
    if let fault = description.fault, !(0...bytes.count ~= fault.offset) { return "a fault at \(fault.offset)" }
    for line in description.lines(bytes) + [description.line] {
        guard line.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) }) else {
            return "a line has a control character"
        }
    }
    return nil
}
