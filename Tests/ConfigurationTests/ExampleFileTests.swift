import GatewayCore
import Testing

@testable import Configuration

/// Proves that `Config/gateway.toml` tells the truth about every key.
@Suite struct ExampleFileTests {
    @Test func theFileAsItIsGivesTheDefaults() throws {
        #expect(settings(try ExampleFile().text) == .success(Settings()))
    }

    @Test func withEverythingSwitchedOnItIsAccepted() throws {
        let read = try settings(ExampleFile().complete).get()
        #expect(read.host.tls.keyPassphrase != nil)
        #expect(read.gateway.upstream.username != nil)
        #expect(read.host.proxy.endpoint != nil && read.host.proxy.username != nil && read.host.proxy.password != nil)
        #expect(read.gateway.upstream.password != nil)
        #expect(read.host.listeners.first?.interface != nil)
        #expect(read.gateway.predefinedTopics.entries.count == 1)
        #expect(read.host.serialPorts == [SerialPort(device: "/dev/ttyUSB0")])
        #expect(read.gateway.links.count == 3)
        #expect(read.gateway.predefinedTopics.entries.first?.clientID != nil)
        #expect(read.gateway.clientRules.map(\.links) == [[0]])
        #expect(read.gateway.clientRules.first?.keyFile != nil && read.host.keyPassphrase(ofRule: 0) != nil)
        #expect(read.gateway.clientRules.map(\.networks) == [[1, 2]])
    }

    @Test func itHasEveryKeyOnceAndNoOther() throws {
        #expect(try ExampleFile().keyLines.map(\.path).sorted() == Schema.paths.sorted())
    }

    @Test func everyKeyStandsWithItsReasonItsRangeAndItsDefault() throws {
        let lines = try ExampleFile().keyLines
        try check(Schema.settings, against: Settings(), lines)
        try check(Schema.listener, against: Listener(), lines)
        try check(Schema.topic, against: nil, lines)
        try check(Schema.serial, against: Serial(), lines, isExample: true)
        try check(Schema.client, against: ClientEntry(), lines, isExample: true)
    }

    /// An example is commented out as a whole, since there is none of its kind by default.
    private func check<Target>(
        _ keys: [Key<Target>], against defaults: Target?, _ lines: [ExampleFile.KeyLine], isExample: Bool = false
    ) throws {
        for key in keys {
            let line = try #require(lines.first { $0.path == key.path }, "\(key.path)")
            #expect(line.allowed == key.summary, "\(key.path)")
            #expect(line.reason == "# " + key.reason, "\(key.path)")
            let value = defaults.flatMap { key.read($0) }
            #expect(line.isCommentedOut == (value == nil || isExample), "\(key.path)")
            if let value, !isExample || !key.isRequired {
                #expect(line.value.filter { $0 != "_" } == value.filter { $0 != "_" }, "\(key.path)")
            }
        }
    }
}
