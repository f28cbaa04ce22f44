import GatewayCore
import MQTT
import MQTTSN

/// Whether the gateway keeps to the owner's rules (README, "Who a client is at the broker"), judged by what goes in and
/// out of it.
///
/// - What goes to the broker in a client's name is behind its prefix, and on a topic, at a QoS and with a Retain that
///   its rule allows; it subscribes to nothing else, and at no higher QoS. What is published without a connection is
///   behind the prefix of whoever may.
/// - A client is told of no topic but those of what the broker has handed to its session, the prefix taken off, and
///   never of one that its rule keeps from it.
/// - What a rule forbids is not acknowledged: the answer is 0x03, it comes at once, and it is counted; what the rule
///   allows is not counted.
/// - Strangers that no rule admits are not connected.
///
/// Message ids do not say what they are about where they come again: an answer is judged by all that was said under its
/// id.
struct RuleChecker {
    /// In whose name something is said to the broker.
    enum Speaker: Equatable {
        case client(Int)
        case stranger
        case gateway
    }

    private struct Said {
        var isAllowed = false
        var isForbidden = false

        mutating func note(_ isAsAllowed: Bool) {
            if isAsAllowed { isAllowed = true } else { isForbidden = true }
        }
    }

    private struct View {
        /// The topics of what the broker has handed to its session, without the prefix.
        var names: Set<[UInt8]> = []
        var publications: [MessageID: Said] = [:]
        var subscriptions: [MessageID: Said] = [:]
    }

    /// What a client asks for in the event at hand.
    private struct Asked {
        var client: Int
        var isAllowed: Bool
        var isCounted = false
        var isRefused = false
    }

    private let rules: WorldRules
    private var views: [View]
    private var asked: Asked?
    private(set) var violation: String?

    init(_ rules: WorldRules) {
        self.rules = rules
        views = Array(repeating: View(), count: rules.clients.count)
    }

    private mutating func violate(_ text: String) { if violation == nil { violation = text } }

    private mutating func violate(_ client: Int, _ text: String) { violate("client \(client) \(text)") }

    // MARK: Heard from a client

    /// The gateway is about to hear a client; `name` is the topic that the message is about.
    mutating func heard(_ message: Message, of client: Int, about name: [UInt8]?) {
        asked = nil
        guard let name, let isAllowed = isAllowed(message, of: client, about: name) else { return }
        switch message {
        case .publish(let publish): views[client].publications[publish.messageID, default: Said()].note(isAllowed)
        case .subscribe(let subscribe):
            views[client].subscriptions[subscribe.messageID, default: Said()].note(isAllowed)
        default: break
        }
        asked = Asked(client: client, isAllowed: isAllowed)
    }

    /// Whether a client may have what it asks for; nil where that is nothing for a rule.
    private func isAllowed(_ message: Message, of client: Int, about name: [UInt8]) -> Bool? {
        let rule = rules.clients[client]
        switch message {
        case .publish(let publish): return rule.mayPublish(to: name, qos: publish.flags.qos.rawValue)
        case .willTopic(let will), .willTopicUpdate(let will):
            return rule.mayPublish(to: name, qos: will.flags.qos.rawValue)
        case .subscribe: return rule.maySubscribe(to: name)
        default: return nil
        }
    }

    // MARK: Said to clients

    /// The gateway counts a request that a rule forbids.
    mutating func counted(of client: Int) {
        guard asked?.client == client, asked?.isAllowed == false else {
            return violate(client, "is refused by its rule, which allows what it asks for")
        }
        asked?.isCounted = true
    }

    /// The gateway says something to a client; `name` is the topic of a PUBLISH or REGISTER.
    mutating func said(_ message: Message, to client: Int, about name: [UInt8]?) {
        switch message {
        case .register, .publish: checkName(name, client)
        case .publishAcknowledgement(let answer):
            if answer.returnCode == .accepted { checkTaken(answer.messageID, client) }
            noteRefusal(answer.returnCode, client)
        case .publishReceived(let messageID), .publishComplete(let messageID): checkTaken(messageID, client)
        case .subscribeAcknowledgement(let answer):
            noteRefusal(answer.returnCode, client)
            guard answer.returnCode == .accepted, let said = views[client].subscriptions[answer.messageID] else {
                return
            }
            if !said.isAllowed { violate(client, "is subscribed to what its rule forbids") }
            if answer.flags.qos.rawValue > rules.clients[client].maximumQoS {
                violate(client, "is granted QoS \(answer.flags.qos.rawValue), more than its rule allows")
            }
        case .connectAcknowledgement(let code), .willTopicResponse(let code): noteRefusal(code, client)
        default: break
        }
    }

