import GatewayCore
import Testing

@testable import Configuration

/// What a gateway that reads its file again says has changed.
@Suite struct SettingsChangesTests {
    private func changes(_ old: String, _ new: String) throws -> SettingsChanges {
        SettingsChanges(from: try settings(old).get(), to: try settings(new).get())
    }

    @Test func nothing() throws {
        #expect(try changes("clients.maximum = 5", "clients.maximum = 5 # the same").isEmpty)
    }

    @Test func valuesAreNamedByTheirKeys() throws {
        let changes = try changes(
            "clients.maximum = 500\nlog.level = 'info'",
            "clients.maximum = 800\nlog.level = 'debug'\nbroker.url='mqtt://b'")
        #expect(changes.live == ["clients.maximum 500 → 800", "log.level \"info\" → \"debug\""])
        #expect(changes.needingRestart == ["broker.url \"mqtt://127.0.0.1:1883\" → \"mqtt://b:1883\""])
    }

    @Test func aListOfBrokersIsKeptUntilARestart() throws {
        let (old, new) = ("broker.url = 'mqtt://a'", "broker.url = ['mqtt://a', 'mqtts://b']")
        #expect(
            try changes(old, new).needingRestart == [
                "broker.url \"mqtt://a:1883\" → [\"mqtt://a:1883\", \"mqtts://b:8883\"]"
            ])
        let running = try settings(old).get()
        #expect(try settings(new).get().keepingStart(of: running) == running)
    }

    @Test func credentialsForAProxyChangeAtOnceAndUnseen() throws {
        let proxy = "proxy.url = 'http://p:1'\n"
        let changes = try changes(proxy, proxy + "proxy.username = 'u'\nproxy.password = 'p'")
        #expect(changes.live == ["proxy.username changed", "proxy.password changed"])
        #expect(changes.needingRestart.isEmpty)
    }

    @Test func tablesAreToldApartByTheirNames() throws {
        let old = """
            [[udp]]
            listen = "udp://127.0.0.1:1884"
            retry_count = 3
            [[udp]]
            listen = "udp://127.0.0.1:1885"
            [[topic]]
            id = 1
            name = "a"
            [[topic]]
            id = 2
            name = "b"
            """
        let new = """
            [[udp]]
            listen = "udp://127.0.0.1:1886"
            [[udp]]
            listen = "udp://127.0.0.1:1884"
            retry_count = 5
            [[topic]]
            id = 2
            name = "c"
            [[topic]]
            id = 2
            name = "d"
            client = "pump"
            """
        #expect(
            try changes(old, new).live == [
                "udp udp://127.0.0.1:1886 added", "udp.retry_count 3 → 5 (udp://127.0.0.1:1884)",
                "udp udp://127.0.0.1:1885 removed", "topic.name \"b\" → \"c\" (2)", "topic 2 of client 'pump' added",
                "topic 1 removed",
            ])
    }

    /// Every key that needs a restart is kept as it was, so that the gateway does not believe what it does not do.
    @Test func whatNeedsARestartIsKept() throws {
        let old = try settings("gateway.id = 1").get()
        let new = try settings(
            """
            gateway.id = 2
            broker.url = "mqtt://elsewhere"
            proxy.url = "http://proxy:1"
            broker.client_id_prefix = "p"
            broker.shared_client_id = "s"
            broker.protocol = "auto"
            broker.session_expiry_seconds = 7
            broker.user_properties = ["link"]
            broker.maximum_qos = 1
            will.update = "gateway"
            store.directory = "/kept"
            store.on_error = "memory"
            store.commit_milliseconds = 7
            store.segment_bytes = 5000000
            store.queued_bytes = 5000000
            clients.maximum = 7
            [[client]]
            password = "hush"
            username = "u"
            """
        ).get()
        let restarting = Schema.settings.filter(\.needsRestart).map(\.path)
        #expect(SettingsChanges(from: old, to: new).needingRestart.count == restarting.count + 1)
        let kept = SettingsChanges(from: old, to: new.keepingStart(of: old))
        #expect((kept.needingRestart, kept.live) == ([], ["clients.maximum 10000 → 7"]))
    }

    /// Their order is their meaning.
    @Test func rulesForClientsAreToldApartByTheirPlaces() throws {
        let old = "[[client]]\nid = 'a'\nusername = 'u'\npassword = 'old'\ntopic_prefix = 'a/'\n[[client]]\nid = 'b'"
        let new = "[[client]]\nid = 'b'\nusername = 'u'\npassword = 'new'\ntopic_prefix = 'b/'"
        let changes = try changes(old, new)
        #expect(changes.live == [])
        #expect(
            changes.needingRestart == [
                "client.id \"a\" → \"b\" (rule 1)", "client.password changed (rule 1)",
                "client.topic_prefix \"a/\" → \"b/\" (rule 1)", "client rule 2 removed",
            ])
        #expect(try self.changes("", new).needingRestart == ["client rule 1 added"])
    }

    /// A passphrase is never told.
    @Test func certificatesOfRulesNeedARestart() throws {
        let pair = "\n[[client]]\ncertificate_file = '/c'\nkey_file = '/k'\nkey_passphrase = "
        let url = "broker.url = 'mqtts://h'"
        let (old, new) = (url + pair + "'hush'", url + "\nlimits.client_certificates = 7" + pair + "'silence'")
        let changes = try changes(old, new)
        #expect(changes.live == ["limits.client_certificates 1000 → 7"])
        #expect(changes.needingRestart == ["client.key_passphrase changed (rule 1)"])
        let kept = try settings(new).get().keepingStart(of: try settings(old).get())
        #expect(kept.host.clientKeyPassphrases == [Array("hush".utf8)])
    }

    /// Rules stay with a running gateway, and mean the links that it has then.
    @Test func theRulesOfTheStartMeanTheLinksThatThereAre() throws {
        let udp = ["one", "two"].enumerated().map { "[[udp]]\nlisten = \"udp://127.0.0.1:\($0.offset + 7)\"\n" }
        let rule = "[[client]]\nlinks = [\"udp://127.0.0.1:8\"]\n"
        let old = try settings(udp[0] + udp[1] + rule).get()
        #expect(old.gateway.clientRules.map(\.links) == [[1]])
        #expect(try settings(udp[1]).get().keepingStart(of: old).gateway.clientRules.map(\.links) == [[0]])
        #expect(try settings(udp[0]).get().keepingStart(of: old).gateway.clientRules.map(\.links) == [[]])
    }
}
