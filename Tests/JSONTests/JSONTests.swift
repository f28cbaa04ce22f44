import JSON
import Testing

/// JSON read and written (RFC 8259).
@Suite struct JSONTests {
    private func read(_ text: String) throws -> JSONValue { try JSONValue(reading: Array(text.utf8)) }

    @Test("Every kind of value is read")
    func values() throws {
        let value = try read(" {\"a\": [1, -2.5e1, true, false, null, \"x\"], \"b\": {}, \"c\": []} ")
        #expect(value["a"]?.elements == [.number(1), .number(-25), .bool(true), .bool(false), .null, .string("x")])
        #expect(value["b"] == .object([]) && value["c"] == .array([]) && value["d"] == nil)
        #expect(value["a"]?.elements.first?.integer == 1)
        #expect(try read("1e300").integer == nil)
    }

    @Test(
        "Strings are read with their escapes",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{08}\u{0C}\n\r\t"), (#""\u00e9\ud83d\ude00""#, "é😀"),
            (#""\ud83dx""#, "\u{FFFD}x"), (#""\ude00""#, "\u{FFFD}"), ("\"é\"", "é"),
        ])
    func strings(text: String, expected: String) throws {
        #expect(try read(text) == .string(expected))
    }

    @Test(
        "What is no JSON is refused where it is wrong",
        arguments: [
            ("", 0), ("{", 1), ("[1,]", 3), ("{\"a\" 1}", 5), ("01", 1), ("1.", 2), ("\"a", 2), ("\"\\x\"", 3),
            ("[1 2]", 3),
            ("nul", 0), ("1e999", 0), ("\"\u{01}\"", 1), ("{a:1}", 1), ("\"\\u+123\"", 3), ("-", 1),
        ])
    func failures(text: String, offset: Int) {
        #expect { try read(text) } throws: { ($0 as? JSONError)?.offset == offset }
    }

    @Test("A text nested without end is refused")
    func nesting() {
        #expect(throws: JSONError.self) { try read(String(repeating: "[", count: 100_000)) }
        #expect(throws: Never.self) {
            try read(String(repeating: "[", count: 60) + String(repeating: "]", count: 60))
        }
    }

    @Test("What is written is read again, and holds nothing that a terminal obeys")
    func writing() throws {
        let value = JSONValue.object([
            "n": .count(3), "f": .number(0.25), "s": .string("a\"\\\n\u{1B}\u{2028}é"),
            "l": .array([.null, .bool(true)]),
        ])
        #expect(value.text == #"{"n":3,"f":0.25,"s":"a\"\\\n\u001b\u2028é","l":[null,true]}"#)
        #expect(try read(value.text) == value)
    }

    @Test("Random octets are refused or read without a trap")
    func random() {
        var state: UInt64 = 3
        let alphabet = Array("{}[]\",:\\u0019eE+-.tfn \u{00}é".utf8)
        for _ in 0..<20_000 {
            let octets = (0..<12).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return alphabet[Int(state >> 40) % alphabet.count]
            }
            guard let value = try? JSONValue(reading: octets) else { continue }
            #expect((try? JSONValue(reading: Array(value.text.utf8))) == value)
        }
    }
}
