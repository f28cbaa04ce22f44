import Bytes
package import MQTT

/// MQTT packets in words, on one line or field by field; whatever is in the octets.
package enum PacketWords {
    /// The largest packet that the fixed header can announce, in octets.
    private static let largestPacketByteCount = 268_435_460

    /// Every packet of `stream`, separated by semicolons; what is incomplete or wrong is said at the end.
    package static func line(
        of stream: RawSpan, _ version: ProtocolVersion? = nil, payload: ([UInt8]) -> String = PayloadWords.count
    ) -> String {
        descriptions(of: stream, version, payload: payload).map(\.description.line).joined(separator: "; ")
    }

    /// The same of a version by its name, such as `5.0`; without one that is known the packets are to tell theirs.
    package static func line(
        of stream: RawSpan, versionNamed name: String?, payload: ([UInt8]) -> String = PayloadWords.count
    ) -> String {
        line(of: stream, ProtocolVersion.allCases.first { "\($0.name)" == name }, payload: payload)
    }

    /// Every packet of `stream` with its octets; the last one may be what is incomplete or wrong.
    ///
    /// Without a version the stream is of 3.1.1 until a packet comes that only 5.0 allows, such as its CONNECT.
    package static func descriptions(
        of stream: RawSpan, _ version: ProtocolVersion? = nil, payload: ([UInt8]) -> String = PayloadWords.count
    ) -> [(bytes: [UInt8], description: Description)] {
        var found: [(bytes: [UInt8], description: Description)] = []
        var spoken = version ?? .v3_1_1
        var position = 0
        while position < stream.byteCount {
            let rest = stream.extracting(position..<stream.byteCount)
            var (byteCount, description) = first(of: rest, spoken, payload)
            if description.fault != nil, version == nil, spoken == .v3_1_1 {
                let other = first(of: rest, .v5_0, payload)
                if other.description.fault == nil {
                    spoken = .v5_0
                    (byteCount, description) = other
                }
            }
            found.append((rest.copy(of: 0..<byteCount), description))
            position += byteCount
        }
        return found
    }

    /// The first packet of `stream`; all of it where no packet is whole or none can begin there.
    private static func first(
        of stream: RawSpan, _ version: ProtocolVersion, _ payload: ([UInt8]) -> String
    ) -> (byteCount: Int, description: Description) {
        var decoder = PacketDecoder(maximumPacketByteCount: largestPacketByteCount, version: version)
        var position = 0
        do throws(PacketError) {
            guard case .frame(let range) = try decoder.next(in: stream, at: &position) else {
                return (stream.byteCount, incomplete(stream))
            }
            return (range.count, description(ofPacket: stream.extracting(range), version, payload))
        } catch {
            return (stream.byteCount, malformed(error, stream, version))
        }
    }

    private static func description(
        ofPacket frame: RawSpan, _ version: ProtocolVersion, _ payload: ([UInt8]) -> String
    ) -> Description {
        do throws(PacketError) {
            let packet = version == .v5_0 ? try Packet5.decode(frame) : Packet5(try Packet.decode(frame))
            let line =
                version == .v5_0
                ? packet.line(of: frame, payload: payload) : packet.packet.line(of: frame, payload: payload)
            var description = Description(line: line)
            description.sections = [
                Description.Section(
                    title: packet.packet.type.specificationName, range: 0..<frame.byteCount,
                    fields: packet.fields(of: frame, version))
            ]
            return description
        } catch {
            return malformed(error, frame, version)
        }
    }

    private static func incomplete(_ rest: RawSpan) -> Description {
        let type = rest.byte(at: 0).flatMap { PacketType(rawValue: $0 >> 4) }
        let fault = Description.Fault(
            subject: "incomplete \(type?.specificationName ?? "packet")",
            reason: "the stream ends after \(rest.byteCount.octets) of it", offset: rest.byteCount)
        return Description(fault, of: rest, guesses: [])
    }

    private static func malformed(_ error: PacketError, _ frame: RawSpan, _ version: ProtocolVersion) -> Description {
        let type = frame.byte(at: 0).flatMap { PacketType(rawValue: $0 >> 4) }
        let offset =
            switch error {
            case .malformedRemainingLength: 1
            case .truncated: frame.byteCount
            default: Packet.fault(in: frame, version)?.offset ?? 0
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
