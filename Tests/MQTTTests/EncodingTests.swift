// Proves the encoding entry points that take borrowed fields, and the lengths they write.

import Bytes
import MQTT
import Testing

@Suite struct EncodingTests {
    private let topic: [UInt8] = [0x61, 0x2F, 0x62]

    private func publish(
        duplicate: Bool = false, qos: DeliveryQoS, retain: Bool = false, packetID: PacketID, payload: [UInt8]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendPublishPacket(
            duplicate: duplicate, qos: qos, retain: retain, topicName: topic.span.bytes, packetID: packetID,
            payload: payload.span.bytes)
        return bytes
    }

    @Test func publishIsWrittenFromBorrowedParts() {
        #expect(
            publish(duplicate: true, qos: .exactlyOnce, retain: true, packetID: 0x0102, payload: [9])
                == [0x3D, 8, 0, 3, 0x61, 0x2F, 0x62, 1, 2, 9])
        #expect(publish(qos: .atLeastOnce, packetID: 7, payload: []) == [0x32, 7, 0, 3, 0x61, 0x2F, 0x62, 0, 7])
    }

    /// §3.3.1.1 and §3.3.2.2: at QoS 0 there is neither DUP nor a Packet Identifier.
    @Test func duplicateAndIdentifierAreLeftOutAtQoS0() {
        #expect(
            publish(duplicate: true, qos: .atMostOnce, packetID: 7, payload: [9])
                == [0x30, 6, 0, 3, 0x61, 0x2F, 0x62, 9])
    }

    @Test(arguments: [DeliveryQoS.atMostOnce, .atLeastOnce, .exactlyOnce])
    func publishHeaderIsAllButThePayload(qos: DeliveryQoS) {
        let payload = [UInt8](repeating: 0x5A, count: 200)
        var header: [UInt8] = []
        header.appendPublishHeader(
            duplicate: false, qos: qos, retain: true, topicName: topic.span.bytes, packetID: 3,
            payloadByteCount: payload.count)
        #expect(header + payload == publish(qos: qos, retain: true, packetID: 3, payload: payload))
        var inPieces: [UInt8] = []
        inPieces.appendPublishHeader(
            duplicate: false, qos: qos, retain: true, topicPrefix: topic.span.bytes.extracting(first: 2),
            topicName: topic.span.bytes.extracting(droppingFirst: 2), packetID: 3, payloadByteCount: payload.count)
        #expect(inPieces == header)
    }

    /// The limits of Table 2.4 in §2.2.3, from both sides.
    @Test(
        arguments: [
            (5, 0x05), (127, 0x7F), (128, 0x8001), (16_383, 0xFF7F), (16_384, 0x80_8001),
            (2_097_151, 0xFFFF7F), (2_097_152, 0x8080_8001), (268_435_455, 0xFFFF_FF7F),
        ] as [(Int, UInt32)])
    func remainingLengthsAreThoseOfTable24(value: Int, encoded: UInt32) {
        var header: [UInt8] = []
        header.appendPublishHeader(
            duplicate: false, qos: .atMostOnce, retain: false, topicName: topic.span.bytes, packetID: 0,
            payloadByteCount: value - 5)
        let length = header.dropFirst().dropLast(5)
        #expect(length.reduce(0) { $0 << 8 | UInt32($1) } == encoded)
        #expect(
            Packet.publishByteCount(topicNameByteCount: 3, payloadByteCount: value - 5, qos: .atMostOnce)
                == 1 + length.count + value)
    }

    @Test(arguments: [0, 1, 118, 119, 120, 121, 122, 123, 16_375, 16_376, 16_377, 16_378, 16_379, 70_000])
    func publishByteCountIsTheSizeWritten(payloadByteCount: Int) {
        for qos in [DeliveryQoS.atMostOnce, .atLeastOnce, .exactlyOnce] {
            let written = publish(qos: qos, packetID: 1, payload: [UInt8](repeating: 0, count: payloadByteCount))
            let predicted = Packet.publishByteCount(
                topicNameByteCount: topic.count, payloadByteCount: payloadByteCount, qos: qos)
            #expect(written.count == predicted)
        }
    }

    @Test func subscribeAndUnsubscribeAreWrittenFromABorrowedFilter() {
        var bytes: [UInt8] = []
        bytes.appendSubscribePacket(packetID: 0x0A0B, filter: topic.span.bytes, qos: .atLeastOnce)
        bytes.appendUnsubscribePacket(packetID: 0x0C0D, filter: topic.span.bytes)
        #expect(
            bytes == [
                0x82, 8, 0x0A, 0x0B, 0, 3, 0x61, 0x2F, 0x62, 1,
                0xA2, 7, 0x0C, 0x0D, 0, 3, 0x61, 0x2F, 0x62,
            ])
    }

    @Test func subscribeAcknowledgementIsWrittenFromBorrowedCodes() {
        let codes: [UInt8] = [2, SubscribeAcknowledgement.failureReturnCode]
        var bytes: [UInt8] = []
        bytes.appendSubscribeAcknowledgementPacket(packetID: 5, returnCodes: codes.span.bytes)
        #expect(bytes == [0x90, 4, 0, 5, 2, 0x80])
    }

    @Test func packetsWithoutVariablePartsNeedNoSource() {
        var bytes: [UInt8] = []
        bytes.appendPacket(.connectAcknowledgement(ConnectAcknowledgement(sessionPresent: true, returnCode: .accepted)))
        bytes.appendPacket(.publishRelease(0x0102))
        bytes.appendPacket(.pingResponse)
        #expect(bytes == [0x20, 2, 1, 0, 0x62, 2, 1, 2, 0xD0, 0])
    }

    /// A CONNECT's ranges may name parts of any buffer, in any order.
    @Test func connectIsWrittenFromScatteredParts() throws {
        let source: [UInt8] = Array("secretuserclient".utf8)
        let connect = Connect(
            cleanSession: true, keepAliveSeconds: 30, clientID: 10..<16, username: 6..<10, password: 0..<6)
        let frame = encode(.connect(connect), from: source)
        let expected = Connect(
            cleanSession: true, keepAliveSeconds: 30, clientID: 14..<20, username: 22..<26, password: 28..<34)
        #expect(try decode(frame) == .connect(expected))
        #expect(Array(frame[14..<20]) == Array("client".utf8))
        #expect(Array(frame[28..<34]) == Array("secret".utf8))
    }
}
