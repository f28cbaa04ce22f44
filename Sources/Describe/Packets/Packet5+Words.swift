// What MQTT 5.0 adds to packets, in words (MQTT 5.0 §2.2.2, §2.4, §3.8.3.1).

import Bytes
package import MQTT

extension ReasonCode {
    /// Its name with its number, such as `not authorized (0x87)`.
    package func words(in type: PacketType) -> String {
        "\(name(in: type)) (0x\(Hexadecimal.number(UInt64(rawValue), digitCount: 2)))"
    }

    /// The words for an octet in packets of `type`.
    static func words(for octet: UInt8, in type: PacketType) -> String {
        ReasonCode(rawValue: octet)?.words(in: type) ?? "reserved code \(octet)"
    }
}

extension SubscriptionOptions {
    /// The QoS, and what is not as in 3.1.1.
    var words: String {
        let handling =
            switch retainHandling {
            case .send: ""
            case .sendIfNew: ", retained only if new"
            case .doNotSend: ", nothing retained"
            }
        return qos.words + (noLocal ? ", No Local" : "") + (retainAsPublished ? ", Retain As Published" : "") + handling
    }
}

extension Property {
    /// Its value with its unit.
    func words(of frame: RawSpan) -> String {
        func text(_ range: ByteRange) -> String { ForeignText.quoted(frame.copy(of: range)) }
        switch value {
        case .number(let number):
            switch identifier {
            case .messageExpiryInterval, .sessionExpiryInterval, .willDelayInterval, .serverKeepAlive:
                return number == .max && identifier == .sessionExpiryInterval ? "never" : "\(number) s"
            case .maximumPacketSize: return Int(number).octets
            default: return "\(number)"
            }
        case .octets(let octets): return identifier.type == .binary ? octets.count.octets : text(octets)
        case .pair(let name, let value): return "\(text(name)) = \(text(value))"
        }
    }
}

extension Packet5 {
    static func properties(_ range: ByteRange, of frame: RawSpan) -> [Property] {
        var found: [Property] = []
        var position = 0
        while let property = nextProperty(of: range, in: frame, at: &position) { found.append(property) }
        return found
    }

    /// Such as `PUBACK packet id 2, not authorized (0x87)`.
    ///
    /// `frame` is what it was decoded from, and `payload` finds the words for the content of messages and Wills.
    package func line(of frame: RawSpan, payload: ([UInt8]) -> String) -> String {
        let type = packet.type
        var parts = [packet.words(frame, .v5_0, payload)]
        // CONNACK's is its return code.
        if added.reasonCode != .success, type != .connectAcknowledgement {
            parts.append(added.reasonCode.words(in: type))
        }
        parts += frame.copy(of: added.reasonCodes).map { ReasonCode.words(for: $0, in: type) }
        parts += Self.properties(added.properties, of: frame).map { "\($0.identifier.name) \($0.words(of: frame))" }
        parts += Self.properties(added.willProperties, of: frame).map {
            "Will with \($0.identifier.name) \($0.words(of: frame))"
        }
        let words = parts.filter { !$0.isEmpty }.joined(separator: ", ")
        return words.isEmpty ? type.specificationName : "\(type.specificationName) \(words)"
    }
}
