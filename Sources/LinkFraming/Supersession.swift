import Bytes

/// What a datagram means for one that waits for the same node, by the little of MQTT-SN that this takes.
enum Supersession {
    /// Each has its own to say.
    case none
    /// It is the same again, at most with DUP, which its copy must not have as long as nobody has seen it.
    case repetition
    /// It answers a later CONNECT, and what waits is over; or it is the same without DUP.
    case replacement

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

    init(of newer: RawSpan, over older: RawSpan) {
        guard newer.byte(at: 1) == Self.forwarderEncapsulation, let header = newer.byte(at: 0) else {
            self.init(ofMessage: newer, over: older)
            return
        }
        // For the same node behind the same forwarder (§5.5); the message follows.
        let byteCount = Int(header)
        if byteCount < newer.byteCount, byteCount < older.byteCount,
            older.equals(newer.extracting(0..<byteCount), in: 0..<byteCount)
        {
            self.init(
                ofMessage: newer.extracting(byteCount..<newer.byteCount),
                over: older.extracting(byteCount..<older.byteCount))
        } else {
            self = newer.isSame(as: older, ignoring: 0, at: 0) ? .repetition : .none
        }
    }

    private init(ofMessage newer: RawSpan, over older: RawSpan) {
        let offset = Self.typeOffset(newer)
        var ignored: UInt8 = 0
        if newer.byte(at: offset) == Self.publish {
            // What nobody answers is never repeated: the same octets are another message.
            guard let flags = newer.byte(at: offset + 1), Self.answeredQoS ~= flags & Self.qosBits else {
                self = .none
                return
            }
            ignored = Self.duplicate
        }
        if newer.isSame(as: older, ignoring: ignored, at: offset + 1) {
            // DUP is left out for clients that do not understand it: then no copy may have it.
            let isWithoutDuplicate = (newer.byte(at: offset + 1) ?? 0) & ignored == 0
            self = isWithoutDuplicate && !newer.isSame(as: older, ignoring: 0, at: 0) ? .replacement : .repetition
        } else {
            self = Self.answersConnect(newer) && Self.isOverAfterAnswer(older) ? .replacement : .none
        }
    }

    private static func answersConnect(_ message: RawSpan) -> Bool {
        let type = message.byte(at: typeOffset(message))
        return type == connectAcknowledgement || type == willTopicRequest || type == willMessageRequest
    }

    /// The client waits for the answer to its latest CONNECT; answers to earlier ones and farewells are too late.
    private static func isOverAfterAnswer(_ message: RawSpan) -> Bool {
        answersConnect(message) || message.byte(at: typeOffset(message)) == disconnect
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
