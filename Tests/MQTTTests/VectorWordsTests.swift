import Describe
import MQTT
import Testing

/// Every packet vector in words.
@Suite struct VectorWordsTests {
    @Test("The fields of every packet lie one behind the other and leave nothing out", arguments: PacketVector.all)
    func fields(vector: PacketVector) throws {
        let found = PacketWords.descriptions(of: vector.frame.span.bytes)
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

    @Test("A stream is told packet by packet, and what is missing at its end")
    func stream() {
        let stream = PacketVector.stream
        let found = PacketWords.descriptions(of: stream.span.bytes)
        #expect(found.count == PacketVector.all.count)
        let cut = Array(PacketVector.stream.dropLast())
        let words = PacketWords.line(of: cut.span.bytes)
        #expect(words.contains("incomplete ") && words.contains("the stream ends after"))
    }
}
