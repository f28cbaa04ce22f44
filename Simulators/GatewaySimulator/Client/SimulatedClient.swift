import Bytes
import MQTTSN
package import Time

/// An MQTT-SN 1.2 client as a pure state machine: no sockets, no clock, no randomness.
///
/// The host feeds events with the time and carries out the effects in order. A device that dies is a client that gets
/// no more events. Behind a forwarder the same client speaks and hears inner messages; wrapping them is the network's
/// part.
package struct SimulatedClient: Sendable {
    /// Where the client stands (MQTT-SN 1.2 §6.14).
    package enum State: Equatable, Sendable {
        case disconnected
        /// From CONNECT to CONNACK.
        case connecting
        case active
        /// DISCONNECT is sent.
        case disconnecting
        /// DISCONNECT with a Duration is sent.
        case fallingAsleep
        /// The radio is off: what comes is not heard.
        case asleep
        /// From the PINGREQ of a sleeper to the PINGRESP.
        case awake
    }

    package let configuration: SimulatedClientConfiguration
    package internal(set) var state = State.disconnected

    var now = Instant(nanoseconds: 0)
    /// Those of the last `connect`.
    var options = ClientConnectOptions()
    /// Whether the last `connect` began a session, so that nothing of an earlier one is remembered elsewhere.
    var isNewSession = true
    /// Whether the last `connect` may have ended a sleep: that session goes on, also a clean one (AMB-02).
    var mayHaveSlept = false
    /// Whether it has fallen asleep since it was connected last.
    var hasSlept = false
    /// Whether the last `connect` was accepted.
    var isAccepted = false
    var hasConnected = false
    var connecting: ClientRequest<ClientConnectionStep>?
    /// What keeps the first of `publications` from being sent.
    var registering: ClientRequest<ClientRegisterStep>?
    /// The name of that REGISTER; another publication may be the first to wait when it is answered.
    var registeringName: [UInt8] = []
    /// In the order in which they were sent; they outlive a connection, so that an exchange can be resumed.
    var openPublications: [OpenPublication] = []
    var subscribing: ClientRequest<ClientSubscribeStep>?
    /// The change of the Will that is open.
    var willUpdating: ClientRequest<ClientWillStep>?
    /// Those that are not open, in the order in which they will be sent.
    var publications: [WaitingPublication] = []
    var subscriptionRequests: [ClientSubscriptionRequest] = []
    var topics = ClientTopicTable()
    var receivedMessages: ReceivedMessages
    var messageIDs: ClientMessageIDs
    /// The Duration of the last DISCONNECT that had one.
    var sleepSeconds: UInt16 = 0
    var lastSent = Instant(nanoseconds: 0)
    var lastHeard = Instant(nanoseconds: 0)

    package init(configuration: SimulatedClientConfiguration) {
        self.configuration = configuration
        receivedMessages = ReceivedMessages(
            compares: configuration.comparesMessages,
            memory: configuration.retryInterval * (configuration.retryCount + 1))
        messageIDs = ClientMessageIDs(limit: configuration.messageIDLimit, rest: configuration.messageIDRest)
    }

    /// Takes one event and appends what it causes.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - bytes: The datagram of `datagramReceived`; empty otherwise.
    ///   - now: The host's time, never earlier than at the event before.
    ///   - effects: Where the effects are appended; the host clears it.
    package mutating func handle(
        _ event: ClientEvent, _ bytes: RawSpan, at now: Instant, into effects: inout ClientEffects
    ) {
        self.now = now
        switch event {
        case .datagramReceived: receive(bytes, into: &effects)
        case .deadlineReached: deadlineReached(into: &effects)
        case .commanded(let command): carryOut(command, into: &effects)
        }
    }

    /// Whether nothing waits to be sent or acknowledged.
    package var isIdle: Bool {
        publications.isEmpty && openPublications.isEmpty && subscriptionRequests.isEmpty && connecting == nil
            && willUpdating == nil
    }

    /// What waits to be sent or acknowledged, in words.
    package var standing: String {
        var words: [String] = []
        if let open = openPublications.first {
            words.append("publishing at QoS \(open.publication.qos.rawValue) (\(open.request.step))")
        } else if let waiting = publications.first {
            let step = registering.map { "\($0.step)" } ?? "waiting"
            words.append("publishing at QoS \(waiting.publication.qos.rawValue) (\(step))")
        }
        if let wanted = subscriptionRequests.first {
            let step = subscribing.map { "\($0.step)" } ?? "waiting"
            words.append("\(wanted.qos == nil ? "unsubscribing" : "subscribing") (\(step))")
        }
        if let connecting { words.append("asking (\(connecting.step))") }
        if willUpdating != nil { words.append("changing its Will") }
        return words.isEmpty ? "idle" : words.joined(separator: ", ")
    }

    /// Whether no SUBSCRIBE or UNSUBSCRIBE waits or is open.
    package var isSubscriptionIdle: Bool { subscriptionRequests.isEmpty }

    /// Whether a new session was asked for and no gateway has accepted one since.
    package var awaitsNewSession: Bool { isNewSession && options.cleanSession && !isAccepted && hasConnected }

    /// Whether it knows the topic id of a name.
    package func knowsTopic(_ name: [UInt8]) -> Bool { topics.topicID(of: name) != nil }

    package var waitingPublicationCount: Int { publications.count }

    package var openPublicationCount: Int { openPublications.count }

    /// What the last `connect` asked for.
    package var isInCleanSession: Bool { options.cleanSession }

    /// Whether a `connect` with these options now begins a session. A clean one ends with its connection, also where
    /// the next is not clean; what a connection that was never acknowledged has begun is not known.
    package func beginsSession(_ wanted: ClientConnectOptions) -> Bool {
        options.cleanSession || wanted.cleanSession || (isNewSession && !isAccepted)
    }

    /// Whether what was received in the session before means nothing in the one that is accepted now.
    var forgetsReceived: Bool { isNewSession && !mayHaveSlept }

    private mutating func carryOut(_ command: ClientCommand, into effects: inout ClientEffects) {
        switch command {
        case .connect(let options): connect(options, into: &effects)
        case .publish(let publication): publish(publication, into: &effects)
        case .subscribe(let topic, let qos):
            subscriptionRequests.append(ClientSubscriptionRequest(topic: topic, qos: qos))
            continueSubscribing(into: &effects)
        case .unsubscribe(let topic):
            subscriptionRequests.append(ClientSubscriptionRequest(topic: topic, qos: nil))
            continueSubscribing(into: &effects)
        case .updateWillTopic(let will): updateWill(.topic(will), into: &effects)
        case .updateWillMessage(let payload): updateWill(.message(payload), into: &effects)
        case .disconnect: disconnect(into: &effects)
        case .sleep(let seconds): sleep(seconds, into: &effects)
        case .wakeUp: wakeUp(into: &effects)
        }
    }

    /// The device starts again; it says nothing before the next command.
    ///
    /// - Parameters:
    ///   - keepsMemory: Whether topic ids, open exchanges and what waits to be sent survive.
    ///   - countsAnew: Whether message ids begin at 1 again. That is only for a device that was off for longer
    ///     than an id rests: MQTT-SN cannot tell a new request from a repeated one otherwise. Others keep the number,
    ///     or draw the first one by chance.
    package mutating func reboot(keepsMemory: Bool, countsAnew: Bool = false) {
        state = .disconnected
        connecting = nil
        endSubscribeRequest()
        willUpdating = nil
        guard !keepsMemory else { return }
        topics.removeAll()
        receivedMessages.removeAll()
        let ended = configuration.reusesMessageIDs ? usedRequestIDs : usedMessageIDs
        for messageID in ended { messageIDs.end(messageID, at: now) }
        publications = []
        openPublications = []
        subscriptionRequests = []
        registering = nil
        if countsAnew { messageIDs.countAnew() }
    }

    // MARK: Sending

    /// Sends a message whose ranges index `source`.
    mutating func send(_ message: Message, _ source: [UInt8] = [], into effects: inout ClientEffects) {
        let start = effects.bytes.count
        effects.bytes.appendMessage(message, from: source.span.bytes)
        effects.list.append(.send(start..<effects.bytes.count))
        lastSent = now
    }

    /// An open request with the message that was just sent.
    func request<Step>(_ step: Step, messageID: MessageID = 0) -> ClientRequest<Step> {
        ClientRequest(step: step, messageID: messageID, retryAt: now + configuration.retryInterval)
    }

    /// A pause after "rejected: congestion" (MQTT-SN 1.2 §5.3.10).
    func pause<Step>(_ step: Step) -> ClientRequest<Step> {
        ClientRequest(step: step, retryAt: now + configuration.congestionPause)
    }

    /// 1…65535, and none that is in use; nil where there is none at the moment.
    mutating func newMessageID() -> MessageID? {
        let used = usedMessageIDs
        return messageIDs.take(at: now) { used.contains($0) }
    }

    mutating func spareMessageID() -> MessageID? {
        let used = usedMessageIDs
        return messageIDs.takeSpare(at: now) { used.contains($0) }
    }

    private var usedMessageIDs: [MessageID] {
        openPublications.map(\.messageID) + publications.lazy.map(\.messageID).filter { $0 != 0 } + usedRequestIDs
    }

    /// Of what is no publication.
    private var usedRequestIDs: [MessageID] { [registering?.messageID, subscribing?.messageID].compactMap { $0 } }

    /// The publication that is under way, or waits, under a message id.
    func publication(under messageID: MessageID) -> ClientPublication? {
        openPublications.first { $0.messageID == messageID }?.publication
            ?? publications.first { $0.messageID == messageID }?.publication
    }

    /// Whether the client has not heard of an end of the publication that is under way under a message id.
    func awaitsFirstAnswer(under messageID: MessageID) -> Bool {
        openPublications.contains { $0.messageID == messageID && $0.request.step == .publish }
    }
}
