import Testing

@testable import GatewayHost

/// Proves that whatever octets a client calls itself by, they cannot break out of what is told of it.
@Suite struct ReportTextTests {
    /// Quotes, line breaks, an ANSI escape, what means something in topics, no UTF-8, and the longest.
    static let hostileIDs: [[UInt8]] = [
        Array("a\"b\\c".utf8), Array("line\r\nbreak\u{2028}".utf8), Array("\u{1B}[31mred\u{7}".utf8),
        Array("a/+#%41%".utf8), [0xFF, 0x41, 0xC3, 0x28, 0x25], Array("</script>".utf8), Array("später ❄️".utf8),
        [UInt8](repeating: 0x80, count: 1_024), [UInt8](repeating: 0x78, count: 1_024), [],
    ]

    @Test(arguments: hostileIDs) func aClientIDsTextBringsItsOctetsBack(octets: [UInt8]) {
        #expect(ClientIDText.octets(of: ClientIDText.text(of: octets)) == octets)
    }

    @Test(arguments: ["%", "%4", "a%zz", "%+1"]) func aTextThatIsNoClientIDIsNone(text: String) {
        #expect(ClientIDText.octets(of: text) == nil)
    }

    @Test(arguments: hostileIDs) func jsonHoldsNoOctetThatEndsAText(octets: [UInt8]) throws {
        var json = JSONText()
        json.array { $0.add(nil, ClientIDText.text(of: octets)) }
        #expect(json.bytes.prefix(2) == Array("[\"".utf8)[...] && json.bytes.suffix(2) == Array("\"]".utf8)[...])
        let content = Array(json.bytes.dropFirst(2).dropLast(2))
        #expect(String(validating: content, as: UTF8.self) != nil)
        #expect(content.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "<") })
        var isEscaped = false
        for octet in content {
            if !isEscaped, octet == UInt8(ascii: "\"") { Issue.record("a quote ends the text early") }
            isEscaped = !isEscaped && octet == UInt8(ascii: "\\")
        }
        #expect(!isEscaped, "the last quote is escaped")
    }

    @Test func objectsAndArraysAreSeparatedByCommas() {
        var json = JSONText()
        json.object {
            $0.add("a", 1)
            $0.array("b") {
                $0.add(nil, "x")
                $0.object { _ in }
                $0.add(nil, Int?.none)
            }
            $0.object("c") { $0.add("d", true) }
            $0.add("e", seconds: 0.5)
        }
        let text = String(decoding: json.bytes, as: UTF8.self)
        #expect(text == #"{"a":1,"b":["x",{},null],"c":{"d":true},"e":0.5}"#)
    }

    /// Prometheus text format 0.0.4: backslash, quote and line feed.
    @Test func labelsAreEscaped() {
        var metrics = MetricsText(openMetrics: false)
        metrics.begin("swiftlet_links", .gauge, "Links.")
        metrics.sample(["name": "a\"b\\c\nd"], 1)
        let text = String(decoding: metrics.bytes, as: UTF8.self)
        #expect(text.hasSuffix("swiftlet_links{name=\"a\\\"b\\\\c\\nd\"} 1\n"))
    }
}
