import GatewayCore
import MQTT
import MQTTSN

/// What clients published decides what the broker gets: nothing that nobody said, everything that was acknowledged, and
/// at QoS 2 nothing twice.
///
/// - The broker receives nothing under a client's name that the client did not publish, and on no other topic.
/// - QoS 0, 1: at most once per copy of the PUBLISH that reached the gateway.
/// - QoS 2: once for each time that the client was asked to publish it, whatever the network does. Where the broker
///   itself has forgotten, with its store, that it had the message, and the client had not heard of it, it comes again:
///   nobody else can know.
/// - When a client is told that a QoS 1 or 2 message has arrived, the broker has it.
///
/// That holds for clients which use a message id neither for another message while a copy of the last one may come, nor
/// begin anew with what may have arrived. A world has no others.
struct PublicationChecker {
    private struct Publication {
        var qos: QualityOfService
        /// How often the checker has forgotten before.
        var age: Int
        /// How often a client was asked to publish it: equal messages have one stamp.
        var requests = 0
        /// Copies that reached the gateway, and those of them that the broker has got.
        var arrivals = 0
        var receipts = 0
        /// Whether the last copy was marked as a repetition, and how many the gateway has refused.
        var isRepeated = false
        var refusals = 0
        /// How often the client was told that it has arrived, and how often it has given it up.
        var acknowledgements = 0
        var abandonments = 0
        /// How often the client has heard that it was received, so that it sends no copy any more.
        var releases = 0
        /// Copies of which the broker knows that it has them, and those of which it has forgotten that.
        var held = 0
        var forgotten = 0

        var isSettled: Bool { qos == .atMostOnce || acknowledgements + abandonments >= requests }
    }

    private var publications: [Int: Publication] = [:]
    private var age = 0
    private(set) var violation: String?

    private mutating func violate(_ text: String) { if violation == nil { violation = text } }

    private static func key(_ stamp: Stamp) -> Int { key(stamp.publisher, stamp.sequence) }
    private static func key(_ publisher: Int, _ sequence: Int) -> Int { publisher << 32 | sequence }

    // MARK: The client

    mutating func requested(_ stamp: Stamp, qos: QualityOfService) {
        publications[Self.key(stamp), default: Publication(qos: qos, age: age)].requests += 1
        publications[Self.key(stamp)]?.age = age
    }

    /// The client has heard PUBREC: it will not repeat the message.
    mutating func released(_ stamp: Stamp) {
        guard let publication = publications[Self.key(stamp)], publication.releases < publication.requests else {
            return
        }
        publications[Self.key(stamp)]?.releases += 1
    }

    mutating func acknowledged(_ client: Int, _ sequence: Int) {
        let key = Self.key(client, sequence)
        publications[key]?.acknowledgements += 1
        guard let publication = publications[key], publication.qos != .atMostOnce,
            publication.receipts < publication.acknowledgements
        else { return }
        violate(
            "client \(client) was told that message \(sequence) at QoS \(publication.qos.rawValue) has arrived, "
                + "and the broker does not have it")
    }

    /// The gateway has refused it, or nobody can tell whether it has arrived; the client will not send it again.
    mutating func gaveUp(_ client: Int, _ sequence: Int) {
        publications[Self.key(client, sequence)]?.abandonments += 1
    }

    /// The client has lost its memory: it sends nothing again that it had open.
    mutating func clientForgot(_ client: Int) {
        for (key, publication) in publications where key >> 32 == client && !publication.isSettled {
            publications[key]?.abandonments = publication.requests - publication.acknowledgements
        }
    }

    // MARK: The gateway

    mutating func reachedGateway(_ stamp: Stamp, isRepeated: Bool) {
        publications[Self.key(stamp)]?.arrivals += 1
        publications[Self.key(stamp)]?.isRepeated = isRepeated
    }

    /// The gateway tells the client that it does not take a message.
    mutating func refused(_ stamp: Stamp) { publications[Self.key(stamp)]?.refusals += 1 }

    // MARK: The broker

    mutating func brokerReceived(_ stamp: Stamp, from client: Int, topicName: [UInt8], plan: WorldPlan) {
        let key = Self.key(stamp)
        guard stamp.publisher == client, var publication = publications[key] else {
            return violate("the broker received \(stamp) from client \(client)")
        }
        guard plan.rules.topicName(of: stamp) == topicName else {
            return violate("the broker received \(stamp) on \(String(decoding: topicName, as: UTF8.self))")
        }
        publication.receipts += 1
        publication.held += 1
        publications[key] = publication
        if publication.receipts > publication.arrivals {
            violate("the broker received \(stamp) more often than the gateway")
        }
        if publication.qos == .exactlyOnce, publication.receipts > publication.requests + publication.forgotten {
            violate("the broker received \(stamp) twice at QoS 2, \(Self.words(for: publication))")
        }
    }

    /// Whether the broker has got it.
    func isAtBroker(_ stamp: Stamp) -> Bool { publications[Self.key(stamp)].map { $0.receipts > 0 } ?? false }

    /// How a message came twice; different causes are different failures.
    private static func words(for publication: Publication) -> String {
        let copy = publication.isRepeated ? "by a repetition" : "by a first copy"
        let time = publication.held > 1 ? "before the broker had its release" : "after its end at the broker"
        return "\(copy) \(time)\(publication.refusals > 0 ? " and after a refusal" : "")"
    }

    /// The broker has got PUBREL for it.
    mutating func brokerReleased(_ stamp: Stamp) {
        guard let publication = publications[Self.key(stamp)], publication.held > 0 else { return }
        publications[Self.key(stamp)]?.held -= 1
    }

    /// The broker has lost what it knew of a session that was to last.
    mutating func brokerForgot(_ client: Int) {
        for (key, publication) in publications where key >> 32 == client && publication.held > 0 {
            // Who has heard PUBREC does not send it again.
            let isUntold = publication.releases < publication.receipts - publication.forgotten
            if isUntold { publications[key]?.forgotten += publication.held }
            publications[key]?.held = 0
        }
    }

    /// Forgets what was complete at the last but one call.
    mutating func forgetSettled() {
        age += 1
        let before = age - 1
        publications = publications.filter { _, publication in publication.age >= before || !publication.isSettled }
    }
}
