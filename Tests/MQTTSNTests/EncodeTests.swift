// Proves that every message is sent in its one canonical form, with the sizes that MTU checks rely on.

import Bytes
import MQTTSN
import Testing

@Suite struct EncodeTests {
    /// The vector itself, or its canonical form, which decodes to the same fields.
    @Test("GW-02 GW-07 GW-82 Every message is sent in its one canonical form", arguments: ValidVector.all)
    func decodedMessageEncodesToItsCanonicalForm(vector: ValidVector) throws {
        let canonical = vector.canonicalBytes
        #expect(encoded(vector.expected, from: vector.bytes) == canonical)
        #expect(vector.expected.encodedByteCount == canonical.count)

        let message = try decoded(canonical).get()
        let shift = vector.expected.type == .encapsulated ? 0 : canonical.count - vector.bytes.count
        #expect(message == vector.expected.sent(movedBy: shift))
        #expect(message.flags == vector.flags)
        #expect(message.ranges.map { Array(canonical[$0]) } == vector.parts.map { octets($0) })
    }

    @Test(
        "GW-02 The Length form depends on the size; 256 and 257 never arise",
        arguments: [(0, 2), (252, 254), (253, 255), (254, 258), (255, 259), (1396, 1400), (65531, 65535)])
    func lengthFormDependsOnTheSize(bodyByteCount: Int, encodedByteCount: Int) throws {
        #expect(Message.encodedByteCount(bodyByteCount: bodyByteCount) == encodedByteCount)
        let data = [UInt8](repeating: 0x5A, count: bodyByteCount)
        let message = Message.willMessage(0..<bodyByteCount)
        let bytes = encoded(message, from: data)
        #expect(bytes.count == encodedByteCount)
        #expect(message.encodedByteCount == encodedByteCount)
        #expect((bytes[0] == 0x01) == (encodedByteCount > 255))
        let headerByteCount = encodedByteCount - bodyByteCount
        let result = decoded(bytes)
        #expect(result == .success(.willMessage(headerByteCount..<encodedByteCount)))
    }

    @Test(arguments: [0, 1, 248, 249, 250, 251, 1000])
    func directFormsAreTheSameAsTheMessage(byteCount: Int) {
        let source = [UInt8](repeating: 0x61, count: byteCount)
        let flags = Flags(rawValue: 0xFF)
        var direct: [UInt8] = []
        direct.appendPublish(flags: flags, topicID: 0x1234, messageID: 0x5678, data: source.span.bytes)
        let publish = Message.publish(
            Publish(flags: flags, topicID: 0x1234, messageID: 0x5678, data: 0..<byteCount))
        #expect(direct == encoded(publish, from: source))

        direct.removeAll(keepingCapacity: true)
        direct.appendRegister(topicID: 0x1234, messageID: 0x5678, topicName: source.span.bytes)
        let register = Message.register(Register(topicID: 0x1234, messageID: 0x5678, topicName: 0..<byteCount))
        #expect(direct == encoded(register, from: source))
    }

    @Test("GW-80 AMB-26 The header stops at the node id, and the inner message follows")
    func encapsulationHeaderTakesTheInnerMessageAfterIt() {
        let nodeID: [UInt8] = [0x12, 0x34]
        var arena: [UInt8] = []
        arena.appendEncapsulation(radius: 1, nodeID: nodeID.span.bytes)
        arena.appendMessage(.gatewayInfo(gatewayID: 1, address: 0..<0))
        #expect(arena == octets("05fe011234030201"))
    }

    @Test(
        "GW-82 Ctrl has two bits for Radius and the rest is 0",
        arguments: [(0, 0), (1, 1), (3, 3), (4, 3), (255, 3)] as [(UInt8, UInt8)])
    func radiusIsSentAsNearAsCtrlAllows(radius: UInt8, control: UInt8) {
        let nodeID: [UInt8] = [0x07]
        var arena: [UInt8] = []
        arena.appendEncapsulation(radius: radius, nodeID: nodeID.span.bytes)
        #expect(arena == [0x04, 0xFE, control, 0x07])
    }

    @Test func messagesAreAppendedToWhatIsThere() {
        var arena: [UInt8] = [0xAA]
        arena.appendMessage(.connectAcknowledgement(.congestion))
        arena.appendMessage(.disconnect(duration: nil))
        #expect(arena == octets("aa0305010218"))
    }

    /// An empty part needs no source, wherever its range lies.
    @Test func emptyPartsNeedNoSource() {
        var arena: [UInt8] = []
        arena.appendMessage(.pingRequest(clientID: 2..<2))
        arena.appendMessage(.publish(Publish(flags: Flags(), topicID: 1, messageID: 0, data: 7..<7)))
        arena.appendMessage(.willTopicUpdate(WillTopic(flags: Flags(qos: .exactlyOnce), topic: 9..<9)))
        #expect(arena == octets("0216070c0000010000021a"))
    }
}
