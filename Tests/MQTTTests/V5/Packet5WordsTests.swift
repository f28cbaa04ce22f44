import Describe
import MQTT
import Testing

/// Packets of 5.0 in words.
@Suite struct Packet5WordsTests {
    @Test("The fields of every packet lie one behind the other and leave nothing out", arguments: Packet5Vector.all)
    func fields(vector: Packet5Vector) throws {
        let found = PacketWords.descriptions(of: vector.frame.span.bytes, .v5_0)
        #expect(found.count == 1)
        let description = try #require(found.first).description
        #expect(description.fault == nil)
        var offset = 0
        for field in description.sections.flatMap(\.fields) {
            #expect(field.range.lowerBound == offset, "\(field.name)")
            offset = field.range.upperBound
        }
        #expect(offset == vector.frame.count)
    }

    @Test func aStreamThatBeginsWithItsConnectNeedsNoVersion() {
        let stream = Packet5Vector.all.flatMap(\.frame)
        let found = PacketWords.descriptions(of: stream.span.bytes)
        #expect(found.count == Packet5Vector.all.count)
        let lines = found.map(\.description.line)
        #expect(lines.contains("PUBACK packet id 1, not authorized (0x87), Reason String \"n\""))
        #expect(lines.contains { $0.hasPrefix("DISCONNECT server moved (0x9D), Session Expiry Interval 0 s") })
        #expect(lines.contains { $0.hasPrefix("CONNACK refused: not authorized (0x87)") })
        #expect(lines.contains { $0.contains("at QoS 2, No Local, Retain As Published, nothing retained") })
    }

    @Test func whatIsWrongIsPointedAt() throws {
        let vector = try #require(Invalid5Vector.all.first { $0.error == .repeatedProperty })
        let found = PacketWords.descriptions(of: vector.frame.span.bytes, .v5_0)
        #expect(found.first?.description.fault?.offset == vector.offset)
    }
}
