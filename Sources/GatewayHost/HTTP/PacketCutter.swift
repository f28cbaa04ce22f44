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
        guard (1...15).contains(first >> 4) else { return 0 }
        var length = 0
        for index in 1...4 {
            guard index < bytes.count else { return nil }
            length |= Int(bytes[index] & 0x7F) << (7 * (index - 1))
            if bytes[index] & 0x80 == 0 { return 1 + index + length }
        }
        return 0
    }

    /// Where the payload of a PUBLISH begins; the end of every other packet. A CONNECT's begins with its payload too:
    /// there are the Will, the user name and the password (MQTT 3.1.1 §3.1.3). A CONNECT says its version itself.
    static func payloadStart(in packet: RawSpan, _ version: ProtocolVersion) -> Int {
        var offset = 1
        while let byte = packet.byte(at: offset), byte & 0x80 != 0 { offset += 1 }
        offset += 1
        guard let first = packet.byte(at: 0) else { return packet.byteCount }
        switch first >> 4 {
        case 1:
            // Protocol name, level, flags and keep alive, and the client identifier of the payload.
            let level = packet.byte(at: offset + 6)
            let identifier =
                level == ProtocolVersion.v5_0.rawValue ? endOfProperties(in: packet, at: offset + 10) : offset + 10
            guard let count = packet.uint16(at: identifier) else { return packet.byteCount }
            return min(packet.byteCount, identifier + 2 + Int(count))
        case 3:
            guard let count = packet.uint16(at: offset) else { return packet.byteCount }
            let end = offset + 2 + Int(count) + (first & 0x06 == 0 ? 0 : 2)
            return min(packet.byteCount, version == .v5_0 ? endOfProperties(in: packet, at: end) : end)
        default: return packet.byteCount
        }
    }

    /// Where properties end that begin with their length at `offset` (MQTT 5.0 §2.2.2).
    private static func endOfProperties(in packet: RawSpan, at offset: Int) -> Int {
        var length = 0
        for index in 0..<4 {
            guard let byte = packet.byte(at: offset + index) else { return offset }
            length |= Int(byte & 0x7F) << (7 * index)
            if byte & 0x80 == 0 { return offset + index + 1 + length }
        }
        return offset
    }
}
