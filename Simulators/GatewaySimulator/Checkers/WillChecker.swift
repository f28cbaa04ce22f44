import Bytes
import GatewayCore
import MQTT
import MQTTSN

/// A Will of a world: client and version are written into its topic and into its message.
struct WillStamp: Equatable {
    var client: Int
    var version: Int

    static func topicName(_ client: Int, _ version: Int) -> [UInt8] { Array("will/\(client)/\(version)".utf8) }
    static func message(_ client: Int, _ version: Int) -> [UInt8] { Array("gone/\(client)/\(version)".utf8) }

    /// nil for a topic name that is no Will's.
    init?(topicName: [UInt8]) { self.init(topicName, "will") }

    /// nil for a message that is no Will's.
    init?(message: [UInt8]) { self.init(message, "gone") }

    private init?(_ bytes: [UInt8], _ mark: String) {
        let words = String(decoding: bytes, as: UTF8.self).split(separator: "/")
        guard words.count == 3, words[0] == mark, let client = Int(words[1]), let version = Int(words[2])
        else { return nil }
        (self.client, self.version) = (client, version)
    }
}

/// Which Will the broker has to publish, and when (GW-19, GW-20, GW-24…GW-28, GW-62, GW-64, AMB-16).
///
/// - What is published, or told to the broker, is never older than what the gateway has acknowledged to the client:
///   versions count up, and an acknowledgement raises the floor. Copies that come late lower it again, because a Will's
///   messages have no message ids.
/// - A client that asks for a Will is not connected before it has been asked for it.
/// - A client that certainly has a Will is never connected to the broker without it, and one that the gateway gives up
///   leaves the broker without DISCONNECT; nobody else does.
/// - The broker publishes a Will only where a client was given up, or the stream or a process failed.
/// - Where the gateway keeps the Wills, the broker hears of none but those of clients that are given up.
struct WillChecker {
    /// What is known of one client.
    private struct View {
        /// What was acknowledged: nothing before counts any more.
        var topicFloor = 0
        var messageFloor = 0
        /// The highest version that the gateway has heard of each part.
        var lastTopic = 0
        var lastMessage = 0
        /// The version of each part that the gateway heard last.
        var heardTopic = 0
        var heardMessage = 0
        var isDeleted = false
        /// Whether a topic has come that the client said before the one that came last: which of them is acknowledged
        /// nobody can tell.
        var isTopicDoubtful = false
        /// Whether there certainly is a Will, topic and all.
        var isDefinite = false
        /// QoS and Retain that go with a version of the topic.
        var flags: [Int: Flags] = [:]
        // The set-up that is going on.
        var isSettingUp = false
        var asksForWill = false
        /// Whether it must be asked for, as nothing of an earlier set-up counts.
        var mustBeAsked = false
        /// Whether it begins a session, perhaps or certainly.
        var isNew = false
        var isCertainlyNew = false
        var isAskedClean = false
        /// Whether the last session that was accepted is clean; one that was refused may have ended it.
        var wasClean = true
        var mayBeClean = false
        var setUpTopic: Int?
        var setUpMessage: Int?
        var hasDeletedInSetUp = false
        /// Wills that the gateway has said it published.
        var credit = 0

        mutating func deleteAll() {
            (topicFloor, messageFloor) = (lastTopic + 1, lastMessage + 1)
            isDefinite = false
        }
    }

    private let rules: WorldRules
    private let isHeldByGateway: Bool
    /// Whether the broker may have no place for an acknowledged message.
    private let isWindowNarrow: Bool
    private var views: [View]
    /// What was known of each client before its last CONNECT.
    private var former: [Int: View] = [:]
    private(set) var violation: String?
    /// Wills that the broker got to publish, for the statistics.
    private(set) var publishedCount = 0

    init(rules: WorldRules, isHeldByGateway: Bool, isWindowNarrow: Bool) {
        self.rules = rules
        views = Array(repeating: View(), count: rules.clients.count)
        (self.isHeldByGateway, self.isWindowNarrow) = (isHeldByGateway, isWindowNarrow)
    }

