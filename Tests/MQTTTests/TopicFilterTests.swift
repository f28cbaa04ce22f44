// Proves the rules of MQTT 3.1.1 §4.7 with its own examples and the cases between them.

import Bytes
import MQTT
import Testing

@Suite struct TopicFilterTests {
    @Test(
        arguments: [
            // §4.7.1.2, non-normative examples
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/#", "sport", true),
            ("sport/tennis/player1/#", "sport/tennis/player2", false),
            ("sport/tennis/player1/#", "sport/tennis/player10", false),
            ("#", "a", true), ("#", "/", true), ("#", "a/b/c", true),
            ("/#", "/a", true), ("/#", "/", true), ("/#", "a", false),
            ("a/#", "a/", true), ("a/#", "ab", false), ("a/#", "b/a", false), ("a/b/#", "a", false),
            // §4.7.1.3
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player2", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false), ("sport/+", "sport/", true),
            ("+", "sport", true), ("+", "sport/tennis", false),
            ("+/+", "/finance", true), ("/+", "/finance", true), ("+", "/finance", false),
            ("+/tennis/#", "sport/tennis", true), ("+/tennis/#", "sport/tennis/a/b", true),
            ("+/tennis/#", "sport/golf", false),
            ("sport/+/player1", "sport/tennis/player1", true), ("sport/+/player1", "sport//player1", true),
            ("sport/+/player1", "sport/player1", false), ("+/+/+", "a/b", false), ("+/#", "a", true),
            // §4.7.2
            ("#", "$SYS/broker", false), ("+/monitor/Clients", "$SYS/monitor/Clients", false), ("+", "$SYS", false),
            ("$SYS/#", "$SYS/broker", true), ("$SYS/#", "$SYS", true),
            ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
            ("a/+", "a/$b", true), ("a/#", "a/$b", true), ("$SYS", "$SYS", true),
            // §4.7.3
            ("ACCOUNTS", "Accounts", false), ("Accounts payable", "Accounts payable", true),
            ("/finance", "finance", false), ("finance", "/finance", false), ("finance/", "finance", false),
            ("a", "a/", false), ("a/", "a/", true), ("/", "/", true), ("a//b", "a/b", false), ("a/b", "a/b/c", false),
            ("a/b/c", "a/b", false), ("ab", "a", false), ("a", "ab", false), ("é/+", "é/😀", true),
        ])
    func matching(filter: String, name: String, expected: Bool) {
        let filterBytes = Array(filter.utf8)
        let nameBytes = Array(name.utf8)
        let isMatch = TopicFilter.matches(filter: filterBytes.span.bytes, name: nameBytes.span.bytes)
        #expect(isMatch == expected)
    }

    @Test(
        arguments: [
            // §4.7.1.2
            ("sport/tennis/player1/#", true), ("sport/#", true), ("#", true), ("sport/tennis/#", true), ("/#", true),
            ("sport/tennis#", false), ("sport/tennis/#/ranking", false), ("#/a", false), ("##", false), ("#/", false),
            ("a/#b", false), ("#a", false), ("a#", false), ("#+", false), ("+#", false),
            // §4.7.1.3
            ("+", true), ("+/tennis/#", true), ("sport/+/player1", true), ("sport+", false), ("sport/+a/b", false),
            ("+/+", true), ("/+", true), ("+/", true), ("++", false), ("a/+/", true), ("+a", false), ("a/b+", false),
            // §4.7.3
            ("", false), ("/", true), ("a", true), ("//", true), (" ", true), ("a\u{0}", false), ("$SYS/#", true),
        ])
    func filterValidity(filter: String, expected: Bool) {
        let isValid = TopicFilter.isValidFilter(Array(filter.utf8).span.bytes)
        #expect(isValid == expected)
    }

    @Test(
        arguments: [
            ("a", true), ("/", true), ("a/b/", true), ("$SYS/x", true), ("é😀", true), ("a b", true), ("", false),
            ("+", false), ("#", false), ("a/+/b", false), ("a+", false), ("a#b", false), ("a\u{0}b", false),
        ])
    func nameValidity(name: String, expected: Bool) {
        let isValid = TopicFilter.isValidName(Array(name.utf8).span.bytes)
        #expect(isValid == expected)
    }

    /// §4.7.3: at most 65,535 octets; §1.5.3: well-formed UTF-8.
    @Test func lengthAndEncodingAreChecked() {
        for (bytes, expected) in [
            ([UInt8](repeating: 0x61, count: 65_535), true), ([UInt8](repeating: 0x61, count: 65_536), false),
            ([0x61, 0xFF], false), ([0xC3], false),
        ] {
            let isName = TopicFilter.isValidName(bytes.span.bytes)
            let isFilter = TopicFilter.isValidFilter(bytes.span.bytes)
            #expect(isName == expected, "\(bytes.count) octets")
            #expect(isFilter == expected, "\(bytes.count) octets")
        }
    }

