import Bytes
import MQTTSN
package import Time

/// An MQTT-SN 1.2 client as a pure state machine: it is told times and datagrams, and leaves datagrams and events.
///
/// It has one exchange open at a time, as a client shall (§6.5, §6.6): what is asked of it meanwhile waits in a queue,
/// which its owner keeps short by waiting for `published`.
package struct SensorClient {
    package let options: ClientOptions
    /// Datagrams to be sent, in their order; the owner takes them away.
    package var outbox: [[UInt8]] = []
    /// What has happened, in its order; the owner takes it away.
    package var events: [ClientEvent] = []

    var phase = Phase.idle
    /// What an answer is waited for.
    var pending: Pending?
    /// What waits for its turn, as much as the owner asks for.
    var requests: [Request] = []
    /// The client's own ids of topic names.
    var idsByName: [[UInt8]: TopicID] = [:]
    /// The names of ids that the gateway may use.
    var namesByID: [TopicID: [UInt8]] = [:]
    /// Octets of the names that are remembered; a gateway that registers more has them refused.
    static let maximumNameByteCount = 16_777_216
    var nameByteCount = 0
    /// MsgIds of QoS 2 messages whose PUBREL is still to come, oldest first.
    var received: [MessageID] = []
    static let maximumReceivedCount = 1_024
    var subscriptions: [Subscription] = []
    /// Connections that were made anew since anything succeeded.
    var reconnectCount = 0
    static let maximumReconnectCount = 3
    /// Wake-ups in a row that nobody answered.
    var missedWakeUpCount = 0
    static let maximumMissedWakeUpCount = 3
    /// Until when the end waits for the rest of QoS 2 exchanges; nil: no end is asked for.
    var finishDeadline: Instant?
    private var lastMessageID: MessageID
    private var lastSent = Instant(nanoseconds: 0)
    private let envelope: Envelope

    /// Where the client stands (§6.14).
    enum Phase: Equatable {
        case idle
        case connecting
        case active
        case asleep(until: Instant)
        case awake
        case ended
    }

    /// What its owner asks for.
    enum Request: Equatable {
        case subscribe(Subscription)
        case publish(Publication)
    }

    /// A message whose answer has not come yet.
    struct Pending: Equatable {
        var exchange: ClientExchange
        /// As it was sent; nil where the same message is not repeated.
        var message: [UInt8]
        var messageID: MessageID = 0
        /// What it is about, where something is.
        var request: Request?
        var repeatCount = 0
        var deadline: Instant
    }

    package init(_ options: ClientOptions) {
        self.options = options
        lastMessageID = options.firstMessageID &- 1
        envelope = Envelope(nodeID: options.nodeID, usesLongLength: options.usesLongLength)
    }

    // MARK: What the owner asks for

    /// Begins: CONNECT.
    package mutating func connect(at now: Instant) {
        guard phase == .idle else { return }
        sendConnect(at: now)
    }

    package mutating func subscribe(_ subscription: Subscription, at now: Instant) {
        requests.append(.subscribe(subscription))
        advance(at: now)
    }

    /// Publishes when its turn comes; at QoS −1 at once, connected or not.
    package mutating func publish(_ publication: Publication, at now: Instant) {
        guard publication.qos != .minusOne else {
            sendPublish(publication, at: now)
            return
        }
        requests.append(.publish(publication))
        advance(at: now)
    }

    /// Ends when what was asked for is done: DISCONNECT, or at once where there is no connection.
    package mutating func finish(at now: Instant) {
        guard finishDeadline == nil, phase != .ended else { return }
        finishDeadline = now + options.retryInterval * (options.retryCount + 1)
        switch phase {
        case .idle: end(.ended)
        case .asleep: sendDisconnect(at: now)
        case .connecting, .active, .awake: advance(at: now)
        case .ended: break
        }
    }

    package var hasEnded: Bool { phase == .ended }

    /// Whether its end has been asked for.
    package var isFinishing: Bool { finishDeadline != nil }

    /// Whether nothing is asked for that is not done.
    package var isIdle: Bool { pending == nil && requests.isEmpty }

    // MARK: Time

    /// When `timePassed` must be called, at the latest; nil: only a datagram or its owner can change anything.
    package var deadline: Instant? {
        if let pending { return pending.deadline }
        switch phase {
        case .asleep(let until): return until
        case .active: return [keepAliveDeadline, finishDeadline].compactMap(\.self).min()
        case .idle, .connecting, .awake, .ended: return nil
        }
    }

    /// When a PINGREQ is due: well within the keep-alive time (§6.11).
    private var keepAliveDeadline: Instant? {
        guard options.keepAliveSeconds > 0 else { return nil }
        return lastSent + .milliseconds(Int(options.keepAliveSeconds) * 750)
    }

    /// Does what is due at `now`; being called too early does no harm.
    package mutating func timePassed(at now: Instant) {
        if let pending {
            if now >= pending.deadline { answerIsMissing(at: now) }
            return
        }
        switch phase {
        case .asleep(let until): if now >= until { wakeUp(at: now) }
        case .active:
            if let finishDeadline, now >= finishDeadline {
                sendDisconnect(at: now)
            } else if let keepAliveDeadline, now >= keepAliveDeadline {
                send(.pingRequest(clientID: 0..<0), for: .ping, at: now)
            }
        case .idle, .connecting, .awake, .ended: break
        }
    }

    /// Repeats what waits for its answer, or gives it up.
    private mutating func answerIsMissing(at now: Instant) {
        guard var late = pending else { return }
        guard late.repeatCount < options.retryCount else {
            giveUp(late.exchange, at: now)
            return
        }
        late.repeatCount += 1
        late.deadline = now + options.retryInterval
        if late.exchange == .publish { Self.markDuplicate(&late.message) }
        pending = late
        post(late.message, at: now)
        events.append(.repeated(late.exchange))
    }

    private mutating func giveUp(_ exchange: ClientExchange, at now: Instant) {
        switch exchange {
        // It ends all the same.
        case .disconnect: end(.ended)
        case .wakeUp:
            missedWakeUpCount += 1
            if finishDeadline != nil {
                end(.ended)
            } else if missedWakeUpCount < Self.maximumMissedWakeUpCount {
                sleepOn(at: now)
            } else {
                end(.failed(.noAnswer(.wakeUp)))
            }
        case .connect, .willTopic, .willMessage, .register, .subscribe, .publish, .release, .ping, .sleep:
            end(.failed(.noAnswer(exchange)))
        }
    }

    // MARK: The straight line

    /// Begins what comes next, when nothing is open.
    mutating func advance(at now: Instant) {
        guard phase == .active, pending == nil else { return }
        guard requests.isEmpty else {
            switch requests.removeFirst() {
            case .subscribe(let subscription): sendSubscribe(subscription, at: now)
            case .publish(let publication): beginPublish(publication, at: now)
            }
            return
        }
        if finishDeadline != nil {
            // What has come at QoS 2 is the gateway's to end.
            if received.isEmpty { sendDisconnect(at: now) }
        } else if options.sleepSeconds != nil {
            goToSleep(at: now)
        }
    }

    mutating func end(_ event: ClientEvent) {
        (phase, pending) = (.ended, nil)
        requests.removeAll()
        events.append(event)
    }

    /// The exchange that was open has succeeded.
    mutating func complete(at now: Instant) {
        pending = nil
        reconnectCount = 0
        advance(at: now)
    }

    // MARK: Sending

    mutating func nextMessageID() -> MessageID {
        lastMessageID &+= 1
        if lastMessageID == 0 { lastMessageID = 1 }
        return lastMessageID
    }

    /// Sends `message`, whose ranges index `bytes`, and waits for what answers it.
    mutating func send(
        _ message: Message, from bytes: [UInt8] = [], for exchange: ClientExchange, messageID: MessageID = 0,
        about request: Request? = nil, at now: Instant
    ) {
        guard message.encodedByteCount <= Envelope.maximumDatagramByteCount else {
            end(.failed(.tooLong))
            return
        }
        var encoded: [UInt8] = []
        encoded.appendMessage(message, from: bytes.span.bytes)
        pending = Pending(
            exchange: exchange, message: encoded, messageID: messageID, request: request,
            deadline: now + options.retryInterval)
        post(encoded, at: now)
    }

    /// Sends `message`, which needs no answer.
    mutating func reply(_ message: Message, at now: Instant) {
        var encoded: [UInt8] = []
        encoded.appendMessage(message)
        post(encoded, at: now)
    }

    mutating func post(_ message: [UInt8], at now: Instant) {
        guard let datagram = envelope.datagram(carrying: message) else {
            end(.failed(.tooLong))
            return
        }
        outbox.append(datagram)
        lastSent = now
    }

    /// Sets DUP in an encoded PUBLISH, whose Flags follow MsgType (§5.4.12).
    private static func markDuplicate(_ message: inout [UInt8]) {
        let flags = message.first == 1 ? 4 : 2
        if message.indices.contains(flags) { message[flags] |= 0x80 }
    }

    // MARK: Receiving

    /// Takes a datagram that came from the gateway.
    package mutating func receive(_ datagram: [UInt8], at now: Instant) {
        guard phase != .ended else { return }
        guard let (message, bytes) = envelope.message(in: datagram) else {
            events.append(.nonsense(first: Array(datagram.prefix(16))))
            return
        }
        // A gateway that sends what waited has heard the sleeper (§6.14).
        if pending?.exchange == .wakeUp { pending?.deadline = now + options.retryInterval }
        handle(message, bytes, at: now)
    }
}
