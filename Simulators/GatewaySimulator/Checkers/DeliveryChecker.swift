import GatewayCore
import MQTT
import MQTTSN
import Time

/// What the broker handed to a client's session decides what the client gets: nothing else, nothing that was
/// acknowledged is missing, and at QoS 2 nothing comes twice.
///
/// - The gateway sends a client nothing that the broker has not handed to that client's session, nothing of a session
///   that ended because the client began a new one, and QoS 0 at most once per copy, in order.
/// - When the broker is told that a client has a QoS 1 or 2 message, the client has it. A message that the gateway says
///   it had to drop is acknowledged without, and it says so only of one that no datagram holds, that the client itself
///   has rejected, that a client which understands no REGISTER cannot be sent, or that it has left unanswered for a
///   whole exchange, the REGISTER that it needs included, and that lies with too many of the kind
///   (`clients.undeliverable`); or of one whose time is up.
/// - Nothing is sent for the first time when its time is up (MQTT 5.0 §3.3.2.3.3), and nothing at all that the client's
///   rule keeps from it: that is acknowledged in its place.
/// - QoS 2 arrives once per copy. A client that has lost its memory between PUBLISH and PUBREL may get that message
///   again: nobody else can know.
/// - Messages of QoS 1 and 2 that were handed over once arrive for the first time in the order in which they were
///   handed, topic by topic; one that the client has left unanswered for a whole exchange has let the others pass.
struct DeliveryChecker {
    private struct Key: Hashable {
        var client: Int
        var stamp: Stamp
    }

    private struct Delivery {
        var age = 0
        /// By QoS.
        var handed = [0, 0, 0]
        var lastHanded = 0
        var payloadByteCount = 0
        var atMostOnceSends = 0
        /// At QoS 1 and 2, repetitions included.
        var sends = 0
        /// By QoS; and how many of QoS 2 await their PUBREL, or have been forgotten by the client while they did.
        var receipts = [0, 0, 0]
        var noted = 0
        var forgotten = 0
        var releasedAt: Instant?
        var acknowledgements = 0
        var rejections = 0
        /// Acknowledgements in the place of the client, of messages that the gateway said it dropped.
        var drops = 0
        /// Until when the copies are good that the gateway has read; nil for the last one for ever.
        var expiries: [Instant] = []
        var expiresAt: Instant?
        /// Whether a copy has come that the client may have begun at QoS 2, and that is brought to its end.
        var isBegun = false

        var handedCount: Int { handed.reduce(0, +) }
        var receiptCount: Int { receipts[1] + receipts[2] }
    }

    /// Why the gateway says that it has dropped a message.
    enum DropReason {
        case tooLong
        /// The client has rejected it, or its topic.
        case notRegistered
        /// Too many already wait for a client that does not take them, or for a topic id (`clients.undeliverable`).
        case undeliverable
        case expired
    }

    private struct Drop {
        var reason: DropReason
        var byteCount: Int
        /// Topics of which the client had left every REGISTER unanswered then.
        var unansweredTopics: Set<Int>
    }

    private struct ClientView {
        /// Whether it understands no REGISTER.
        var isUnteachable = false
        /// The number of the handing at the latest start of a broker session, and the one before which all is void.
        var handedAtOpening = 0
        var voidBefore = 0
        var isBeginningAnew = false
        /// Whether the last CONNECT was clean, and the last that was accepted.
        var isAskedClean = false
        var isAcceptedClean = false
        /// Those that have not been acknowledged.
        var drops: [Drop] = []
        /// The latest that has come for the first time, at QoS 1 and 2, of each topic.
        var lastFirstReceipts: [Int: Int] = [:]
        /// By topic, the REGISTER that the client has not answered, and how often it has been sent.
        var registers: [Int: (messageID: MessageID, count: Int)] = [:]
        /// By topic, as MQTT keeps order inside one (MQTT 3.1.1 §4.6): what the client has still to be told of waits.
        var lastAtMostOnceSend: [Int: Int] = [:]
    }