    private mutating func violate(_ client: Int, _ text: String) {
        if violation == nil { violation = "the Will of client \(client) \(text)" }
    }

    // MARK: Heard from the client

    /// The gateway is about to hear a message of a client from where the client may be; `isLate` where it has heard
    /// one already that the client said later, `isFirst` for a CONNECT of which it has heard no copy; `maySleep` where
    /// its session may live, and be kept however it has begun (AMB-02).
    mutating func heard(
        _ message: Message, _ datagram: [UInt8], of client: Int, isLate: Bool, isFirst: Bool, maySleep: Bool
    ) {
        switch message {
        case .connect(let connect):
            former[client] = views[client]
            begin(connect.flags, client, maySleep: maySleep)
            views[client].mustBeAsked = connect.flags.will && isFirst
        case .willTopic(let will):
            guard views[client].isSettingUp else { return }
            let version = heardTopic(will, datagram, client)
            views[client].setUpTopic = min(views[client].setUpTopic ?? version, version)
            if will.topic.isEmpty, !isLate { views[client].hasDeletedInSetUp = true }
            if isLate { views[client].isTopicDoubtful = true }
        case .willMessage(let content):
            guard views[client].isSettingUp else { return }
            let version = heardMessage(content, datagram, client)
            views[client].setUpMessage = min(views[client].setUpMessage ?? version, version)
        case .willTopicUpdate(let will):
            views[client].heardTopic = heardTopic(will, datagram, client)
            if !isLate { views[client].isDeleted = will.topic.isEmpty }
            if will.topic.isEmpty { views[client].isDefinite = false }
            views[client].isTopicDoubtful = isLate
        case .willMessageUpdate(let content):
            views[client].heardMessage = heardMessage(content, datagram, client)
        default: break
        }
    }

    private mutating func begin(_ flags: Flags, _ client: Int, maySleep: Bool) {
        // What a set-up that was given up has changed until then is not known.
        let isUnknown = views[client].isSettingUp && (views[client].isNew || views[client].asksForWill)
        if isUnknown { views[client].isDefinite = false }
        views[client].isSettingUp = true
        views[client].asksForWill = flags.will
        views[client].isNew = flags.cleanSession || views[client].wasClean || views[client].mayBeClean
        views[client].isCertainlyNew = flags.cleanSession || views[client].wasClean && !maySleep
        views[client].mayBeClean = views[client].mayBeClean || flags.cleanSession
        views[client].isAskedClean = flags.cleanSession
        (views[client].setUpTopic, views[client].setUpMessage) = (nil, nil)
        (views[client].hasDeletedInSetUp, views[client].isTopicDoubtful) = (false, false)
    }

    /// The version of the topic; of an empty one, a version that no topic has had.
    private mutating func heardTopic(_ will: WillTopic, _ datagram: [UInt8], _ client: Int) -> Int {
        guard let stamp = WillStamp(topicName: Array(datagram[will.topic])), stamp.client == client else {
            return views[client].lastTopic + 1
        }
        views[client].topicFloor = min(views[client].topicFloor, stamp.version)
        views[client].lastTopic = max(views[client].lastTopic, stamp.version)
        views[client].flags[stamp.version] = will.flags
        return stamp.version
    }

    private mutating func heardMessage(_ content: ByteRange, _ datagram: [UInt8], _ client: Int) -> Int {
        guard let stamp = WillStamp(message: Array(datagram[content])), stamp.client == client else { return 0 }
        views[client].messageFloor = min(views[client].messageFloor, stamp.version)
        views[client].lastMessage = max(views[client].lastMessage, stamp.version)
        return stamp.version
    }

    // MARK: Said to the client

