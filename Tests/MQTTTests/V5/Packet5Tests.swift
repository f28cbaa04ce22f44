// Proves that every frame of the table of 5.0 decodes and encodes as written, and that what breaks a rule is refused with
// the reason and the place.

import Bytes
import MQTT
import Testing

func decode5(_ frame: [UInt8]) throws(PacketError) -> Packet5 {
    try Packet5.decode(frame.span.bytes)
}

/// What reading `frame` as a packet of 5.0 finds, and where.
func fault5(in frame: [UInt8]) -> (error: PacketError, offset: Int)? {
    Packet.fault(in: frame.span.bytes, .v5_0)
}

@Suite struct Packet5Tests {
    @Test(arguments: Packet5Vector.all)
    func decodes(vector: Packet5Vector) throws {
        #expect(try decode5(vector.frame) == vector.packet)
    }

    @Test(arguments: Packet5Vector.all)
    func encodesBehindWhatIsThere(vector: Packet5Vector) {
        var bytes: [UInt8] = [0xEE]
        bytes.appendPacket(vector.packet, from: vector.frame.span.bytes)
        #expect(bytes == [0xEE] + vector.frame)
    }

    @Test(arguments: Packet5Vector.all)
    func everyTruncationThrows(vector: Packet5Vector) {
        for count in vector.frame.indices {
            #expect(fault5(in: Array(vector.frame.prefix(count)))?.error == .truncated)
        }
    }

    @Test func theTableHoldsEveryTypeAndProperty() {
        #expect(Set(Packet5Vector.all.map(\.packet.packet.type)) == Set(PacketType.allCases))
        var found: Set<PropertyIdentifier> = []
        for vector in Packet5Vector.all {
            for range in [vector.packet.added.properties, vector.packet.added.willProperties] {
                var position = 0
                while let property = Packet5.nextProperty(of: range, in: vector.frame.span.bytes, at: &position) {
                    found.insert(property.identifier)
                }
                #expect(position == (range.isEmpty ? 0 : range.upperBound))
            }
        }
        #expect(found == Set(PropertyIdentifier.allCases))
    }

    @Test(arguments: Invalid5Vector.all)
    func isRefusedWithItsOwnErrorAndPlace(vector: Invalid5Vector) throws {
        let fault = try #require(fault5(in: vector.frame))
        #expect(fault.error == vector.error)
        #expect(fault.offset == vector.offset)
        #expect(throws: vector.error) { try decode5(vector.frame) }
    }

    @Test func optionsOfASubscriptionAreRead() throws {
        let vector = try #require(Packet5Vector.all.first { $0.packet.packet.type == .subscribe })
        guard case .subscribe(let subscribe) = vector.packet.packet else { return }
        var position = 0
        var found: [SubscriptionOptions] = []
        while let next = subscribe.nextSubscription(in: vector.frame.span.bytes, at: &position) {
            found.append(next.options)
        }
        #expect(
            found == [
                SubscriptionOptions(
                    qos: .exactlyOnce, noLocal: true, retainAsPublished: true, retainHandling: .doNotSend),
                SubscriptionOptions(qos: .atLeastOnce, retainAsPublished: true, retainHandling: .sendIfNew),
            ])
    }

    @Test func propertiesAreFoundByTheirIdentifiers() throws {
        let vector = try #require(Packet5Vector.all.first { $0.name.hasPrefix("CONNACK, every property") })
        let properties = vector.packet.added.properties
        func number(_ identifier: PropertyIdentifier) -> UInt32? {
            Packet5.number(identifier, in: properties, of: vector.frame.span.bytes)
        }
        func octets(_ identifier: PropertyIdentifier) -> [UInt8]? {
            Packet5.octets(identifier, in: properties, of: vector.frame.span.bytes).map { Array(vector.frame[$0]) }
        }
        #expect(number(.sessionExpiryInterval) == 9)
        #expect(number(.maximumPacketSize) == 256)
        #expect(number(.serverKeepAlive) == 30)
        #expect(number(.topicAlias) == nil)
        #expect(octets(.serverReference) == [0x73])
        #expect(octets(.contentType) == nil)
    }

    /// What a caller writes property by property is what stands in the table.
    @Test func propertiesAreWritten() {
        let (name, value, data): ([UInt8], [UInt8], [UInt8]) = ([0x6B], [0x76], [1, 2])
        let topic: [UInt8] = [0x72]
        var written: [UInt8] = []
        written.append(property: .payloadFormatIndicator, 1)
        written.append(property: .messageExpiryInterval, 256)
        written.append(property: .topicAlias, 7)
        written.append(property: .responseTopic, topic.span.bytes)
        written.append(property: .correlationData, data.span.bytes)
        written.append(userProperty: name.span.bytes, value.span.bytes)
        written.append(property: .subscriptionIdentifier, 128)
        #expect(
            written == [
                0x01, 1, 0x02, 0, 0, 1, 0, 0x23, 0, 7, 0x08, 0, 1, 0x72, 0x09, 0, 2, 1, 2, 0x26, 0, 1, 0x6B, 0, 1, 0x76,
                0x0B, 0x80, 0x01,
            ])
    }

    @Test func requestsAreWrittenFromABorrowedFilter() {
        var bytes: [UInt8] = []
        let filter: [UInt8] = [0x61]
        let options = SubscriptionOptions(qos: .atLeastOnce, retainHandling: .doNotSend)
        bytes.appendSubscribePacket(packetID: 7, filter: filter.span.bytes, options, version: .v5_0)
        bytes.appendUnsubscribePacket(packetID: 8, filter: filter.span.bytes, version: .v5_0)
        #expect(bytes == [0x82, 7, 0, 7, 0, 0, 1, 0x61, 0x21, 0xA2, 6, 0, 8, 0, 0, 1, 0x61])
    }

    /// §3.4.2.1: what is of no consequence may be left out, and is understood where it is not.
    @Test(arguments: [[0x40, 3, 0, 1, 0], [0x40, 4, 0, 1, 0, 0]] as [[UInt8]])
    func successMayBeSpelledOut(frame: [UInt8]) throws {
        let packet = try decode5(frame)
        #expect(packet.packet == .publishAcknowledgement(1) && packet.added.reasonCode == .success)
        var bytes: [UInt8] = []
        bytes.appendPacket(packet, from: frame.span.bytes)
        #expect(bytes == [0x40, 2, 0, 1])
    }

    @Test func theLevelOfAConnectIsToldBeforeItIsRead() throws {
        let five = try #require(Packet5Vector.all.first)
        let four = try #require(PacketVector.all.first)
        func level(_ frame: [UInt8]) -> UInt8? { Connect.protocolLevel(of: frame.span.bytes) }
        #expect(level(five.frame) == 5)
        #expect(level(four.frame) == 4)
        #expect(level([0xC0, 0]) == nil)
        #expect(level([0x10, 0x7F, 0, 9, 1]) == nil)
    }
}