    /// More octets of payload than a datagram to a client of the world holds for certain, and fewer than it may hold.
    private let room: Int
    private var deliveries: [Key: Delivery] = [:]
    private var clients: [ClientView]
    private var handedCount = 0
    private var age = 0
    private(set) var violation: String?
    /// Copies that arrived at clients, for the statistics.
    private(set) var receivedCount = 0

    /// Octets of a PUBLISH besides its payload, short as it can be.
    private static let leastOverhead = 7

    private let rules: WorldRules
    /// Normal topic ids that a client can have.
    private let topicLimit: Int
    /// Nretry + 1.
    private let copiesPerExchange: Int

    init(clientCount: Int, plan: WorldPlan) {
        copiesPerExchange = (plan.gateway.links.map(\.retryCount).min() ?? 0) + 1
        (rules, topicLimit) = (plan.rules, plan.gateway.limits.topicsPerClient)
        clients = Array(repeating: ClientView(), count: clientCount)
        // An envelope may take most of it.
        room = plan.gateway.links[0].maximumDatagramByteCount - Self.leastOverhead - plan.longestEnvelopeByteCount
    }

    private mutating func violate(_ text: String) { if violation == nil { violation = text } }

    mutating func clientIsUnteachable(_ client: Int) { clients[client].isUnteachable = true }

    // MARK: The broker

    mutating func handed(_ stamp: Stamp, to client: Int, byteCount: Int, _ qos: DeliveryQoS) {
        let key = Key(client: client, stamp: stamp)
        deliveries[key, default: Delivery()].handed[Int(qos.rawValue)] += 1
        deliveries[key]?.lastHanded = handedCount
        deliveries[key]?.payloadByteCount = byteCount
        deliveries[key]?.age = age
    }

    /// Whatever it was: every handing has a number.
    mutating func countHanding() { handedCount += 1 }

    mutating func brokerOpened(_ client: Int, isPresent: Bool) {
        if !isPresent { clients[client].handedAtOpening = handedCount }
    }

    /// The gateway reads a copy of the message, which is good until then, or nil for ever; or one that `isBegun`.
    mutating func gatewayReads(_ stamp: Stamp, for client: Int, until expiresAt: Instant?, isBegun: Bool) {
        let key = Key(client: client, stamp: stamp)
        if isBegun { deliveries[key]?.isBegun = true }
        deliveries[key]?.expiresAt = expiresAt
        if let expiresAt { deliveries[key]?.expiries.append(expiresAt) }
    }

    mutating func brokerWasAcknowledged(_ stamp: Stamp, by client: Int, at now: Instant) {
        let key = Key(client: client, stamp: stamp)
        deliveries[key, default: Delivery()].acknowledgements += 1
        guard let delivery = deliveries[key], delivery.receiptCount + delivery.drops < delivery.acknowledgements
        else { return }
        // What its rule keeps from the client is dropped at once.
        if !rules.mayHear(stamp, client) { return }
        if takeDrop(of: stamp, delivery, client, at: now) {
            deliveries[key]?.drops += 1
        } else {
            violate("the broker was told that client \(client) has \(stamp), and it has not")
        }
    }

    /// Whether the gateway has said, and might say, that it dropped the message.
    private mutating func takeDrop(
        of stamp: Stamp, _ delivery: Delivery, _ client: Int, at now: Instant
    ) -> Bool {
        let areTopicsFew = topicLimit < rules.visibleNameCount(to: client)
        let index = clients[client].drops.firstIndex { drop in
            guard drop.byteCount == delivery.payloadByteCount else { return false }
            switch drop.reason {
            case .tooLong: return drop.byteCount > room
            case .notRegistered: return delivery.rejections > 0 || clients[client].isUnteachable
            case .undeliverable:
                // Who answers no REGISTER leaves what needs it unanswered.
                return delivery.rejections > 0 || clients[client].isUnteachable || areTopicsFew
                    || delivery.sends >= copiesPerExchange || drop.unansweredTopics.contains(rules.number(of: stamp))
            // The gateway's clock counts whole seconds, and so does that of its records.
            case .expired: return delivery.expiries.contains { now + .seconds(2) >= $0 }
            }
        }
        guard let index else { return false }
        clients[client].drops.remove(at: index)
        return true
    }

