// The target `HTTP`: a request means the same however it is cut, and what it says is safe to go by.

import Bytes
import HTTP

/// The longest head that the target takes, below that of its inputs, so that the limit is met.
private let longestHead = 512

/// What is wrong with reading `bytes` as a request; nil when nothing is.
func faultOfHTTPRequest(_ bytes: RawSpan) -> String? {
    let whole = progress(bytes, pieceByteCount: bytes.byteCount)
    for count in [1, 3, 64] where progress(bytes, pieceByteCount: count) != whole {
        return "in pieces of \(count) octets it is another request"
    }
    switch whole {
    case .incomplete:
        return bytes.byteCount > longestHead ? "\(bytes.byteCount) octets are held" : nil
    case .refused(let refusal):
        let isPlain = refusal.sentence.utf8.allSatisfy { 0x20...0x7E ~= $0 }
        return refusal.status.rawValue >= 400 && isPlain ? nil : "refused with \(refusal)"
    case .complete(let request): return fault(of: request)
    }
}

private func progress(_ bytes: RawSpan, pieceByteCount: Int) -> HTTPRequestReader.Progress {
    var reader = HTTPRequestReader(maximumByteCount: longestHead)
    var progress = HTTPRequestReader.Progress.incomplete
    var position = 0
    while position < bytes.byteCount {
        let end = min(bytes.byteCount, position + pieceByteCount)
        progress = reader.read(bytes.extracting(position..<end))
        position = end
    }
    return progress
}

private func fault(of request: HTTPRequest) -> String? {
    guard request.path.first == UInt8(ascii: "/"), !request.path.contains(0) else { return "path \(request.path)" }
    if let host = request.host {
        let isPlain = host.name.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "/") }
        guard isPlain, host.name == host.name.lowercased() else { return "host \(host)" }
    }
    // What was decoded comes back from its encoding.
    for parameter in request.query
    where PercentEncoding.decoded(PercentEncoding.encoded(parameter.value).utf8)
        != parameter.value
    {
        return "parameter \(parameter)"
    }
    if let weight = MediaPreference.weight(of: "text/plain", in: request.accept), !(0...1_000 ~= weight) {
        return "weight \(weight)"
    }
    if let token = request.bearerToken, !BearerToken.matches(token, token) { return "token \(token)" }
    return nil
}
