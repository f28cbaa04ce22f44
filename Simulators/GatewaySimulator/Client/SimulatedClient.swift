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
    /// Whether the last `connect` was accepted.
    var isAccepted = false
    var connecting: ClientRequest<ClientConnectionStep>?
    /// Outlives a connection, so that an exchange can be resumed.
    var publishing: ClientRequest<ClientPublishStep>?
    var subscribing: ClientRequest<ClientSubscribeStep>?
    /// The change of the Will that is open.
    var willUpdating: ClientRequest<ClientWillStep>?
    var publications: [ClientPublication] = []
    var subscriptionRequests: [ClientSubscriptionRequest] = []
    var topics = ClientTopicTable()
    /// Message ids of QoS 2 messages that were received and not yet released.
    var receivedMessageIDs: Set<MessageID> = []
    /// The message id of the first publication, where a new connection must repeat its PUBLISH.
    var interruptedMessageID: MessageID?
    /// How often the first publication was told that its topic id is invalid.
    var renewalCount = 0
    /// The Duration of the last DISCONNECT that had one.
    var sleepSeconds: UInt16 = 0
    var lastSent = Instant(nanoseconds: 0)
    var lastHeard = Instant(nanoseconds: 0)
    private var lastMessageID: MessageID = 0

    package init(configuration: SimulatedClientConfiguration) { self.configuration = configuration }

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
        publications.isEmpty && subscriptionRequests.isEmpty && connecting == nil && willUpdating == nil
    }

    /// Whether no SUBSCRIBE or UNSUBSCRIBE waits or is open.
    package var isSubscriptionIdle: Bool { subscriptionRequests.isEmpty }

    /// What the last `connect` asked for.
    package var isInCleanSession: Bool { options.cleanSession }

    /// Whether a `connect` with these options now begins a session. A clean one ends with its connection, also where
    /// the next is not clean; what a connection that was never acknowledged has begun is not known.
    package func beginsSession(_ wanted: ClientConnectOptions) -> Bool {
        options.cleanSession || wanted.cleanSession || (isNewSession && !isAccepted)
    }

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
    /// Message ids go on where they were, as on a device that keeps the number or draws the first one by chance:
    /// MQTT-SN cannot tell a new request from a repeated one otherwise.
    ///
    /// - Parameter keepsMemory: Whether topic ids, open exchanges and what waits to be sent survive.
    package mutating func reboot(keepsMemory: Bool) {
        state = .disconnected
        connecting = nil
        subscribing = nil
        willUpdating = nil
        guard !keepsMemory else { return }
        topics.removeAll()
        receivedMessageIDs = []
        publications = []
        subscriptionRequests = []
        publishing = nil
        interruptedMessageID = nil
        renewalCount = 0
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

    /// 1…65535, and none that is in use.
    mutating func newMessageID() -> MessageID {
        repeat {
            lastMessageID = lastMessageID == .max ? 1 : lastMessageID + 1
        } while lastMessageID == publishing?.messageID || lastMessageID == subscribing?.messageID
            || lastMessageID == interruptedMessageID
        return lastMessageID
    }
}