    mutating func said(_ message: Message, to client: Int) {
        switch message {
        case .connectAcknowledgement(.accepted): connected(client)
        case .connectAcknowledgement:
            // What the set-up has changed until then is not known.
            if views[client].isNew || views[client].asksForWill { views[client].isDefinite = false }
            views[client].isSettingUp = false
        case .willTopicResponse, .willMessageResponse:
            // In a set-up it answers what was said before, and what the set-up says counts.
            guard !views[client].isSettingUp || !views[client].asksForWill else { return }
            willUpdateAnswered(message, client)
        default: break
        }
    }

    private mutating func willUpdateAnswered(_ message: Message, _ client: Int) {
        switch message {
        case .willTopicResponse(.accepted):
            guard !views[client].isTopicDoubtful else { return views[client].isDefinite = false }
            if views[client].isDeleted { return views[client].deleteAll() }
            views[client].topicFloor = views[client].heardTopic
            views[client].isDefinite = views[client].heardTopic > 0
        case .willMessageResponse(.accepted): views[client].messageFloor = views[client].heardMessage
        default: break
        }
    }

    private mutating func connected(_ client: Int) {
        guard views[client].isSettingUp else { return }
        views[client].isSettingUp = false
        let isAsked =
            views[client].setUpTopic != nil && (views[client].setUpMessage != nil || views[client].hasDeletedInSetUp)
        if views[client].mustBeAsked, !isAsked, !views[client].isTopicDoubtful {
            violate(client, "was not asked for, and the client is connected")
        }
        views[client].wasClean = views[client].isAskedClean
        views[client].mayBeClean = false
        if views[client].isNew, !views[client].asksForWill {
            views[client].isDefinite = false
            if views[client].isCertainlyNew { views[client].deleteAll() }
            return
        }
        guard views[client].asksForWill, let topic = views[client].setUpTopic else { return }
        guard !views[client].isTopicDoubtful else { return views[client].isDefinite = false }
        if views[client].hasDeletedInSetUp { return views[client].deleteAll() }
        views[client].topicFloor = topic
        views[client].messageFloor = views[client].setUpMessage ?? 0
        views[client].isDefinite = views[client].setUpMessage != nil
    }

    /// The gateway has lost its memory of a client: there is no Will until the client says one.
    mutating func gatewayForgot(_ client: Int) {
        views[client].isDefinite = false
        views[client].isSettingUp = false
        views[client].wasClean = true
    }

    /// The gateway has refused the CONNECT just heard, as it knows the client elsewhere: nothing has come of it.
    mutating func connectWasElsewhere(of client: Int) {
        if let view = former.removeValue(forKey: client) { views[client] = view }
    }

    /// The gateway has forgotten a CONNECT that it was carrying out: the session before is in force.
    mutating func setUpIsForgotten(of client: Int) { views[client].isSettingUp = false }

    /// The gateway knows what it knew then; what the client has said it has said all the same.
    mutating func remember(_ former: WillChecker) {
        for index in views.indices {
            let said = views[index]
            views[index] = former.views[index]
            (views[index].flags, views[index].lastTopic, views[index].lastMessage) =
                (said.flags, said.lastTopic, said.lastMessage)
            // What was published is on its way.
            views[index].credit = said.credit
            // A set-up that is forgotten may have told the broker, which keeps that until it is told something else.
            views[index].topicFloor = min(views[index].topicFloor, said.topicFloor)
            views[index].messageFloor = min(views[index].messageFloor, said.messageFloor)
        }
    }

    // MARK: Told to the broker

    private func hasDefiniteWill(_ client: Int) -> Bool {
        let view = views[client]
        // Until a set-up is complete the session before is in force, and the broker may be asked for either.
        guard view.isSettingUp, view.isDefinite else { return view.isDefinite }
        if view.asksForWill {
            return view.setUpTopic != nil && view.setUpMessage != nil && !view.hasDeletedInSetUp
        }
        return !view.isNew
    }

    /// The gateway sends CONNECT in a client's name.
    mutating func brokerIsAsked(_ connect: MQTT.Connect, _ packet: [UInt8], by client: Int) {
        guard let will = connect.will else {
            if hasDefiniteWill(client), !isHeldByGateway { violate(client, "is not told to the broker") }
            return
        }
        if isHeldByGateway { return violate(client, "is told to the broker, though the gateway keeps it") }
        check(
            Array(packet[will.topic]), Array(packet[will.payload]), will.qos, retain: will.retain, of: client,
            "is told to the broker")
    }

