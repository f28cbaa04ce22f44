import Bytes
import Testing

@testable import GatewayCore

/// Which topics a connection's aliases stand for.
@Suite struct TopicAliasTableTests {
    /// Names topics behind each other; the table holds what it promises after each.
    private func choices(
        _ names: [String], prefix: String = "", _ table: inout TopicAliasTable
    ) -> [TopicAliasTable.Choice] {
        names.map {
            let (prefix, name) = (Array(prefix.utf8), Array($0.utf8))
            let choice = table.choose(for: prefix.span.bytes, name.span.bytes, hasRoom: true)
            #expect(table.checkInvariants() == nil)
            return choice
        }
    }

    @Test("§3.3.2.3.4 The first message of a topic has name and alias, later ones the alias alone")
    func firstAndLater() {
        var table = TopicAliasTable(maximum: 2)
        #expect(choices(["a/one", "a/two", "a/one", "a/two"], &table) == [.both(1), .both(2), .alias(1), .alias(2)])
    }

    @Test("§3.2.2.3.8 There are no more than the broker takes, and none where it takes none")
    func maximum() {
        for maximum in [UInt8(0), 1, 5, 255] {
            var table = TopicAliasTable(maximum: maximum)
            let names = (0..<600).map { "topic/\($0)" }
            let given = choices(names, &table).map(\.alias)
            #expect(given.allSatisfy { $0 <= UInt16(maximum) })
            #expect(Set(given).subtracting([0]).count == Int(maximum))
        }
    }

    @Test("A name is told in full that an alias would not make shorter, or of more than 255 octets")
    func nameLengths() {
        var table = TopicAliasTable(maximum: 9)
        let names = ["", "a", "abc", "abcd", String(repeating: "x", count: 255), String(repeating: "x", count: 256)]
        #expect(choices(names, &table) == [.name, .name, .name, .both(1), .both(2), .name])
        // What stands before it counts.
        #expect(choices(["", "a", "abc"], prefix: "p/", &table) == [.name, .name, .both(3)])
        let long = String(repeating: "y", count: 254)
        #expect(choices([long], prefix: "p/", &table) == [.name])
    }

    @Test("Names are told apart, wherever the prefix ends and whatever another begins with")
    func apart() {
        var table = TopicAliasTable(maximum: 9)
        #expect(choices(["abcd", "abcde", "bcde", "abce"], &table) == [.both(1), .both(2), .both(3), .both(4)])
        #expect(choices(["cd", "cde", "ce"], prefix: "ab", &table) == [.alias(1), .alias(2), .alias(4)])
        #expect(choices(["", "a"], prefix: "abcd", &table) == [.alias(1), .both(5)])
    }

    @Test("The oldest gives way to every fourth message of a topic without an alias")
    func replacement() {
        var table = TopicAliasTable(maximum: 2)
        let names = ["old/1", "old/2", "new/1", "new/1", "old/1", "new/1", "new/1", "new/1", "old/2", "old/1"]
        #expect(
            choices(names, &table) == [
                .both(1), .both(2), .name, .name, .alias(1), .name, .both(1), .alias(1), .alias(2), .name,
            ])
    }

    @Test("A client that speaks of more topics in turn than there are aliases has the use of nearly all of them")
    func moreTopicsInTurn() {
        var table = TopicAliasTable(maximum: 16)
        let round = (0..<20).map { "farm/soil/\($0)" }
        _ = choices(round, &table)
        for _ in 0..<50 {
            let known = choices(round, &table).filter { !$0.isNameWritten }
            #expect(known.count >= 14)
        }
    }

    @Test("What has no room for an alias besides its name gets none, and uses the one that is there")
    func room() {
        var table = TopicAliasTable(maximum: 2)
        let (name, nothing) = (Array("a/one".utf8), [UInt8]())
        #expect(table.choose(for: nothing.span.bytes, name.span.bytes, hasRoom: false) == .name)
        #expect(table.choose(for: nothing.span.bytes, name.span.bytes, hasRoom: true) == .both(1))
        #expect(table.choose(for: nothing.span.bytes, name.span.bytes, hasRoom: false) == .alias(1))
    }

    @Test("Names that are forgotten are told again, and as many as before")
    func forgetting() {
        var table = TopicAliasTable(maximum: 1)
        #expect(choices(["a/one", "a/one"], &table) == [.both(1), .alias(1)])
        table.forgetNames()
        #expect(choices(["a/two", "a/one"], &table) == [.both(1), .name])
    }

    @Test("A connection without aliases takes no more than the place for its table")
    func size() {
        #expect(MemoryLayout<TopicAliasTable>.stride == 16)
    }
}
