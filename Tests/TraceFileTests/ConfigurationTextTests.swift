import Bytes
import GatewayCore
import Testing
import Time

@testable import TraceFile

/// The head of a trace holds the whole configuration: a field that is added must be added there too.
@Suite struct ConfigurationTextTests {
    /// Texts of which each field accepts at least one that is not its default.
    private static let candidates = [
        "9", "9 ns", "true", "false", "\"name\"", "off", "assign", "dropNewest", "gateway", "5.0", "[1,2]", "[x61]",
    ]

    private func changed<Target>(_ target: Target, _ fields: [ConfigurationField<Target>]) throws -> Target {
        var target = target
        for field in fields {
            let before = field.read(target)
            let text = Self.candidates.first { candidate in
                var copy = target
                return field.write(candidate[...], &copy) && field.read(copy) != before
            }
            let candidate = try #require(text, "no candidate changes \(field.name)")
            #expect(field.write(candidate[...], &target))
        }
        return target
    }

    /// A configuration none of whose fields has its default.
    private func everythingChanged() throws -> GatewayConfiguration {
        var configuration = try changed(GatewayConfiguration(), ConfigurationText.gateway)
        configuration.links = [LinkConfiguration(), try changed(LinkConfiguration(), ConfigurationText.link)]
        let topic = PredefinedTopics.Entry(topicID: 1, topicName: [0])
        configuration.predefinedTopics = PredefinedTopics([topic, try changed(topic, ConfigurationText.topic)])
        configuration.clientRules = [ClientRule(), try changed(ClientRule(), ConfigurationText.rule)]
        return configuration
    }

    /// Every stored value by its path.
    private func leaves(of value: Any, at path: String = "") -> [String: String] {
        let mirror = Mirror(reflecting: value)
        let isLeaf = mirror.children.isEmpty || value is [UInt8] || mirror.displayStyle == .optional
        if isLeaf || value is TimeSpan { return [path: "\(value)"] }
        var found: [String: String] = [:]
        for (index, child) in mirror.children.enumerated() {
            let name = child.label ?? "\(index)"
            found.merge(leaves(of: child.value, at: path.isEmpty ? name : "\(path).\(name)")) { first, _ in first }
        }
        return found
    }

    @Test func everyFieldIsWrittenUnderItsName() {
        let lists = ["links", "predefinedTopics.entries", "clientRules"]
        #expect(
            Set(leaves(of: GatewayConfiguration()).keys).subtracting(lists)
                == Set(ConfigurationText.gateway.map(\.name)))
        #expect(Set(leaves(of: LinkConfiguration()).keys) == Set(ConfigurationText.link.map(\.name)))
        let topic = PredefinedTopics.Entry(topicID: 1, topicName: [])
        #expect(Set(leaves(of: topic).keys) == Set(ConfigurationText.topic.map(\.name)))
        #expect(Set(leaves(of: ClientRule()).keys) == Set(ConfigurationText.rule.map(\.name)))
    }

    /// Each name stands for its own field, which no other name changes.
    @Test func everyNameWritesItsFieldAndNothingElse() throws {
        func check<Target>(_ fields: [ConfigurationField<Target>], _ defaults: Target) throws {
            for field in fields {
                let (before, after) = (leaves(of: defaults), leaves(of: try changed(defaults, [field])))
                #expect(before.filter { after[$0.key] != $0.value }.map(\.key) == [field.name])
            }
        }
        try check(ConfigurationText.gateway, GatewayConfiguration())
        try check(ConfigurationText.link, LinkConfiguration())
        try check(ConfigurationText.topic, PredefinedTopics.Entry(topicID: 1, topicName: [0]))
        try check(ConfigurationText.rule, ClientRule())
    }

    @Test func everyConfigurationIsReadAsItWasWritten() throws {
        for configuration in [GatewayConfiguration(), try everythingChanged()] {
            let trace = Trace(seed: 1, configuration: configuration)
            #expect(try Trace(reading: trace.text, file: "f") == trace)
        }
    }

    /// Nothing is taken for something else, whatever octets a name or a password has.
    @Test(
        arguments: [
            ([], "\"\""), (Array("t/1".utf8), "\"t/1\""), (Array("none".utf8), "\"none\""), ([0x22], "x22"),
            (Array("a = b".utf8), "\"a = b\""), ([0x0A], "x0a"), ([0xC3, 0xBC], "xc3bc"), ([0x78, 0x30], "\"x0\""),
        ] as [([UInt8], String)])
    func octetsAreReadable(octets: [UInt8], text: String) throws {
        var configuration = GatewayConfiguration()
        configuration.upstream.username = octets
        let trace = Trace(seed: 1, configuration: configuration)
        #expect(String(decoding: trace.text, as: UTF8.self).contains("\nupstream.username = \(text)\n"))
        #expect(try Trace(reading: trace.text, file: "f") == trace)
    }

    /// In the place of a password stands one of the same length, with its variables; in a configuration that comes
    /// later, too.
    @Test func noPasswordIsWritten() throws {
        var configuration = GatewayConfiguration()
        configuration.upstream.password = Array("hush".utf8)
        var rule = ClientRule()
        rule.password = Array("hush-${client_id}-${gateway_id}-${nobody}".utf8)
        configuration.clientRules = [rule]
        var expected = configuration
        expected.upstream.password = Array("****".utf8)
        expected.clientRules[0].password = Array("*****${client_id}*${gateway_id}**********".utf8)
        #expect(configuration.withoutSecrets == expected)
        #expect(expected.withoutSecrets == expected)
        var text: [UInt8] = []
        text.appendTraceHead(seed: 1, configuration: configuration, note: "")
        text.appendTracedConfiguration(configuration, at: Instant(nanoseconds: 1))
        text.appendTracedHash(1)
        #expect(text.firstRange(of: Array("hush".utf8)) == nil)
        #expect(text.firstRange(of: Array(Hexadecimal.text(Array("hush".utf8)).utf8)) == nil)
        let trace = try Trace(reading: text, file: "f")
        #expect(trace.configuration == expected)
        #expect(trace.entries.map(\.fact) == [.reconfigured(expected)])
    }

    /// A list is told from none, and from one that holds nothing.
    @Test(arguments: ["none", "[]", "[xff,x]", "[x2c]"]) func listsAreReadAsTheyWereWritten(text: String) throws {
        let field = try #require(ConfigurationText.rule.first { $0.name == "publish" })
        var rule = ClientRule()
        #expect(field.write(text[...], &rule))
        #expect(field.read(rule) == text)
    }

    /// A trace of an older gateway lacks the newer fields.
    @Test func aFieldThatIsMissingHasItsDefault() throws {
        let text = "swiftlet-trace 2\nseed = 1\n[link]\nretryCount = 9\n[events]\n"
        var link = LinkConfiguration()
        link.retryCount = 9
        let trace = try Trace(reading: Array(text.utf8), file: "f")
        var expected = GatewayConfiguration()
        expected.links = [link]
        #expect(trace.configuration == expected)
    }

    /// A note of several lines would be taken for the rest of the head.
    @Test func onlyTheFirstLineOfANoteCounts() throws {
        let trace = Trace(seed: 1, configuration: GatewayConfiguration(), note: "first\nseed = 2")
        #expect(try Trace(reading: trace.text, file: "f").note == "first")
    }
}
