import Describe
import MQTTSN
import Testing

/// Every vector in words: what is told of a datagram covers all of it, and what is wrong is said.
@Suite struct VectorWordsTests {
    @Test(
        "The fields of every valid datagram lie one behind the other and leave nothing out",
        arguments: ValidVector.all)
    func fields(vector: ValidVector) {
        let bytes = vector.bytes
        let description = DatagramWords.description(of: bytes.span.bytes)
        // An encapsulation decodes although the message in it does not.
        if case .encapsulated = vector.expected, description.fault != nil { return }
        #expect(description.fault == nil)
        var offset = 0
        for field in description.sections.flatMap(\.fields) {
            #expect(field.range.lowerBound == offset, "\(field.name)")
            #expect(!field.value.isEmpty)
            offset = field.range.upperBound
        }
        #expect(offset == bytes.count)
        #expect(description.sections.first?.title == vector.expected.type.specificationName)
        #expect(description.line.hasPrefix(vector.expected.type.specificationName))
        #expect(description.lines(bytes).count >= 3)
    }

    @Test("Of every datagram that decoding refuses, it is said what is wrong and where", arguments: InvalidVector.all)
    func faults(vector: InvalidVector) throws {
        let bytes = vector.bytes
        let description = DatagramWords.description(of: bytes.span.bytes)
        guard case .refused(let error) = vector.outcome else {
            #expect(description.sections.count >= 1)
            return
        }
        let fault = try #require(description.fault)
        #expect(0...bytes.count ~= fault.offset)
        #expect(!fault.reason.contains("\(error.reason)"), "no name of a Swift case")
        #expect(fault.reason.contains(" "))
        #expect(description.lines(bytes).contains { $0.contains("^^") } || bytes.isEmpty || fault.offset >= 64)
        #expect(description.line.contains(fault.reason))
    }

    @Test("What a gateway refuses though it decodes is remarked upon", arguments: InvalidVector.all)
    func remarks(vector: InvalidVector) {
        guard case .decodes = vector.outcome, !Self.decidedElsewhere.contains(vector.id) else { return }
        let description = DatagramWords.description(of: vector.bytes.span.bytes)
        #expect(description.remarks.isEmpty == false || description.fault != nil)
    }

    /// Wrong by who sends them, when, or by what is configured: the octets alone do not tell.
    private static let decidedElsewhere: Set<String> = [
        "I036", "I041", "I046", "I052", "I071", "I078",
    ]
}
