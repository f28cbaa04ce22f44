import Testing

@testable import Configuration

/// Proves which TOML is read, and as what; the errors are named in `BrokenFileTests`.
@Suite struct TOMLTests {
    @Test(arguments: [
        ("", "{}"),
        ("# only a comment", "{}"),
        ("a = 1\r\nb = 2\r\n", "{a: 1, b: 2}"),
        ("\t a\t=\t1 # comment", "{a: 1}"),
        (
            "bare-key_1 = 1\n1 = 2\n\"quoted key\" = 3\n'lit\\eral' = 4\n\"\" = 5",
            "{bare-key_1: 1, 1: 2, quoted key: 3, lit\\eral: 4, : 5}"
        ),
        ("a.b.c = 1\na . \"b\" . 'd' = 2\na.e = 3", "{a: {b: {c: 1, d: 2}, e: 3}}"),
        ("[a.b]\nc = 1\n[a]\nd = 2\n[a.b.e]", "{a: {b: {c: 1, e: {}}, d: 2}}"),
        ("[ a . b ]\n[a.b.'c']", "{a: {b: {c: {}}}}"),
        ("[a]\nb.c = 1\n[a.b.d]\ne = 2", "{a: {b: {c: 1, d: {e: 2}}}}"),
        ("[a.b.c]\n[a]\nb.d = 1", "{a: {b: {c: {}, d: 1}}}"),
        (
            "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\n[[a.e]]",
            "{a: [[{b: 1}, {b: 2, c: {d: 3}, e: [[{}, {}]]}]]}"
        ),
        ("s = 'a\\n\"b'\nt = \"\"\nu = ''", "{s: 'a\\n\"b', t: '', u: ''}"),
        (#"s = "\b\t\n\f\r\"\\\u00e9\U0001F600/""#, "{s: '\u{8}\t\n\u{C}\r\"\\é😀/'}"),
        ("i = [0, +1, -1, 1_000, 0xFf_0, 0o17, 0b101, -0]", "{i: [0, 1, -1, 1000, 4080, 15, 5, 0]}"),
        (
            "i = [9223372036854775807, -9223372036854775808, 0x7fffffffffffffff]",
            "{i: [9223372036854775807, -9223372036854775808, 9223372036854775807]}"
        ),
        ("f = [1.0, -0.5, +1_0.2_5, 1e3, 2E-2, 1.5e+01]", "{f: [1.0, -0.5, 10.25, 1000.0, 0.02, 15.0]}"),
        ("b = [true, false]", "{b: [true, false]}"),
        ("a = [ # one\n 1, 'x' # two\n ,\n [2], {}, ]\nb = []", "{a: [1, 'x', [2], {}], b: []}"),
        ("t = { a = 1, b.c = 2, b.d = { e = [] } }", "{t: {a: 1, b: {c: 2, d: {e: []}}}}"),
        ("t = { a = [\n1,\n2 ] }", "{t: {a: [1, 2]}}"),
    ])
    func valid(text: String, tree: String) throws {
        #expect(dump(try TOMLParser.parse(SourceText(Array(text.utf8)))) == tree)
    }

    @Test func nestingUpToTheLimitIsRead() throws {
        let limit = TOMLParser.maximumNesting
        let arrays = "a = " + String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        let keys = Array(repeating: "a", count: limit).joined(separator: ".")
        for text in [arrays, "[\(keys)]", "\(keys) = 1"] {
            #expect(throws: Never.self) { try TOMLParser.parse(SourceText(Array(text.utf8))) }
        }
    }

    private func dump(_ table: TOMLTable) -> String {
        "{" + table.entries.map { "\($0.key): \(dump($0.value.value))" }.joined(separator: ", ") + "}"
    }

    private func dump(_ value: TOMLValue) -> String {
        switch value {
        case .string(let text): "'\(text)'"
        case .integer(let number): "\(number)"
        case .float(let number): "\(number)"
        case .boolean(let truth): "\(truth)"
        case .array(let elements): "[" + elements.map { dump($0.value) }.joined(separator: ", ") + "]"
        case .table(let table): dump(table)
        case .tables(let list): "[[" + list.tables.map { dump($0) }.joined(separator: ", ") + "]]"
        }
    }
}