    // MARK: The client

    /// The gateway hears a CONNECT of the client; a new session ends what was before. That of a sleeper is kept,
    /// however it has begun (AMB-02).
    mutating func connectReachedGateway(_ client: Int, isClean: Bool, maySleep: Bool) {
        clients[client].isBeginningAnew = isClean || clients[client].isAcceptedClean && !maySleep
        clients[client].isAskedClean = isClean
    }

    /// The client has rejected a message.
    mutating func rejected(_ stamp: Stamp, by client: Int) {
        deliveries[Key(client: client, stamp: stamp)]?.rejections += 1
    }

    mutating func received(_ stamp: Stamp, by client: Int, qos: QualityOfService) {
        receivedCount += 1
        let key = Key(client: client, stamp: stamp)
        guard var delivery = deliveries[key], qos != .minusOne else {
            return violate("client \(client) got \(stamp), which is not for it")
        }
        delivery.receipts[Int(qos.rawValue)] += 1
        if qos == .exactlyOnce { delivery.noted += 1 }
        deliveries[key] = delivery
        if qos == .exactlyOnce, delivery.receipts[2] > delivery.handed[2] + delivery.forgotten {
            violate("client \(client) got \(stamp) \(delivery.receipts[2]) times at QoS 2")
        }
        if qos != .atMostOnce, delivery.receiptCount == 1, delivery.handedCount == 1 {
            checkOrder(stamp, delivery, client)
        }
    }

    private mutating func checkOrder(_ stamp: Stamp, _ delivery: Delivery, _ client: Int) {
        // One that was rejected comes again, behind what was taken.
        guard delivery.rejections + delivery.drops == 0 else { return }
        // What was left unanswered for a whole exchange has let the others pass (AMB-22).
        guard delivery.sends <= copiesPerExchange else { return }
        // MQTT keeps order inside a topic (MQTT 3.1.1 §4.6); what the client cannot take yet lets other topics pass.
        let topic = rules.number(of: stamp)
        let last = clients[client].lastFirstReceipts[topic] ?? 0
        if delivery.lastHanded < last { violate("client \(client) got \(stamp) after a later message") }
        clients[client].lastFirstReceipts[topic] = delivery.lastHanded
    }

    /// The client has completed the exchange of a QoS 2 message and forgotten its message id.
    mutating func released(_ stamp: Stamp, by client: Int, at now: Instant) {
        let key = Key(client: client, stamp: stamp)
        guard let delivery = deliveries[key] else { return }
        deliveries[key]?.noted = max(0, delivery.noted - 1)
        deliveries[key]?.releasedAt = now
    }

    /// Whether a copy of a QoS 2 message that the gateway sent then comes after its exchange has ended at the client.
    func isLateCopy(_ stamp: Stamp, for client: Int, sentAt: Instant) -> Bool {
        guard let delivery = deliveries[Key(client: client, stamp: stamp)], let releasedAt = delivery.releasedAt
        else { return false }
        return sentAt <= releasedAt
    }

    /// The client has lost its memory: it does not know again what awaits its PUBREL.
    mutating func clientForgot(_ client: Int) {
        for (key, delivery) in deliveries where key.client == client {
            deliveries[key]?.forgotten += delivery.noted
            deliveries[key]?.noted = 0
        }
    }

    /// The client has begun a new session, and awaits nothing of the one before.
    mutating func clientBeganAnew(_ client: Int) {
        for key in deliveries.keys where key.client == client { deliveries[key]?.noted = 0 }
    }

    // MARK: The gateway

    /// Whether the last CONNECT that the gateway accepted was clean.
    func isInCleanSession(_ client: Int) -> Bool { clients[client].isAcceptedClean }

