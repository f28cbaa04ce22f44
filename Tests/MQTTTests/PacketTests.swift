// Proves that every frame of the table decodes and encodes as written, and that no part of one is accepted.

import Bytes
import MQTT
import Testing

@Suite struct PacketTests {
    @Test(arguments: PacketVector.all)
    func decodes(vector: PacketVector) throws {
        #expect(try decode(vector.frame) == vector.packet)
    }

    @Test(arguments: PacketVector.all)
    func encodesBehindWhatIsThere(vector: PacketVector) {
        var bytes: [UInt8] = [0xEE]
        bytes.appendPacket(vector.packet, from: vector.frame.span.bytes)
        #expect(bytes == [0xEE] + vector.frame)
    }

    @Test(arguments: PacketVector.all)
    func everyTruncationThrows(vector: PacketVector) {
        for count in vector.frame.indices {
            #expect(decodeError(Array(vector.frame.prefix(count))) == .truncated, "\(count) octets")
        }
    }

    /// The length is honest here: the last field itself lacks its last octet.
    @Test(arguments: PacketVector.all.filter { $0.frame.count > 2 && $0.frame.count < 128 && !$0.endsInOpenList })
    func bodyShortOfOneOctetThrows(vector: PacketVector) {
        var frame = vector.frame
        frame.removeLast()
        frame[1] -= 1
        #expect(decodeError(frame) == .truncated)
    }

    @Test(arguments: PacketVector.all)
    func octetsBehindThePacketThrow(vector: PacketVector) {
        #expect(decodeError(vector.frame + [0]) == .trailingBytes)
    }

    /// The length is honest here: the body goes on after its last field.
    @Test(arguments: PacketVector.all.filter { $0.frame.count < 128 && !$0.isOpenEnded })
    func octetsBehindTheLastFieldThrow(vector: PacketVector) {
        var frame = vector.frame + [0]
        frame[1] += 1
        #expect(decodeError(frame) == .trailingBytes)
    }

    @Test func theTableHoldsEveryType() {
        #expect(Set(PacketVector.all.map(\.packet.type)) == Set(PacketType.allCases).subtracting([.authentication]))
    }

    @Test(arguments: PacketVector.all)
    func typeIsTheOneOnTheWire(vector: PacketVector) {
        #expect(vector.packet.type.rawValue == vector.frame[0] >> 4)
    }

    /// §2.2.3 limits the field to four octets; the shortest form is demanded by 5.0 only.
    @Test(arguments: [[0x80, 0x00], [0x80, 0x80, 0x00], [0x80, 0x80, 0x80, 0x00]] as [[UInt8]])
    func overlongRemainingLengthIsAccepted(length: [UInt8]) throws {
        #expect(try decode([0xC0] + length) == .pingRequest)
    }

    @Test func subscribeFiltersAreIterated() {
        let frame: [UInt8] = [0x82, 0x0C, 0, 11, 0, 3, 0x61, 0x2F, 0x23, 2, 0, 1, 0x2B, 0]
        let subscribe = Subscribe(packetID: 11, filters: 4..<14)
        var position = 0
        var found: [Range<Int>] = []
        var qualities: [DeliveryQoS] = []
        while let next = subscribe.nextFilter(in: frame.span.bytes, at: &position) {
            found.append(next.filter)
            qualities.append(next.qos)
        }
        #expect(found == [6..<9, 12..<13])
        #expect(qualities == [.exactlyOnce, .atMostOnce])
    }

    @Test func unsubscribeFiltersAreIterated() {
        let frame: [UInt8] = [0xA2, 0x0A, 0, 12, 0, 3, 0x61, 0x2F, 0x62, 0, 1, 0x23]
        let unsubscribe = Unsubscribe(packetID: 12, filters: 4..<12)
        var position = 0
        var found: [Range<Int>] = []
        while let next = unsubscribe.nextFilter(in: frame.span.bytes, at: &position) {
            found.append(next)
        }
        #expect(found == [6..<9, 11..<12])
    }

    @Test func qualitiesAreOrdered() {
        #expect(DeliveryQoS.atMostOnce < .atLeastOnce)
        #expect(DeliveryQoS.atLeastOnce < .exactlyOnce)
        #expect(!(DeliveryQoS.exactlyOnce < .exactlyOnce))
    }
}

extension PacketVector {
    /// Whether the packet ends in octets without a length of their own, so that one less is a packet too.
    fileprivate var endsInOpenList: Bool {
        switch packet {
        case .publish(let publish): !publish.payload.isEmpty || publish.packetID == 0
        case .subscribeAcknowledgement: true
        case .connect, .connectAcknowledgement, .publishAcknowledgement, .publishReceived, .publishRelease,
            .publishComplete, .subscribe, .unsubscribe, .unsubscribeAcknowledgement, .pingRequest, .pingResponse,
            .disconnect, .authentication:
            false
        }
    }

    /// Whether more octets in the body would belong to a list or to the payload.
    fileprivate var isOpenEnded: Bool {
        switch packet {
        case .publish, .subscribe, .subscribeAcknowledgement, .unsubscribe: true
        case .connect, .connectAcknowledgement, .publishAcknowledgement, .publishReceived, .publishRelease,
            .publishComplete, .unsubscribeAcknowledgement, .pingRequest, .pingResponse, .disconnect, .authentication:
            false
        }
    }
}