    private mutating func noteRefusal(_ code: ReturnCode, _ client: Int) {
        if code == .notSupported, asked?.client == client { asked?.isRefused = true }
    }

    private mutating func checkTaken(_ messageID: MessageID, _ client: Int) {
        guard let said = views[client].publications[messageID], !said.isAllowed else { return }
        violate(client, "is told that a message has arrived which its rule forbids")
    }

    private mutating func checkName(_ name: [UInt8]?, _ client: Int) {
        guard let name, !views[client].names.contains(name) else { return }
        violate(client, "is told of \(Self.text(name)), which is no topic of a message for it")
    }

    /// Everything has been said about the event at hand.
    mutating func eventEnded() {
        defer { asked = nil }
        guard let asked, !asked.isAllowed, asked.isRefused, !asked.isCounted else { return }
        violate(asked.client, "is refused what its rule forbids, and that is not counted")
    }

    // MARK: At the broker

    /// The broker has handed a message to a client's session.
    mutating func brokerHanded(_ topicName: [UInt8], to client: Int) {
        guard let name = rules.clients[client].own(topicName), rules.clients[client].mayHear(name) else { return }
        views[client].names.insert(name)
    }

    /// The gateway says something to the broker, a PUBLISH on `topicName`.
    mutating func wrote(_ packet: Packet, on topicName: [UInt8], _ bytes: [UInt8], by speaker: Speaker) {
        var position = 0
        switch packet {
        case .publish(let publish): checkPublish(publish, topicName, by: speaker)
        case .subscribe(let subscribe):
            while let (filter, qos) = subscribe.nextFilter(in: bytes.span.bytes, at: &position) {
                checkSubscribe(Array(bytes[filter]), qos, by: speaker)
            }
        case .unsubscribe(let unsubscribe):
            while let filter = unsubscribe.nextFilter(in: bytes.span.bytes, at: &position) {
                if areOwn(Array(bytes[filter]), speaker, { _, _ in true }) { continue }
                violate("\(Self.text(speaker)) unsubscribes from \(Self.text(Array(bytes[filter])))")
            }
        default: break
        }
    }

    private mutating func checkPublish(_ publish: MQTT.Publish, _ topicName: [UInt8], by speaker: Speaker) {
        let isAllowed = areOwn(topicName, speaker) { rule, name in
            rule.mayPublish(to: name, qos: publish.qos.rawValue) && (rule.passesRetain || !publish.retain)
        }
        guard !isAllowed else { return }
        violate(
            "\(Self.text(speaker)) publishes on \(Self.text(topicName)) at QoS \(publish.qos.rawValue)"
                + "\(publish.retain ? ", retained" : "")")
    }

    private mutating func checkSubscribe(_ filter: [UInt8], _ qos: DeliveryQoS, by speaker: Speaker) {
        let isAllowed = areOwn(filter, speaker) { rule, name in
            rule.maySubscribe(to: name) && qos.rawValue <= rule.maximumQoS
        }
        if !isAllowed { violate("\(Self.text(speaker)) subscribes to \(Self.text(filter)) at QoS \(qos.rawValue)") }
    }

    /// Whether a topic at the broker is behind the prefix of a rule of the speaker's, and as it must be.
    private func areOwn(_ topic: [UInt8], _ speaker: Speaker, _ isAllowed: (WorldRule, [UInt8]) -> Bool) -> Bool {
        let those: [WorldRule?] =
            switch speaker {
            case .client(let client): [rules.clients[client]]
            case .stranger: [rules.strangers]
            // What comes without a connection from where a stranger's session is has the rule of that.
            case .gateway: [rules.anybody, rules.strangers]
            }
        return those.compactMap(\.self).contains { rule in rule.own(topic).map { isAllowed(rule, $0) } ?? false }
    }

    /// The gateway connects a stranger.
    mutating func strangerConnected() {
        if rules.strangers == nil { violate("a stranger is connected whom no rule admits") }
    }

    private static func text(_ speaker: Speaker) -> String {
        switch speaker {
        case .client(let client): "client \(client)"
        case .stranger: "a stranger"
        case .gateway: "the gateway"
        }
    }

    private static func text(_ topic: [UInt8]) -> String { String(decoding: topic, as: UTF8.self) }
}
