import GatewayCore
import MQTT
import MQTTSN
import Time

/// What was published and handed over decides what must arrive: a model of both directions, told of every fact.
///
/// From clients to the broker
/// - The broker receives nothing under a client's name that the client did not publish, and on no other topic.
/// - QoS 0, 1: at most once per copy of the PUBLISH that reached the gateway. QoS 2: at most once, except where a copy
///   reached the gateway after the client had released the message (nobody remembers it then), in a later connection
///   than it was sent in, or where the broker lost its store in between.
/// - When a client is told that a QoS 1 or 2 message has arrived, the broker has it. Always.
///
/// From the broker to clients
/// - The gateway sends a client nothing that the broker has not handed to that client's session, nothing of a session
///   that ended because the client began a clean one, and QoS 0 at most once per copy.
/// - When the broker is told that a client has a QoS 1 or 2 message, the client has it, unless the gateway has said
///   that it had to drop the message (too long, topic refused) or, at QoS 2, the broker and the gateway both lost their
///   memory, so that the client takes a new message for one it knows.
///   The same where a late copy of a QoS 2 message made the client note a message id that the broker then uses again.
/// - QoS 2 arrives at most once per copy, except where the client lost its memory, or the broker and then the gateway
///   lost theirs, or a copy was under way for longer than the exchange took.
/// - Messages of QoS 1 and 2 that were handed over once arrive for the first time in the order in which they were
///   handed.
struct DeliveryChecker {
    private struct Publication {
        var qos: QualityOfService
        /// How often the checker has forgotten before.
        var age: Int
        var arrivals = 0
        var received = 0
        var isReleased = false
        var isSettled = false
        var mayRepeat = false
    }

    private struct DeliveryKey: Hashable {
        var client: Int
        var stamp: Stamp
    }

    private struct Delivery {
        var age = 0
        /// By QoS.
        var handed = [0, 0, 0]
        var lastHanded = 0
        var atMostOnceSends = 0
        var receipts = [0, 0, 0]
        var acknowledgements = 0
        /// Acknowledgements in place of the client, of messages that the gateway said it dropped.
        var excused = 0
        var isReleased = false
        var releasedAt = Instant(nanoseconds: 0)
        var mayRepeat = false

        var handedCount: Int { handed.reduce(0, +) }
        var receiptCount: Int { receipts[1] + receipts[2] }
    }

    private struct ClientView {
        /// The number of the handing at the latest start of a broker session, and the one before which all is void.
        var handedAtOpening = 0
        var voidBefore = 0
        var isBeginningAnew = false
        /// Whether the last CONNECT was clean, and the last that was accepted.
        var isAskedClean = false
        var isAcceptedClean = false
        /// Messages the gateway has said it dropped.
        var excuses = 0
        /// A dropped message may come again, and then behind later ones.
        var hasDropped = false
        /// A late copy of a QoS 2 message has come after its exchange.
        var knowsOldID = false
        var lastFirstReceipt = 0
        /// By topic, as MQTT keeps order inside one (MQTT 3.1.1 §4.6): what the client has still to be told of waits.
        var lastAtMostOnceSend: [Int: Int] = [:]
    }

    private var publications: [Int: Publication] = [:]
    private var deliveries: [DeliveryKey: Delivery] = [:]
    private var clients: [ClientView]
    private var handedCount = 0
    private var hasBrokerForgotten = false
    private var age = 0
    private(set) var violation: String?
    /// Copies that arrived at clients, for the statistics.
    private(set) var receivedCount = 0

    init(clientCount: Int) { clients = Array(repeating: ClientView(), count: clientCount) }

    private mutating func violate(_ text: String) { if violation == nil { violation = text } }

    private static func key(_ publisher: Int, _ sequence: Int) -> Int { publisher << 32 | sequence }

    // MARK: From clients to the broker

    mutating func published(_ stamp: Stamp, qos: QualityOfService) {
        publications[Self.key(stamp.publisher, stamp.sequence)] = Publication(qos: qos, age: age)
    }

    /// `isOld` where the copy was sent in an earlier connection of the client.
    mutating func publishReachedGateway(_ stamp: Stamp, isOld: Bool, isDuplicate: Bool) {
        let key = Self.key(stamp.publisher, stamp.sequence)
        guard var publication = publications[key] else { return }
        publication.arrivals += 1
        // A first copy that comes after a repeated one may be refused, and the refusal taken for one of the repeated.
        if publication.arrivals > 1, !isDuplicate { publication.mayRepeat = true }
        if isOld || publication.isReleased { publication.mayRepeat = true }
        publications[key] = publication
    }