    /// The gateway has refused the client's CONNECT, so the old session goes on if there is one.
    mutating func sessionRefused(_ client: Int) { clients[client].isBeginningAnew = false }

    mutating func sessionAccepted(_ client: Int) {
        if clients[client].isBeginningAnew { clients[client].voidBefore = clients[client].handedAtOpening }
        clients[client].isBeginningAnew = false
        clients[client].isAcceptedClean = clients[client].isAskedClean
    }

    /// The gateway knows of the clients' sessions what it knew then.
    mutating func remember(_ former: DeliveryChecker) {
        // What it has decided to send since, and needed the disk for, has not left.
        for key in deliveries.keys {
            deliveries[key]?.atMostOnceSends = former.deliveries[key]?.atMostOnceSends ?? 0
        }
        for index in clients.indices {
            let view = former.clients[index]
            clients[index].isBeginningAnew = false
            clients[index].isAskedClean = view.isAcceptedClean
            clients[index].isAcceptedClean = view.isAcceptedClean
            clients[index].voidBefore = view.voidBefore
            // How often a client was asked before it was passed over is in its record.
            clients[index].registers = view.registers
            clients[index].lastAtMostOnceSend = view.lastAtMostOnceSend
        }
    }

    /// The gateway says that it dropped a message, too long for its datagrams or one that the client does not take.
    mutating func dropped(for client: Int, byteCount: Int, _ reason: DropReason) {
        let unanswered = clients[client].registers.filter { $0.value.count >= copiesPerExchange }
        clients[client].drops.append(
            Drop(reason: reason, byteCount: byteCount, unansweredTopics: Set(unanswered.keys)))
    }

    /// The gateway tells the client an id of a topic, as the client calls it.
    mutating func gatewayRegistered(_ name: [UInt8], _ messageID: MessageID, for client: Int) {
        guard let topic = rules.number(of: rules.clients[client].atBroker(name)) else { return }
        let count = clients[client].registers[topic]?.count ?? 0
        clients[client].registers[topic] = (messageID, count + 1)
    }

    /// The gateway hears the client's REGACK.
    mutating func registrationAnswered(_ messageID: MessageID, by client: Int) {
        clients[client].registers = clients[client].registers.filter { $0.value.messageID != messageID }
    }

    mutating func gatewaySent(_ stamp: Stamp, to client: Int, qos: QualityOfService, at now: Instant) {
        let key = Key(client: client, stamp: stamp)
        guard var delivery = deliveries[key] else {
            return violate("client \(client) is sent \(stamp), which is not for it")
        }
        guard rules.mayHear(stamp, client) else {
            return violate("client \(client) is sent \(stamp), which its rule keeps from it")
        }
        if delivery.lastHanded <= clients[client].voidBefore {
            violate("client \(client) is sent \(stamp), which belongs to an earlier session")
        }
        let isBegun = qos == .exactlyOnce && delivery.isBegun
        if let expiresAt = delivery.expiresAt, now >= expiresAt, qos == .atMostOnce || delivery.sends == 0, !isBegun {
            violate("client \(client) is sent \(stamp), which has expired")
        }
        guard qos == .atMostOnce else {
            deliveries[key]?.sends += 1
            return
        }
        delivery.atMostOnceSends += 1
        deliveries[key] = delivery
        if delivery.atMostOnceSends > delivery.handed[0] {
            violate("client \(client) is sent \(stamp) more often than it came")
        }
        if delivery.handedCount == 1 {
            let topic = rules.number(of: stamp)
            if delivery.lastHanded < clients[client].lastAtMostOnceSend[topic, default: 0] {
                violate("client \(client) is sent \(stamp) out of order at QoS 0")
            }
            clients[client].lastAtMostOnceSend[topic] = delivery.lastHanded
        }
    }

    /// Forgets what was complete at the last but one call.
    mutating func forgetSettled() {
        age += 1
        let before = age - 1
        deliveries = deliveries.filter { _, delivery in
            delivery.age >= before || delivery.acknowledgements < delivery.handed[1] + delivery.handed[2]
        }
    }
}
