import GatewayCore
import Testing

@testable import Configuration

/// Proves that settings written as a file read as the same settings, and that no secret is in it.
@Suite struct SettingsWriterTests {
    private func written(_ given: Settings) throws -> Settings {
        try settings(SettingsWriter.toml(given, masksSecrets: false)).get()
    }

    @Test func theDefaultsReadAsThemselves() throws {
        #expect(try written(Settings()) == Settings())
    }

    /// Every key of the example, those that it comments out among them.
    @Test func everythingReadsAsItself() throws {
        let given = try settings(ExampleFile().complete).get()
        #expect(!given.host.serialPorts.isEmpty && !given.gateway.predefinedTopics.entries.isEmpty)
        #expect(try written(given) == given)
    }

    /// Serial lines of every framing, whose keys differ, and no listener.
    @Test(arguments: ["xbee", "slip", "hdlc", "cobs", "length-prefixed"]) func serialLines(framing: String) throws {
        let given = try settings(
            """
            [[serial]]
            device = "/dev/a \\"b\\""
            framing = "\(framing)"
            speed = \(framing == "xbee" ? "[115200, 9600]" : "9600")
            mode = "8E1"
            \(framing == "cobs" ? "checksum = false" : framing == "xbee" ? "nodes = 300" : "")
            """
        ).get()
        #expect(given.host.listeners.isEmpty)
        #expect(try written(given) == given)
    }

    /// Text comes back octet by octet, whatever a string of TOML must escape.
    @Test(arguments: [
        "a\"b", #"a\b"#, "tab\there", "line\nend\r", "\u{1}\u{1F}\u{7F}\u{85}", "é\u{2028}🐝", "'''\"\"\"",
    ])
    func textComesBack(text: String) throws {
        var given = Settings()
        given.gateway.upstream.username = Array(text.utf8)
        given.gateway.predefinedTopics = PredefinedTopics([.init(topicID: 1, topicName: Array("a/b".utf8))])
        #expect(try written(given) == given)
    }

    @Test func secretsAreMasked() throws {
        var given = Settings()
        given.gateway.upstream.username = Array("owner".utf8)
        given.gateway.upstream.password = Array("hush-hush".utf8)
        given.host.http.token = Array("hush-token".utf8)
        var rule = ClientRule()
        (rule.username, rule.password) = (Array("file:${client_id}".utf8), Array("hush-${client_id}".utf8))
        (given.gateway.clientRules, given.host.clientPlaces) = ([rule], [ClientPlace()])
        let text = SettingsWriter.toml(given)
        #expect(!text.contains("hush") && text.contains("password = \"********\""))
        #expect(try settings(text).get().gateway.clientRules.first?.username == rule.username)
        #expect(try settings(text).get().gateway.upstream.username == Array("owner".utf8))
    }
}

/// Proves that a slip of the finger is understood, and another word is not taken for one.
@Suite struct SpellingTests {
    private static let names = ["--config", "--listen", "--log-level", "run", "check", "pub", "completion"]

    @Test(arguments: [
        ("--lisen", "--listen"), ("--conifg", "--config"), ("--log", "--log-level"), ("chekc", "check"), ("rum", "run"),
        ("publish", "pub"), ("compl", "completion"),
    ])
    func aSlipIsUnderstood(written: String, meant: String) {
        #expect(Spelling.nearest(to: written, among: Self.names) == meant)
    }

    @Test(arguments: ["", "-", "x", "walk", "--port", "xyz", "go", String(repeating: "-", count: 100)])
    func anotherWordIsNone(written: String) {
        #expect(Spelling.nearest(to: written, among: Self.names) == nil)
    }
}
