// Proves that no frame of 5.0 traps, that every range lies inside the frame, and that what is accepted is understood; and
// that packets of random parts come back as they went.

import Bytes
import MQTT
import Testing

@Suite struct Mutation5Tests {
    /// 250,000 frames in all. What is accepted is sent again and means the same.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func noFrameTraps(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var encoded: [UInt8] = []
        var acceptedCount = 0
        for _ in 0..<50_000 {
            let frame = Self.frame(&random)
            guard let packet = try? decode5(frame) else { continue }
            acceptedCount += 1
            let ranges = packet.packet.ranges + [packet.added.properties, packet.added.willProperties]
            if !ranges.allSatisfy({ 0 <= $0.lowerBound && $0.upperBound <= frame.count }) {
                Issue.record("a range of \(packet) leaves \(frame)")
                continue
            }
            encoded.removeAll(keepingCapacity: true)
            encoded.appendPacket(packet, from: frame.span.bytes)
            if encoded != frame, !Self.isSpelledOut(frame, shortest: encoded) {
                Issue.record("\(frame) became \(encoded)")
            }
        }
        #expect(acceptedCount > 1000, "hardly any frame was accepted: this proves nothing")
        #expect(acceptedCount < 49_000, "hardly any frame was refused: this proves nothing")
    }

    /// Whether `frame` says a Reason Code or an empty list of properties that need not be said.
    private static func isSpelledOut(_ frame: [UInt8], shortest: [UInt8]) -> Bool {
        let rest = frame.dropFirst(2)
        return [4, 5, 6, 7, 14, 15].contains(frame[0] >> 4) && frame.count - shortest.count <= 2
            && rest.starts(with: shortest.dropFirst(2)) && rest.dropFirst(shortest.count - 2).allSatisfy { $0 == 0 }
    }

    private static func frame(_ random: inout SplitMix64) -> [UInt8] {
        var frame: [UInt8]
        if random.next() % 4 == 0 {
            frame = random.bytes(count: Int(random.next() % 40))
        } else {
            frame = Packet5Vector.all[Int(random.next() % UInt64(Packet5Vector.all.count))].frame
            for _ in 0...(random.next() % 3) {
                let index = Int(random.next() % UInt64(frame.count))
                switch random.next() % 3 {
                case 0: frame[index] = UInt8(truncatingIfNeeded: random.next())
                case 1: frame[index] ^= 1 << UInt8(random.next() % 8)
                default: if frame.count > 3 { frame.remove(at: index) }
                }
            }
        }
        if frame.count >= 2, frame.count < 130, random.next() % 8 != 0 { frame[1] = UInt8(frame.count - 2) }
        return frame
    }

    @Test func packetsOfRandomPartsComeBack() throws {
        var random = SplitMix64(seed: 5)
        for _ in 0..<5_000 {
            var source: [UInt8] = Array("topic/name".utf8)
            let topic = 0..<source.count
            let properties = Self.properties(.publish, &source, &random)
            let payload = source.count..<source.count + Int(random.next() % 300)
            source += random.bytes(count: payload.count)
            let qos = try #require(DeliveryQoS(rawValue: UInt8(random.next() % 3)))
            let packet = Packet5(
                .publish(
                    Publish(
                        duplicate: false, qos: qos, retain: random.next() % 2 == 0, topicName: topic,
                        packetID: qos == .atMostOnce ? 0 : PacketID(1 + random.next() % 65_535), payload: payload)),
                AddedFields(properties: properties))
            try Self.expectReturn(of: packet, source)
            let connectProperties = Self.properties(.connect, &source, &random)
            let willProperties = Self.properties(.will, &source, &random)
            let connect = Connect(
                cleanSession: random.next() % 2 == 0, keepAliveSeconds: UInt16(truncatingIfNeeded: random.next()),
                clientID: topic, will: Will(topic: topic, payload: payload, qos: qos, retain: false), password: payload)
            try Self.expectReturn(
                of: Packet5(
                    .connect(connect), AddedFields(properties: connectProperties, willProperties: willProperties)),
                source)
        }
    }

    private static func properties(
        _ owner: PropertyOwners, _ source: inout [UInt8], _ random: inout SplitMix64
    ) -> Range<Int> {
        let start = source.count
        for identifier in PropertyIdentifier.allCases
        where identifier.owners.contains(owner) && identifier != .authenticationData && random.next() % 3 == 0 {
            let text = Array(String(repeating: "x", count: 1 + Int(random.next() % 20)).utf8)
            switch identifier.type {
            case .flag: source.append(property: identifier, UInt32(random.next() % 2))
            case .twoByteInteger: source.append(property: identifier, UInt32(1 + random.next() % 65_535))
            case .fourByteInteger, .variableByteInteger:
                source.append(property: identifier, UInt32(1 + random.next() % 268_435_455))
            case .string, .binary: source.append(property: identifier, text.span.bytes)
            case .stringPair: source.append(userProperty: text.span.bytes, text.span.bytes)
            }
        }
        return start..<source.count
    }

    private static func expectReturn(of packet: Packet5, _ source: [UInt8]) throws {
        var frame: [UInt8] = []
        frame.appendPacket(packet, from: source.span.bytes)
        let again = try decode5(frame)
        var twice: [UInt8] = []
        twice.appendPacket(again, from: frame.span.bytes)
        if twice != frame { Issue.record("\(packet) became \(again)") }
        #expect(Array(frame[again.added.properties]) == Array(source[packet.added.properties]))
        #expect(Array(frame[again.added.willProperties]) == Array(source[packet.added.willProperties]))
        for (here, there) in zip(packet.packet.ranges, again.packet.ranges) {
            #expect(Array(source[here]) == Array(frame[there]))
        }
    }
}
