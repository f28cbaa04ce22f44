package import Bytes

/// Something the broker wants done, in the imperative. Byte ranges index `BrokerEffects.bytes`.
package enum BrokerEffect: Equatable, Hashable, Sendable {
    /// Write one MQTT packet.
    case send(ByteRange, on: BrokerConnectionID)
    /// Write what was sent before, then close. The broker ignores any later event of this connection.
    case close(BrokerConnectionID)
}

/// What one event caused at the broker, in order, over an arena of bytes that is cleared and reused.
package struct BrokerEffects: ~Copyable {
    package var list: [BrokerEffect] = []
    package var bytes: [UInt8] = []

    package init() {}

    /// Forgets what has been done and keeps the room.
    package mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Makes everything appended to `bytes` since `start` one packet for `connection`.
    mutating func send(from start: Int, on connection: BrokerConnectionID) {
        list.append(.send(start..<bytes.count, on: connection))
    }
}