    @Test(arguments: [("a/b", false), ("", false), ("+", true), ("a/#", true), ("a+b", true), ("$SYS", false)])
    func wildcardsAreFound(filter: String, expected: Bool) {
        let hasWildcards = TopicFilter.hasWildcards(Array(filter.utf8).span.bytes)
        #expect(hasWildcards == expected)
    }

    /// A slow but obvious matcher, level by level, is the second opinion on every short filter and name.
    @Test func matchingAgreesWithTheRulesReadLiterally() {
        let filters = Self.texts(of: ["a", "/", "+", "#", "$"], upTo: 5).filter {
            TopicFilter.isValidFilter(Array($0.utf8).span.bytes)
        }
        let names = Self.texts(of: ["a", "b", "/", "$"], upTo: 4)
        for filter in filters {
            let filterBytes = Array(filter.utf8)
            for name in names {
                let nameBytes = Array(name.utf8)
                let isMatch = TopicFilter.matches(filter: filterBytes.span.bytes, name: nameBytes.span.bytes)
                if isMatch != Self.literally(filter, matches: name) { Issue.record("\(filter) on \(name)") }
            }
        }
    }

    private static func texts(of characters: [String], upTo count: Int) -> [String] {
        var all: [String] = []
        var longest = [""]
        for _ in 0..<count {
            longest = longest.flatMap { text in characters.map { text + $0 } }
            all += longest
        }
        return all
    }

    private static func literally(_ filter: String, matches name: String) -> Bool {
        if name.hasPrefix("$"), filter.hasPrefix("+") || filter.hasPrefix("#") { return false }
        var filterLevels = filter.split(separator: "/", omittingEmptySubsequences: false)
        var nameLevels = name.split(separator: "/", omittingEmptySubsequences: false)
        if filterLevels.last == "#" {
            filterLevels.removeLast()
            guard nameLevels.count >= filterLevels.count else { return false }
            nameLevels = Array(nameLevels.prefix(filterLevels.count))
        }
        guard filterLevels.count == nameLevels.count else { return false }
        return zip(filterLevels, nameLevels).allSatisfy { $0 == "+" || $0 == $1 }
    }

    /// Against the meaning of the word: whatever name the narrow filter selects, the wide one does.
    @Test func aFilterCoversWhatSelectsNoMore() {
        let characters = ["a", "b", "/", "+", "#", "$"]
        let filters = Self.texts(of: characters, upTo: 3).filter { text in
            let bytes = Array(text.utf8)
            return TopicFilter.isValidFilter(bytes.span.bytes)
        }
        // One level more than any of the filters, and a level that none of them has.
        let names = Self.texts(of: ["a", "b", "/", "$", "c"], upTo: 4)
        let selected = filters.map { filter in names.map { Self.literally(filter, matches: $0) } }
        for (wide, wideNames) in zip(filters, selected) {
            for (narrow, narrowNames) in zip(filters, selected) {
                let (wideBytes, narrowBytes) = (Array(wide.utf8), Array(narrow.utf8))
                let covers = TopicFilter.covers(wideBytes.span.bytes, narrowBytes.span.bytes)
                let isSubset = zip(wideNames, narrowNames).allSatisfy { $0 || !$1 }
                if covers, !isSubset { Issue.record("\(wide) does not cover \(narrow)") }
                if !covers, isSubset, narrow != "#", !narrow.hasPrefix("$") { Issue.record("\(wide) covers \(narrow)") }
            }
        }
    }

    @Test(arguments: [
        ("a/#", "$share/g/a/b", true), ("a/#", "$share/g/a", true), ("a/#", "$share/g/b", false),
        ("#", "$share/g/#", true), ("#", "$share/g/$SYS/a", false), ("$SYS/#", "$share/g/$SYS/a", true),
        ("#", "$share/g", true), ("#", "$SYS/a", false), ("+/a", "$SYS/a", false), ("$SYS/+", "$SYS/a", true),
    ])
    func ofASharedSubscriptionTheFilterCounts(wide: String, narrow: String, covers: Bool) {
        let (wideBytes, narrowBytes) = (Array(wide.utf8), Array(narrow.utf8))
        #expect(TopicFilter.covers(wideBytes.span.bytes, narrowBytes.span.bytes) == covers)
    }
}