    /// The client has sent PUBREL: it will not repeat the message.
    mutating func publisherReleased(_ stamp: Stamp) {
        publications[Self.key(stamp.publisher, stamp.sequence)]?.isReleased = true
    }

    private mutating func brokerReceived(_ stamp: Stamp, from client: Int, topicName: [UInt8], plan: WorldPlan) {
        let key = Self.key(stamp.publisher, stamp.sequence)
        guard stamp.publisher == client, var publication = publications[key] else {
            return violate("the broker received \(stamp) from client \(client)")
        }
        guard plan.topics.indices.contains(stamp.topic), plan.topics[stamp.topic].name == topicName else {
            return violate("the broker received \(stamp) on \(String(decoding: topicName, as: UTF8.self))")
        }
        publication.received += 1
        publications[key] = publication
        if publication.received > publication.arrivals {
            violate("the broker received \(stamp) more often than the gateway")
        }
        if publication.qos == .exactlyOnce, publication.received > 1, !publication.mayRepeat {
            violate("the broker received \(stamp) twice at QoS 2")
        }
    }

    mutating func acknowledgedToPublisher(_ client: Int, _ sequence: Int) {
        let key = Self.key(client, sequence)
        guard let publication = publications[key], publication.qos != .atMostOnce else { return }
        publications[key]?.isSettled = true
        if publication.received == 0 {
            violate("client \(client) was told that message \(sequence) has arrived, and the broker does not have it")
        }
    }

    mutating func gaveUp(_ client: Int, _ sequence: Int) { publications[Self.key(client, sequence)]?.isSettled = true }

    // MARK: The broker

    mutating func note(_ record: BrokerRecord, plan: WorldPlan, named: ([UInt8]) -> Int?) {
        switch record {
        case .received(let clientID, let topicName, let payload, _):
            guard let stamp = Stamp(payload) else { return }
            // Others may repeat what they have overheard, under their own names.
            guard let client = named(clientID) else { return }
            brokerReceived(stamp, from: client, topicName: topicName, plan: plan)
        case .handed(let clientID, _, let payload, let qos):
            handedCount += 1
            guard let stamp = Stamp(payload), let client = named(clientID) else { return }
            let key = DeliveryKey(client: client, stamp: stamp)
            deliveries[key, default: Delivery()].handed[Int(qos.rawValue)] += 1
            deliveries[key]?.lastHanded = handedCount
            deliveries[key]?.age = age
        case .acknowledged(let clientID, let payload, let qos):
            guard let stamp = Stamp(payload), let client = named(clientID) else { return }
            brokerWasAcknowledged(stamp, by: client, qos)
        case .sessionOpened(let clientID, _, let isPresent):
            guard let client = named(clientID), !isPresent else { return }
            clients[client].handedAtOpening = handedCount
            guard clients[client].isBeginningAnew else { return }
            clients[client].isBeginningAnew = false
            clients[client].voidBefore = handedCount
        case .dropped, .sessionEnded, .willPublished: break
        }
    }

    mutating func brokerForgot() {
        hasBrokerForgotten = true
        for (key, publication) in publications where publication.qos == .exactlyOnce && !publication.isSettled {
            publications[key]?.mayRepeat = true
        }
    }

    /// The gateway has lost its memory. Where the broker had lost its own before, message ids no longer say what is a
    /// repetition (AMB-23).
    mutating func gatewayForgot() {
        guard hasBrokerForgotten else { return }
        for client in clients.indices { loseReceivedIDs(of: client) }
    }

    private mutating func brokerWasAcknowledged(_ stamp: Stamp, by client: Int, _ qos: DeliveryQoS) {
        let key = DeliveryKey(client: client, stamp: stamp)
        deliveries[key, default: Delivery()].acknowledgements += 1
        guard let delivery = deliveries[key], delivery.receiptCount + delivery.excused < delivery.acknowledgements
        else { return }
        if qos == .exactlyOnce, hasBrokerForgotten || clients[client].knowsOldID || delivery.receiptCount > 0 { return }
        guard clients[client].excuses == 0 else {
            clients[client].excuses -= 1
            deliveries[key]?.excused += 1
            return
        }
        violate("the broker was told that client \(client) has \(stamp), and it has not")
    }

    // MARK: From the broker to clients

    /// The client forgets what it knows for a new session, even if the gateway then goes on with the old one.
    mutating func clientBegins(_ client: Int) { loseReceivedIDs(of: client) }

    /// The gateway hears a CONNECT of the client; a new session ends what was before.
    mutating func connectReachedGateway(_ client: Int, isClean: Bool) {
        clients[client].isBeginningAnew = isClean || clients[client].isAcceptedClean
        clients[client].isAskedClean = isClean
    }