    /// What the gateway publishes itself goes at QoS 1 at the most, and at QoS 0 where the broker takes no more before
    /// it has acknowledged another message (MQTT 5.0 §4.9).
    private func mayPublish(_ asked: QualityOfService, at qos: DeliveryQoS) -> Bool {
        guard isHeldByGateway else { return false }
        return qos == .atLeastOnce && asked == .exactlyOnce || qos == .atMostOnce && isWindowNarrow
    }

    private mutating func check(
        _ topicName: [UInt8], _ message: [UInt8], _ qos: DeliveryQoS, retain: Bool?, of client: Int, _ what: String
    ) {
        let text = "\(String(decoding: topicName, as: UTF8.self)): \(String(decoding: message, as: UTF8.self))"
        let rule = rules.clients[client]
        guard let own = rule.own(topicName), let topic = WillStamp(topicName: own), topic.client == client,
            let flags = views[client].flags[topic.version]
        else { return violate(client, "\(what), which the client has not said: \(text)") }
        if topic.version < views[client].topicFloor { violate(client, "\(what) with an old topic, \(text)") }
        if qos.rawValue != flags.qos.rawValue, !mayPublish(flags.qos, at: qos) {
            violate(client, "\(what) at another QoS, \(text)")
        }
        if !rule.mayPublish(to: own, qos: flags.qos.rawValue) {
            violate(client, "\(what), which its rule forbids, \(text)")
        }
        if let retain, retain != (flags.retain && rule.passesRetain) {
            violate(client, "\(what) with another Retain, \(text)")
        }
        guard !message.isEmpty else { return }
        guard let stamp = WillStamp(message: message), stamp.client == client,
            stamp.version <= views[client].lastMessage
        else { return violate(client, "\(what) with a message that the client has not said, \(text)") }
        if stamp.version < views[client].messageFloor { violate(client, "\(what) with an old message, \(text)") }
    }

    // MARK: Published

    /// A broker connection ended without DISCONNECT and its Will is published; `isExplained` where that is no wonder.
    mutating func published(
        _ topicName: [UInt8], _ message: [UInt8], _ qos: DeliveryQoS, retain: Bool, of client: Int, isExplained: Bool
    ) {
        publishedCount += 1
        check(topicName, message, qos, retain: retain, of: client, "is published")
        if !isExplained { violate(client, "is published, though nothing has failed") }
    }

    /// The gateway has given a client up; `isPublished` where it says that it published the Will in the broker's place.
    mutating func gatewayPublished(of client: Int) { views[client].credit += 1 }

    /// The broker received a message on a Will's topic from the client's own connection.
    mutating func received(_ topicName: [UInt8], _ message: [UInt8], _ qos: DeliveryQoS, from client: Int) {
        publishedCount += 1
        guard isHeldByGateway, views[client].credit > 0 else {
            return violate(client, "is published by the gateway, and the client was not given up")
        }
        views[client].credit -= 1
        check(topicName, message, qos, retain: nil, of: client, "is published by the gateway")
    }

    /// The gateway has closed the broker connection of a client.
    mutating func left(_ client: Int, isPolite: Bool, isGivenUp: Bool) {
        if isGivenUp, isPolite { violate(client, "is lost: the broker is told that the client has left") }
        if !isGivenUp, !isPolite { violate(client, "would be published: the gateway leaves the broker without a word") }
    }

    /// The gateway gives a client up in one event; `hasSaid` whether it has said what became of a Will that it holds.
    mutating func gaveUp(_ client: Int, hasSaid: Bool) {
        if isHeldByGateway, views[client].isDefinite, !views[client].isSettingUp, !hasSaid {
            violate(client, "is held by the gateway and not published")
        }
    }
}
