import Bytes
import GatewayCore
import MQTT

/// Cuts what goes over the broker's connections into packets, for those who look on (MQTT 3.1.1 §2.2).
///
/// It may begin in the midst of a connection, and so of a packet: what cannot be the beginning of one is left out.
struct PacketCutter {
    /// One direction of one connection.
    struct Stream: Hashable {
        var id: UpstreamID
        var isFromBroker: Bool
    }

    /// The longest packet that is put together from pieces; of a longer one nothing is told.
    private static let longestPacket = 65_536

    private var kept: [Stream: [UInt8]] = [:]

    /// Calls `body` with each packet that is whole now.
    mutating func cut(_ bytes: RawSpan, of stream: Stream, _ body: ([UInt8]) -> Void) {
        var rest = (kept.removeValue(forKey: stream) ?? []) + bytes.copy(of: 0..<bytes.byteCount)
        while let count = Self.packetByteCount(rest) {
            guard count > 0, count <= Self.longestPacket else { return }
            guard count <= rest.count else { break }
            body(Array(rest[..<count]))
            rest.removeFirst(count)
        }
        if !rest.isEmpty { kept[stream] = rest }
    }

    /// How long the packet is that begins here; nil where that is not known yet, 0 where none does.
    private static func packetByteCount(_ bytes: [UInt8]) -> Int? {
        guard let first = bytes.first else { return nil }
        guard (1...14).contains(first >> 4) else { return 0 }
        var length = 0
        for index in 1...4 {
            guard index < bytes.count else { return nil }
            length |= Int(bytes[index] & 0x7F) << (7 * (index - 1))
            if bytes[index] & 0x80 == 0 { return 1 + index + length }
        }
        return 0
    }

    /// Where the payload of a PUBLISH begins; the end of every other packet. A CONNECT's begins with its payload too:
    /// there are the Will, the user name and the password (MQTT 3.1.1 §3.1.3).
    static func payloadStart(in packet: RawSpan) -> Int {
        var offset = 1
        while let byte = packet.byte(at: offset), byte & 0x80 != 0 { offset += 1 }
        offset += 1
        guard let first = packet.byte(at: 0) else { return packet.byteCount }
        switch first >> 4 {
        case 1:
            // Protocol name, level, flags and keep alive, and the client identifier of the payload.
            let identifier = offset + 10
            guard let count = packet.uint16(at: identifier) else { return packet.byteCount }
            return min(packet.byteCount, identifier + 2 + Int(count))
        case 3:
            guard let count = packet.uint16(at: offset) else { return packet.byteCount }
            return min(packet.byteCount, offset + 2 + Int(count) + (first & 0x06 == 0 ? 0 : 2))
        default: return packet.byteCount
        }
    }
}
