import GatewayCore
import MQTTSN
import Time

/// What the gateway may say of itself to everybody, and when it must (GW-09…GW-14).
///
/// ADVERTISE carries the gateway's own id and TADV, comes not more often than that, and not later while the broker is
/// reachable. GWINFO carries the id and no address, goes out with the radius of the search it answers and for nothing
/// else, within the configured rate. Without a broker neither of them is sent. When a link returns, an ADVERTISE may
/// come once more.
struct DiscoveryChecker {
    private let configuration: GatewayConfiguration
    private let interval: TimeSpan
    private var lastAdvertise: Instant?
    /// Whether the link has come back, so that what was lost on it may be said once more.
    private var mayRepeat = false
    private var reachableSince: Instant?
    /// The radius of the search that the gateway is hearing.
    private var searchedRadius: UInt8?
    /// When the latest searches were answered.
    private var answers: [Instant] = []
    private(set) var violation: String?

    init(_ configuration: GatewayConfiguration) {
        self.configuration = configuration
        interval = .seconds(Int(configuration.discovery.advertiseIntervalSeconds))
    }

    private mutating func violate(_ text: String) { if violation == nil { violation = "the gateway \(text)" } }

    mutating func gatewayRestarted() { (lastAdvertise, reachableSince, searchedRadius, answers) = (nil, nil, nil, []) }

    mutating func linkReturned() { mayRepeat = true }

    /// The gateway is about to hear a datagram; nil for any other event.
    mutating func heard(_ message: Message?) {
        if case .searchGateway(let radius)? = message { searchedRadius = radius } else { searchedRadius = nil }
    }

    mutating func brokerIsReachable(_ isReachable: Bool, at now: Instant) { reachableSince = isReachable ? now : nil }

    /// The gateway says something to everybody on the link.
    mutating func broadcast(_ message: Message?, radius: UInt8, at now: Instant) {
        if reachableSince == nil { violate("shows itself without a broker") }
        switch message {
        case .advertise(let gatewayID, let seconds)?:
            if gatewayID != configuration.gatewayID || seconds != configuration.discovery.advertiseIntervalSeconds {
                violate("advertises gateway \(gatewayID) for \(seconds) s")
            }
            if let lastAdvertise, now < lastAdvertise + interval {
                if !mayRepeat { violate("advertises too often") }
                mayRepeat = false
            } else {
                lastAdvertise = now
            }
        case .gatewayInfo(let gatewayID, let address)?:
            if gatewayID != configuration.gatewayID || !address.isEmpty { violate("gives wrong information") }
            if searchedRadius != radius { violate("answers a search that nobody has begun, over \(radius) hops") }
            noteAnswer(at: now)
        default: violate("broadcasts what is not for everybody")
        }
    }

    private mutating func noteAnswer(at now: Instant) {
        answers.removeAll { $0 + .seconds(1) <= now }
        answers.append(now)
        // A second's worth may have been saved up.
        if answers.count > 2 * configuration.limits.searchRepliesPerSecond { violate("answers too many searches") }
    }

    /// While the broker is there, an ADVERTISE is due again and again.
    mutating func checkAdvertised(at now: Instant) {
        guard let reachableSince else { return }
        let last = max(reachableSince, lastAdvertise ?? reachableSince)
        if now > last + interval + .seconds(1) { violate("has not advertised itself for too long") }
    }
}
