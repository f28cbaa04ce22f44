import MQTTSN
import Testing

@testable import GatewayCore

/// The table of one session's normal topic ids, up to its end.
@Suite struct TopicRegistryTests {
    @Test("GW-33 AMB-27 Ids run from 1 to 0xFFFE, each once; then there are none")
    func allIDs() {
        var names = TopicNameTable()
        var registry = TopicRegistry()
        for number in 1...0xFFFE {
            let bytes = Array("\(number)".utf8)
            let name = names.use(bytes.span.bytes)
            let id = registry.assign(name, limit: .max, in: &names)
            guard id == TopicID(number) else {
                Issue.record("name \(number) got \(String(describing: id))")
                return
            }
        }
        let one = Array("one more".utf8)
        let name = names.use(one.span.bytes)
        #expect(registry.assign(name, limit: .max, in: &names) == nil)
        let first = Array("1".utf8)
        let known = names.find(first.span.bytes)
        #expect(known.flatMap { registry.id(for: $0) } == 1)
    }
}