    /// Whether the last CONNECT that the gateway accepted was clean.
    func isInCleanSession(_ client: Int) -> Bool { clients[client].isAcceptedClean }

    /// The gateway has refused the client's CONNECT, so the old session goes on if there is one.
    mutating func sessionRefused(_ client: Int) { clients[client].isBeginningAnew = false }

    mutating func sessionAccepted(_ client: Int) {
        clients[client].isBeginningAnew = false
        clients[client].isAcceptedClean = clients[client].isAskedClean
    }

    mutating func excuse(_ client: Int, byteCount: Int) {
        clients[client].excuses += 1
        clients[client].hasDropped = true
    }

    mutating func gatewaySent(_ stamp: Stamp, to client: Int, qos: QualityOfService) {
        let key = DeliveryKey(client: client, stamp: stamp)
        guard var delivery = deliveries[key] else {
            return violate("client \(client) is sent \(stamp), which is not for it")
        }
        if delivery.lastHanded <= clients[client].voidBefore {
            violate("client \(client) is sent \(stamp), which belongs to an earlier session")
        }
        guard qos == .atMostOnce else { return }
        delivery.atMostOnceSends += 1
        deliveries[key] = delivery
        if delivery.atMostOnceSends > delivery.handed[0] {
            violate("client \(client) is sent \(stamp) more often than it came")
        }
        if delivery.handedCount == 1 {
            if delivery.lastHanded < clients[client].lastAtMostOnceSend[stamp.topic, default: 0] {
                violate("client \(client) is sent \(stamp) out of order at QoS 0")
            }
            clients[client].lastAtMostOnceSend[stamp.topic] = delivery.lastHanded
        }
    }

    mutating func publishReachedClient(_ stamp: Stamp, _ client: Int, sentAt: Instant) {
        let key = DeliveryKey(client: client, stamp: stamp)
        guard let delivery = deliveries[key], delivery.isReleased, sentAt <= delivery.releasedAt else { return }
        deliveries[key]?.mayRepeat = true
        // It notes the message id again, and nobody will release it: the next message under that id is taken for this
        // one.
        clients[client].knowsOldID = true
    }

    mutating func received(_ stamp: Stamp, by client: Int, qos: QualityOfService) {
        receivedCount += 1
        let key = DeliveryKey(client: client, stamp: stamp)
        guard var delivery = deliveries[key], qos != .minusOne else {
            return violate("client \(client) got \(stamp), which is not for it")
        }
        let level = Int(qos.rawValue)
        delivery.receipts[level] += 1
        deliveries[key] = delivery
        if qos == .exactlyOnce, delivery.receipts[2] > delivery.handed[2], !delivery.mayRepeat {
            violate("client \(client) got \(stamp) \(delivery.receipts[2]) times at QoS 2")
        }
        guard qos != .atMostOnce, delivery.receiptCount == 1, delivery.handedCount == 1, !clients[client].hasDropped
        else { return }
        // The client took the first copies for the message it noted that id for, and a late one for a new message.
        if qos == .exactlyOnce, clients[client].knowsOldID { return }
        if delivery.lastHanded < clients[client].lastFirstReceipt {
            violate("client \(client) got \(stamp) after a later message")
        }
        clients[client].lastFirstReceipt = delivery.lastHanded
    }

    /// The client has completed the exchange of a QoS 2 message and forgotten its message id.
    mutating func released(_ stamp: Stamp, by client: Int, at now: Instant) {
        let key = DeliveryKey(client: client, stamp: stamp)
        deliveries[key]?.isReleased = true
        deliveries[key]?.releasedAt = now
    }

    private mutating func loseReceivedIDs(of client: Int) {
        for (key, delivery) in deliveries where key.client == client && delivery.handed[2] > 0 {
            deliveries[key]?.mayRepeat = true
        }
    }

    /// Forgets what was complete at the last but one call.
    mutating func forgetSettled() {
        age += 1
        let before = age - 1
        publications = publications.filter { _, publication in
            publication.age >= before || (!publication.isSettled && publication.qos != .atMostOnce)
        }
        deliveries = deliveries.filter { _, delivery in
            delivery.age >= before || delivery.acknowledgements < delivery.handed[1] + delivery.handed[2]
        }
    }

    /// The client has lost its memory: nothing it had open can be recognised any more.
    mutating func clientForgot(_ client: Int) {
        loseReceivedIDs(of: client)
        for (key, publication) in publications where key >> 32 == client && !publication.isSettled {
            publications[key]?.isSettled = true
        }
    }
}
