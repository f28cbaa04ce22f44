// The packets that a script invents, made octet by octet so that they may be wrong.

import Bytes
import MQTT

extension OperationScript {
    static let topicNames = ["a/b", "a/c", "ab", "x", "y/c", "pre/1", "c1/1", "w", "a/long/name/x"]

    /// A PUBLISH with `flags` in its first octet.
    static func publishPacket(_ flags: UInt8, topicName: String, id: PacketID, payload: [UInt8]) -> [UInt8] {
        publishPacket(flags, topicName: Array(topicName.utf8), id: id, payload: payload)
    }

    private static func publishPacket(
        _ flags: UInt8, topicName: [UInt8], id: PacketID, payload: [UInt8]
    ) -> [UInt8] {
        var body: [UInt8] = []
        body.append(bigEndian: UInt16(topicName.count))
        body += topicName
        if flags & 0b0110 != 0 { body.append(bigEndian: id) }
        return packet(PacketType.publish.rawValue << 4 | flags & 0x0F, body + payload)
    }

    private static func packet(_ firstOctet: UInt8, _ body: [UInt8]) -> [UInt8] {
        var packet = [firstOctet]
        var rest = body.count
        while rest >= 0x80 {
            packet.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        packet.append(UInt8(rest))
        return packet + body
    }

    /// A packet of the type in the upper bits of the next octet; the lower ones are PUBLISH's flags, and change the
    /// prescribed flags of others where they are all set.
    mutating func packet() -> [UInt8] {
        let octet = input.next()
        guard let type = PacketType(rawValue: octet >> 4) else { return Self.packet(octet, input.raw(4)) }
        let flags: UInt8 = [.publishRelease, .subscribe, .unsubscribe].contains(type) ? 0b0010 : 0
        let firstOctet = type.rawValue << 4 | (octet & 0x0F == 0x0F ? ~flags & 0x0F : flags)
        switch type {
        case .publish:
            let topicName = input.word(of: Self.topicNames)
            return Self.publishPacket(octet, topicName: topicName, id: input.number(), payload: input.payload())
        case .connectAcknowledgement: return Self.packet(firstOctet, [input.next() & 0b1000_0001, input.next() & 0x0F])
        case .publishAcknowledgement, .publishReceived, .publishRelease, .publishComplete, .unsubscribeAcknowledgement:
            return Self.packet(firstOctet, identifier())
        case .subscribeAcknowledgement:
            return Self.packet(firstOctet, identifier() + input.raw(1 + Int(octet & 0b11)))
        case .pingRequest, .pingResponse, .disconnect, .authentication: return Self.packet(firstOctet, [])
        case .connect, .subscribe, .unsubscribe: return Self.packet(firstOctet, input.raw(Int(input.next() & 0x1F)))
        }
    }

    private mutating func identifier() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: input.number())
        return bytes
    }
}
