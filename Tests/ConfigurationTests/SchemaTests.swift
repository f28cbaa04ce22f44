import GatewayCore
import Testing
import Time

@testable import Configuration

/// Proves that each key fills one field, that no field is without a key, and that names are suggested well.
@Suite struct SchemaTests {
    /// Values of which each key accepts at least one that is not its default.
    private var candidates: [TOMLValue] {
        [9, 300, 5_000, 1, 19_200, 300_000, 5_000_000].map(TOMLValue.integer) + [true, false].map(TOMLValue.boolean)
            + ["off", "debug", "json", "assign", "drop-newest", "gateway", "5.0"].map(TOMLValue.string)
            + ["memory", "slip", "hardware", "explicit", "8E1", "/dev/other", "1.3"].map(TOMLValue.string)
            + ["wss://other:9", "udp://10.0.0.9:9", "http://127.0.0.1:9", "something", "levels/"].map(TOMLValue.string)
            + ["udp://239.255.0.1:9", "192.0.2.1", "/dev/a", "link"].map {
                .array([TOMLElement(value: .string($0), offset: 0)])
            }
    }

    /// The first candidate that changes what the key reads.
    private func alternative<Target>(_ key: Key<Target>, _ defaults: Target) -> (value: TOMLValue, target: Target)? {
        for value in candidates {
            var target = defaults
            if (try? key.write(value, &target)) != nil, key.read(target) != key.read(defaults) {
                return (value, target)
            }
        }
        return nil
    }

    private func checkOneFieldEach<Target>(_ keys: [Key<Target>], _ defaults: Target) throws {
        for key in keys {
            let changed = try #require(alternative(key, defaults), "\(key.path)").target
            for other in keys where other.path != key.path {
                #expect(other.read(changed) == other.read(defaults), "\(key.path) also writes \(other.path)")
            }
        }
    }

    @Test func everyKeyWritesWhatItReadsAndNothingElse() throws {
        try checkOneFieldEach(Schema.settings, Settings())
        try checkOneFieldEach(Schema.listener, Listener())
        try checkOneFieldEach(Schema.serial, Serial())
        try checkOneFieldEach(Schema.topic, PredefinedTopics.Entry(topicID: 1, topicName: [0x74]))
        try checkOneFieldEach(Schema.client, ClientEntry())
    }

    @Test func everyFieldOfTheSettingsHasAKey() {
        var changed = Settings()
        for key in Schema.settings {
            if let value = alternative(key, Settings())?.value { try? key.write(value, &changed) }
        }
        var listener = Listener()
        for key in Schema.listener {
            if let value = alternative(key, Listener())?.value { try? key.write(value, &listener) }
        }
        var serial = Serial()
        for key in Schema.serial {
            if let value = alternative(key, Serial())?.value { try? key.write(value, &serial) }
        }
        changed.host.listeners = [listener.endpoint]
        changed.host.serialPorts = [serial.port]
        changed.gateway.links = [listener.link, serial.link]
        changed.nameLinks()
        // Where the reader has found secrets is no setting.
        changed.host.secretFiles = ["f"]
        changed.host.hasSecretInTheOpen = true
        changed.host.fileWarnings = [ConfigurationError(file: "f", line: 1, column: 1, message: "")]
        // One broker alone is none of a list.
        changed.choose([changed.host.broker, BrokerEndpoint(host: "b", port: 2)])
        // The host hands it on.
        changed.gateway.upstream.sharedClientID = changed.host.sharedClientID ?? Array("swiftlet-1".utf8)
        let usualPort = leaves(of: SerialPort(device: ""))
        for (path, value) in leaves(of: serial.port) where !path.hasPrefix(".mode.stopBitCount") {
            #expect(usualPort[path] != value, "no key sets \(path) of a serial port")
        }
        changed.gateway.predefinedTopics = PredefinedTopics([.init(topicID: 1, topicName: [0x74])])
        var client = ClientEntry()
        for key in Schema.client {
            if let value = alternative(key, ClientEntry())?.value { try? key.write(value, &client) }
        }
        let usualRule = leaves(of: ClientRule())
        // Of networks and links the core has numbers, which the reader gives.
        for (path, value) in leaves(of: client.rule) where path != ".links" && path != ".networks" {
            #expect(usualRule[path] != value, "no key sets \(path) of a rule")
        }
        #expect(client.place.links != nil && client.place.networks != nil)
        (changed.gateway.clientRules, changed.host.clientPlaces) = ([client.rule], [client.place])
        #expect(client.keyPassphrase != nil)
        changed.host.clientKeyPassphrases = [client.keyPassphrase]
        let defaults = leaves(of: Settings())
        for (path, value) in leaves(of: changed) {
            #expect(defaults[path] != value, "no key sets \(path)")
        }
    }

    @Test func aListenerTakesGroupsItsInterfaceAndForwarders() throws {
        let text = """
            [[udp]]
            listen = "udp://[::]:1884"
            groups = ["udp://[ff02::1]:1884", "udp://[ff05::1%eth0]"]
            interface = "eth0"
            forwarders = ["any", "2001:db8::1"]
            """
        let listener = try #require(settings(text).get().host.listeners.first)
        #expect(listener.groups.map(\.host) == ["ff02::1", "ff05::1%eth0"])
        #expect(listener.interface == "eth0")
        #expect(listener.forwarders == [.any, .address("2001:db8::1")])
    }

    @Test func timesAreReadInTheirUnits() throws {
        let sleep = try settings("[sleep]\npacing_milliseconds = 7\nrestore_timeout_seconds = 7").get().gateway.sleep
        #expect(sleep.pacing == .milliseconds(7))
        #expect(sleep.restoreTimeout == .seconds(7))
    }

    /// Every stored value of the settings by its path.
    private func leaves(of value: Any, at path: String = "") -> [String: String] {
        let mirror = Mirror(reflecting: value)
        if mirror.children.isEmpty || value is [UInt8] || mirror.displayStyle == .optional {
            return [path: "\(value)"]
        }
        var found: [String: String] = [:]
        for (index, child) in mirror.children.enumerated() {
            found.merge(leaves(of: child.value, at: "\(path).\(child.label ?? "\(index)")")) { first, _ in first }
        }
        return found
    }

    @Test(arguments: [
        ("gateway.idd", "gateway.id"), ("broker.usrname", "broker.username"), ("brokr", "broker"), ("upd", "udp"),
        ("gateway.keep_alive_seconds", "broker.keep_alive_seconds"), ("level", "log.level"),
        ("udp.listne", "udp.listen"), ("topic.nmae", "topic.name"),
    ])
    func theNearestKeyIsSuggested(written: String, meant: String) {
        #expect(Schema.suggestion(for: written) == meant)
    }

    @Test(arguments: ["weather", "gateway.colour_of_the_box", String(repeating: "gateway.id", count: 10_000)])
    func nothingIsSuggestedForWhatIsFarFromEveryKey(written: String) {
        #expect(Schema.suggestion(for: written) == nil)
    }

    @Test func editDistanceCountsInsertionsDeletionsAndReplacements() {
        func distance(_ left: String, _ right: String) -> Int {
            Schema.editDistance(Array(left.utf8), Array(right.utf8))
        }
        #expect(distance("kitten", "sitting") == 3)
        #expect(distance("", "abc") == 3)
        #expect(distance("abc", "") == 3)
        #expect(distance("same", "same") == 0)
    }
}
