import GatewayCore
import MQTT
import MQTTSN
import Testing

/// Names to which a broker's answer is the end of the connection, and with it the Will of a client that is alive.
///
/// mosquitto 2.0.11 closes on each of these characters in the topic of a PUBLISH, in a filter, in a Will topic and in a
/// Client Identifier, and on more than 200 separators in the first three; MQTT 3.1.1 §1.5.3 allows it that.
@Suite struct RefusedNameTests {
    /// A name with this character in its midst.
    private static func name(_ scalar: UInt32) -> String {
        "a" + String(Unicode.Scalar(scalar).map(Character.init) ?? "?") + "b"
    }

    /// The first and the last of each range, and then what lies just beside it.
    static let refused =
        [
            0x1, 0x1F, 0x7F, 0x80, 0x9F, 0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0xFFFFF, 0x10FFFE, 0x10FFFF,
        ].map(name) + ["\u{1}", "ab\u{1F}", String(repeating: "/", count: 200)]
    static let accepted =
        [
            0x20, 0x7E, 0xA0, 0xFDCF, 0xFDF0, 0xFFFD, 0x1FFFD, 0x20000, 0x10FFFD, 0xEFFF, 0xFEFF, 0xFBFF, 0x2FFF,
        ].map(name) + [String(repeating: "/", count: 199)]

    @Test("GW-32 AMB-34 A name that brokers close on is refused at REGISTER", arguments: refused)
    func register(name: String) {
        let client = Dialogue().client("c1")
        client.connects()
        client.sends(.register(0, 5, name))
        client.receives(.registerAcknowledgement(0, 5, .notSupported))
    }

    @Test("GW-29 Names beside those are names", arguments: accepted)
    func accepts(name: String) {
        let client = Dialogue().client("c1")
        client.connects()
        client.sends(.register(0, 5, name))
        guard case .registerAcknowledgement(_, 5, .accepted) = client.dialogue.readMessages(to: client.address).first
        else {
            Issue.record("refused")
            return
        }
    }

    @Test(
        "GW-54 AMB-34 A filter that brokers close on is refused at SUBSCRIBE, a shared one that is none too",
        arguments: refused.flatMap { [$0, $0 + "/#"] } + [
            "$share", "$share/", "$share/g", "$share//x", "$share/g/", "$share/+/x",
        ])
    func subscribe(filter: String) {
        let client = Dialogue().client("c1")
        let upstream = client.connects()
        client.sends(.subscribe(.name(filter), id: 5))
        client.receives(.subscribeAcknowledgement(0, 5, .notSupported))
        upstream.receivesNothing()
    }

    @Test(
        "GW-54 GW-47 AMB-34 Short names that brokers close on are refused", arguments: ["a\u{1}", "\u{7F}b", "\u{85}"])
    func shortName(name: String) {
        let client = Dialogue().client("c1")
        let upstream = client.connects()
        client.sends(.subscribe(.short(name), id: 5))
        client.receives(.subscribeAcknowledgement(0, 5, .notSupported))
        client.sends(.publish(.short(name), "x", id: 6, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(Topic.short(name).topicID, 6, .notSupported))
        upstream.receivesNothing()
    }

    @Test("GW-23 AMB-34 A Will topic that brokers close on is refused at the set-up", arguments: refused)
    func willTopic(name: String) {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic(name))
        client.receives(.connectAcknowledgement(.notSupported))
        dialogue.observes(.clientRefused)
    }

    @Test("GW-28 AMB-34 A Will topic that brokers close on is refused at an update", arguments: refused)
    func willTopicUpdate(name: String) {
        let client = Dialogue().client("c1")
        let upstream = client.connects()
        client.sends(.willTopicUpdate(name))
        client.receives(.willTopicResponse(.notSupported))
        upstream.receivesNothing()
    }

    @Test(
        "GW-22 AMB-34 A ClientId that brokers close on is refused",
        arguments: ["c\u{1}", "c\u{7F}", "\u{9F}", name(0xFFFF)])
    func clientID(name: String) {
        let dialogue = Dialogue()
        let client = dialogue.client(name)
        client.sends(.connect(name))
        client.receives(.connectAcknowledgement(.notSupported))
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-49 AMB-34 A whole name that brokers close on is dropped at QoS −1", arguments: ["a\u{1}", name(0xFFFF)])
    func fullName(name: String) {
        let dialogue = Dialogue(.dialogue { $0.qosMinusOneFullNames = true })
        let stranger = dialogue.client("")
        stranger.sends(.publish(.id(TopicID(name.utf8.count)), name + "x", qos: .minusOne))
        dialogue.observes(.qosMinusOneRefused)
    }
}
