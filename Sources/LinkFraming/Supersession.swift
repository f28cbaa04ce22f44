import Bytes

/// Which datagram that waits for a node is pointless once a newer one for the same node is there, by the little of
/// MQTT-SN that this takes.
enum Supersession {
    private static let connectAcknowledgement: UInt8 = 0x05
    private static let willTopicRequest: UInt8 = 0x06
    private static let willMessageRequest: UInt8 = 0x08
    private static let publish: UInt8 = 0x0C
    private static let disconnect: UInt8 = 0x18
    private static let forwarderEncapsulation: UInt8 = 0xFE
    /// A length octet of 1 says that two more octets hold the length (MQTT-SN 1.2 §5.2.1).
    private static let longFormMarker: UInt8 = 0x01
    /// Of PUBLISH's flags (§5.3.4).
    private static let duplicate: UInt8 = 0x80
    private static let qosBits: UInt8 = 0x60
    private static let answeredQoS: ClosedRange<UInt8> = 0x20...0x40

    /// Whether `newer` says all that `older` says: it is its repetition, or answers a later CONNECT.
    static func replaces(_ newer: RawSpan, _ older: RawSpan) -> Bool {
        guard newer.byte(at: 1) == forwarderEncapsulation, let header = newer.byte(at: 0) else {
            return messageReplaces(newer, older)
        }
        // For the same node behind the same forwarder (§5.5); the message follows.
        let byteCount = Int(header)
        guard byteCount < newer.byteCount, byteCount < older.byteCount,
            older.equals(newer.extracting(0..<byteCount), in: 0..<byteCount)
        else { return newer.isSame(as: older, ignoring: 0, at: 0) }
        return messageReplaces(
            newer.extracting(byteCount..<newer.byteCount), older.extracting(byteCount..<older.byteCount))
    }

    private static func messageReplaces(_ newer: RawSpan, _ older: RawSpan) -> Bool {
        let offset = typeOffset(newer)
        guard newer.byte(at: offset) == publish else {
            return answersConnect(newer) && (answersConnect(older) || older.byte(at: typeOffset(older)) == disconnect)
                || newer.isSame(as: older, ignoring: 0, at: 0)
        }
        // What nobody answers is never repeated: the same octets are another message.
        guard let flags = newer.byte(at: offset + 1), answeredQoS ~= flags & qosBits else { return false }
        return newer.isSame(as: older, ignoring: duplicate, at: offset + 1)
    }

    /// The client waits for the answer to its latest CONNECT; what came before is over.
    private static func answersConnect(_ message: RawSpan) -> Bool {
        let type = message.byte(at: typeOffset(message))
        return type == connectAcknowledgement || type == willTopicRequest || type == willMessageRequest
    }

    private static func typeOffset(_ message: RawSpan) -> Int { message.byte(at: 0) == longFormMarker ? 3 : 1 }
}

extension RawSpan {
    /// Whether `other` has the same octets, apart from the bits `ignored` of the octet at `offset`.
    fileprivate func isSame(as other: RawSpan, ignoring ignored: UInt8, at offset: Int) -> Bool {
        guard byteCount == other.byteCount else { return false }
        for index in 0..<byteCount {
            let difference = self[unchecked: index] ^ other[unchecked: index]
            if difference & ~(index == offset ? ignored : 0) != 0 { return false }
        }
        return true
    }
}
