import Testing

@testable import GatewayCore

/// The table of topic names: each kept once, for as long as somebody uses it.
@Suite struct TopicNameTableTests {
    private func use(_ name: [UInt8], in table: inout TopicNameTable) -> TopicNameIndex { table.use(name.span.bytes) }

    private func isKept(_ name: [UInt8], in table: borrowing TopicNameTable) -> Bool {
        table.find(name.span.bytes) != nil
    }

    @Test("A name is kept once and leaves with its last user")
    func counting() {
        var table = TopicNameTable()
        let first = use([1, 2, 3], in: &table)
        #expect(use([1, 2, 3], in: &table) == first)
        table.use(first)
        #expect(table.count == 1)
        #expect(table.name(first) == [1, 2, 3])
        for _ in 0..<2 { table.release(first) }
        #expect(isKept([1, 2, 3], in: table))
        table.release(first)
        #expect(!isKept([1, 2, 3], in: table))
        #expect(table.count == 0)
    }

    @Test("The empty name and names that begin alike are different names")
    func similarNames() {
        var table = TopicNameTable()
        let names: [[UInt8]] = [[], [0], [0, 0], [1], [0, 1]]
        let indices = names.map { use($0, in: &table) }
        #expect(Set(indices).count == names.count)
        #expect(indices.map(table.name) == names)
    }

    /// The hashes differ from run to run, so many names are tried to let their searches run into each other.
    @Test("The table does what a dictionary of counts does", arguments: 0..<10)
    func model(seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        var table = TopicNameTable()
        var model: [[UInt8]: (index: TopicNameIndex, count: Int)] = [:]
        for _ in 0..<5_000 {
            let name = withUnsafeBytes(of: UInt16.random(in: 0..<500, using: &random)) { Array($0) }
            if Bool.random(using: &random) || Bool.random(using: &random) && model.count < 100 {
                let index = use(name, in: &table)
                #expect(model[name] == nil || model[name]?.index == index)
                model[name] = (index, (model[name]?.count ?? 0) + 1)
            } else if let entry = model[name] {
                table.release(entry.index)
                model[name] = entry.count == 1 ? nil : (entry.index, entry.count - 1)
            }
            #expect(table.count == model.count)
            #expect(isKept(name, in: table) == (model[name] != nil))
        }
        #expect(table.checkInvariants() == nil)
        for (name, entry) in model { #expect(table.name(entry.index) == name) }
        for (name, entry) in model {
            for _ in 0..<entry.count { table.release(entry.index) }
            #expect(!isKept(name, in: table))
        }
        #expect(table.count == 0)
    }
}
