package import Bytes

/// Something a link wants done or known; a value without references. Byte ranges index `LinkEffects.bytes`.
package enum LinkEffect: Equatable, Sendable {
    /// Write to the line, behind what was to be written before.
    case write(ByteRange)
    /// A datagram came in; a broadcast asks for nothing special, most searches for a gateway are one.
    case datagramReceived(ByteRange, from: LinkAddress, isBroadcast: Bool)
    /// Nobody answers at this speed: open the line at the next configured one and call `lineOpened`, after a pause if
    /// all were tried.
    case tryNextSpeed
    case observe(LinkObservation)
}

/// What one input caused, in order, over an arena of bytes that its owner clears and reuses.
package struct LinkEffects: ~Copyable, Sendable {
    package var list: [LinkEffect] = []
    package var bytes: [UInt8] = []

    package init() {}

    /// Forgets what has been done and keeps the room.
    package mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func observe(_ observation: LinkObservation) { list.append(.observe(observation)) }

    mutating func write(_ frame: RawSpan, as framing: Framing) {
        let start = bytes.count
        bytes.appendFrame(frame, as: framing)
        list.append(.write(start..<bytes.count))
    }

    mutating func receive(_ datagram: RawSpan, from address: LinkAddress, isBroadcast: Bool) {
        let start = bytes.count
        bytes.append(datagram)
        list.append(.datagramReceived(start..<bytes.count, from: address, isBroadcast: isBroadcast))
    }
}
