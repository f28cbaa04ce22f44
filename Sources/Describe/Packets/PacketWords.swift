import Bytes
import MQTT

/// MQTT packets in words, on one line or field by field; whatever is in the octets.
package enum PacketWords {
    /// The largest packet that the fixed header can announce, in octets.
    private static let largestPacketByteCount = 268_435_460

    /// Every packet of `stream`, separated by semicolons; what is incomplete or wrong is said at the end.
    package static func line(of stream: RawSpan, payload: ([UInt8]) -> String = PayloadWords.count) -> String {
        descriptions(of: stream, payload: payload).map(\.description.line).joined(separator: "; ")
    }

    /// Every packet of `stream` with its octets; the last one may be what is incomplete or wrong.
    package static func descriptions(
        of stream: RawSpan, payload: ([UInt8]) -> String = PayloadWords.count
    ) -> [(bytes: [UInt8], description: Description)] {
        var found: [(bytes: [UInt8], description: Description)] = []
        var decoder = PacketDecoder(maximumPacketByteCount: largestPacketByteCount)
        var position = 0
        do throws(PacketError) {
            while true {
                let start = position
                guard case .frame(let range) = try decoder.next(in: stream, at: &position) else {
                    guard start < stream.byteCount else { return found }
                    found.append(incomplete(stream.extracting(start..<stream.byteCount)))
                    return found
                }
                let frame = stream.extracting(range)
                found.append((frame.copy(of: 0..<frame.byteCount), description(ofPacket: frame, payload)))
            }
        } catch {
            let rest = stream.extracting(endOfWhole(found)..<stream.byteCount)
            found.append((rest.copy(of: 0..<rest.byteCount), malformed(error, rest)))
            return found
        }
    }

    private static func endOfWhole(_ found: [(bytes: [UInt8], description: Description)]) -> Int {
        found.reduce(0) { $0 + $1.bytes.count }
    }

    private static func description(ofPacket frame: RawSpan, _ payload: ([UInt8]) -> String) -> Description {
        do throws(PacketError) {
            let packet = try Packet.decode(frame)
            var description = Description(line: packet.line(of: frame, payload: payload))
            description.sections = [
                Description.Section(
                    title: packet.type.specificationName, range: 0..<frame.byteCount, fields: packet.fields(of: frame))
            ]
            return description
        } catch {
            return malformed(error, frame)
        }
    }

    private static func incomplete(_ rest: RawSpan) -> (bytes: [UInt8], description: Description) {
        let type = rest.byte(at: 0).flatMap { PacketType(rawValue: $0 >> 4) }
        let fault = Description.Fault(
            subject: "incomplete \(type?.specificationName ?? "packet")",
            reason: "the stream ends after \(rest.byteCount.octets) of it", offset: rest.byteCount)
        return (rest.copy(of: 0..<rest.byteCount), Description(fault, of: rest, guesses: []))
    }

    private static func malformed(_ error: PacketError, _ frame: RawSpan) -> Description {
        let type = frame.byte(at: 0).flatMap { PacketType(rawValue: $0 >> 4) }
        let offset =
            switch error {
            case .reservedPacketType, .reservedFlags, .duplicateAtMostOnce: 0
            case .malformedRemainingLength: 1
            case .truncated: frame.byteCount
            case .reservedQoS, .packetTooLarge, .trailingBytes, .illFormedString, .invalidTopicName,
                .invalidTopicFilter, .zeroPacketIdentifier, .noTopicFilters, .reservedSubscriptionBits, .noReturnCodes,
                .reservedReturnCode, .unknownProtocolName, .unsupportedProtocolLevel, .reservedConnectFlag,
                .willFieldsWithoutWill, .passwordWithoutUsername, .reservedConnectAcknowledgementFlags,
                .sessionPresentWithRefusal:
                // The decoder does not say where in the packet.
                0
            }
        let fault = Description.Fault(
            subject: "malformed \(type?.specificationName ?? "packet")", reason: "\(error.description)", offset: offset)
        let guesses = [
            isMQTTSN(frame) ? "as MQTT-SN it is \(DatagramWords.line(of: frame)): leave --mqtt out" : nil,
            frame.byte(at: 0) == 0x15 && frame.byte(at: 1) == 0x03
                ? "this is a TLS record: the other side speaks TLS" : nil,
            frame.byte(at: 0) == UInt8(ascii: "H") && frame.byte(at: 1) == UInt8(ascii: "T")
                ? "this is HTTP: the other side is a web server" : nil,
        ]
        return Description(fault, of: frame, guesses: guesses.compactMap(\.self))
    }

    private static func isMQTTSN(_ frame: RawSpan) -> Bool { frame.byteCount > 1 && DatagramWords.isMessage(frame) }
}
