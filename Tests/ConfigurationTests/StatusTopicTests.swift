import Configuration
import GatewayCore
import Testing

/// The topic that the gateway publishes below is one that can be published to, and is the gateway's own.
@Suite struct StatusTopicTests {
    @Test(
        "MQTT 3.1.1 §4.7 What cannot be published to is refused with its place",
        arguments: [
            ("a/+", "must not hold the wildcards '+' and '#', as the gateway publishes there"),
            ("#", "must not hold the wildcards '+' and '#', as the gateway publishes there"),
            ("/a", "must not have an empty level: no '/' at its begin or end, and none doubled"),
            ("a/", "must not have an empty level: no '/' at its begin or end, and none doubled"),
            ("a//b", "must not have an empty level: no '/' at its begin or end, and none doubled"),
            ("$SYS/a", "must not begin with '$': what does belongs to the broker"),
            ("a\\u0007", "must not hold control characters and non-characters of Unicode"),
            ("", "must be text of 1 to 32768 bytes; found 0 bytes"),
        ])
    func refused(topic: String, complaint: String) {
        #expect(errors("\n[status]\ntopic = \"\(topic)\"") == "f.toml:3:9: 'status.topic' \(complaint)")
    }

    @Test("With the longest topic and ClientId the longest name is still one of MQTT")
    func longest() throws {
        let longest = String(repeating: "t", count: 32_768)
        let settings = try settings("status.topic = '\(longest)'\nclients.id_bytes = 1024").get()
        let topic = try #require(settings.gateway.upstream.statusTopic)
        #expect(topic.count + "/clients/".utf8.count + 3 * 1_024 + "/availability".utf8.count <= 65_535)
    }

    @Test("Without the key nothing is published; with it at most 100 clients a second, or as the owner says")
    func defaults() throws {
        #expect(Settings().gateway.upstream.statusTopic == nil)
        let settings = try settings("status.topic = 'käse/7'\nstatus.clients_per_second = 5").get()
        #expect(settings.gateway.upstream.statusTopic == Array("käse/7".utf8))
        #expect(settings.host.status.clientsPerSecond == 5)
        #expect(Settings().host.status.clientsPerSecond == 100)
    }

    @Test("A running gateway takes both at once")
    func live() throws {
        let new = try settings("status.topic = 'a'\nstatus.clients_per_second = 5").get()
        let changes = SettingsChanges(from: Settings(), to: new)
        #expect(changes.live == ["status.topic none → \"a\"", "status.clients_per_second 100 → 5"])
        #expect(changes.needingRestart == [])
        #expect(new.keepingStart(of: Settings()).gateway.upstream.statusTopic == Array("a".utf8))
    }
}
