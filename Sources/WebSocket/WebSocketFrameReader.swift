/// Takes the frames of a server apart (RFC 6455 §5.2), however they are cut: what binary messages hold is one stream of
/// octets, as MQTT has it [MQTT-6.0.0-2], and is handed on where it lies. Only control frames are kept until they are
/// whole, which are at most 125 octets long.
package struct WebSocketFrameReader: Sendable {
    /// What is next in the octets that came.
    package enum Item: Equatable, Sendable {
        /// The octets of this range are the peer's data.
        case data(Range<Int>)
        /// To be answered with `controlPayload` (§5.5.2).
        case ping
        case pong
        /// The last frame: nothing that follows means anything (§5.5.1).
        case close(WebSocketClose)
        /// All is read.
        case incomplete
    }

    private enum Phase {
        /// The octet with the type comes.
        case type
        /// The octet with the length comes.
        case length
        /// So many octets of a longer length come.
        case longLength(Int)
        case payload
    }

    /// RFC 6455 §5.2; others are reserved.
    private enum FrameType: UInt8 {
        case continuation = 0x0
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA
    }

    private var phase = Phase.type
    private var type = FrameType.binary
    private var isLast = true
    /// Octets of the payload that are still to come.
    private var remaining: UInt64 = 0
    /// Whether a message has begun whose last frame is still to come.
    private var isInMessage = false
    /// The payload of the control frame that came last: what a ping is answered with.
    package private(set) var controlPayload: [UInt8] = []

    /// §5.5.
    package static let maximumControlByteCount = 125

    package init() { controlPayload.reserveCapacity(Self.maximumControlByteCount) }

    /// What comes from `position` on, which then lies behind it; a frame may have come in part, and be gone on with at
    /// the next call.
    ///
    /// - Throws: what the peer must not do; nothing that follows means anything.
    package mutating func next(
        _ bytes: RawSpan, from position: inout Int
    ) throws(WebSocketFault) -> Item {
        while bytes.byteOffsets.contains(position) {
            switch phase {
            case .type:
                try begin(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self))
                position += 1
            case .length:
                try takeLength(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self))
                position += 1
            case .longLength(let missing):
                try takeLength(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self), missing)
                position += 1
            case .payload: break
            }
            guard case .payload = phase else { continue }
            // As much as there is fits an Int.
            let count = Int(min(remaining, UInt64(bytes.byteCount - position)))
            let range = position..<position + count
            position += count
            remaining -= UInt64(count)
            if remaining == 0 { phase = .type }
            switch type {
            case .continuation, .binary: if count > 0 { return .data(range) }
            case .close, .ping, .pong:
                for offset in range { controlPayload.append(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) }
                if remaining == 0 { return try control() }
            }
        }
        return .incomplete
    }

    private mutating func begin(_ byte: UInt8) throws(WebSocketFault) {
        guard byte & 0x70 == 0 else { throw .reservedBits }
        guard byte & 0x0F != 0x1 else { throw .text }
        guard let type = FrameType(rawValue: byte & 0x0F) else { throw .reservedType }
        (self.type, isLast) = (type, byte & 0x80 != 0)
        switch type {
        case .continuation:
            guard isInMessage else { throw .brokenMessage }
            isInMessage = !isLast
        case .binary:
            guard !isInMessage else { throw .brokenMessage }
            isInMessage = !isLast
        case .close, .ping, .pong:
            guard isLast else { throw .badControlFrame }
            controlPayload.removeAll(keepingCapacity: true)
        }
        phase = .length
    }

    private mutating func takeLength(_ byte: UInt8) throws(WebSocketFault) {
        guard byte & 0x80 == 0 else { throw .masked }
        remaining = 0
        switch byte {
        case 126: phase = .longLength(2)
        case 127: phase = .longLength(8)
        default:
            remaining = UInt64(byte)
            phase = .payload
        }
        guard byte <= Self.maximumControlByteCount || !isControl else { throw .badControlFrame }
    }

    private var isControl: Bool {
        switch type {
        case .continuation, .binary: false
        case .close, .ping, .pong: true
        }
    }

    /// A length written longer than need be is a length.
    private mutating func takeLength(_ byte: UInt8, _ missing: Int) throws(WebSocketFault) {
        guard missing < 8 || byte & 0x80 == 0 else { throw .impossibleLength }
        remaining = remaining << 8 | UInt64(byte)
        phase = missing > 1 ? .longLength(missing - 1) : .payload
    }

    /// The control frame that is whole.
    private func control() throws(WebSocketFault) -> Item {
        switch type {
        case .ping: return .ping
        case .close:
            guard let close = WebSocketClose(payload: controlPayload) else { throw .badClose }
            return .close(close)
        case .pong, .continuation, .binary: return .pong
        }
    }
}
