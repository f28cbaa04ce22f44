import Configuration
import GatewayCore
import Time
import Transports

// What needs a look just now, the worst first.

extension Host {
    /// So many overdue sleepers are named; the rest is a number.
    private static let namedSleepers = 10

    func looks(_ counts: [ClientReport.State: Int]) -> [(look: TroubleText.Look, client: String?)] {
        var looks: [(look: TroubleText.Look, client: String?)] = []
        // Where nothing may leave for the broker, nothing is known of it.
        if let look = storeLook { looks.append((look, nil)) }
        if storeObstacle == nil, let look = brokerLook { looks.append((look, nil)) }
        if let look = verificationLook { looks.append((look, nil)) }
        for trouble in statistics.troubles.compactMap(\.self) {
            guard loop.now &- trouble.latestAt <= Statistics.memory else { continue }
            let client = trouble.clientID.isEmpty ? nil : ClientIDText.text(of: trouble.clientID)
            let address = trouble.peer.flatMap { links[Int($0.link.rawValue)].name(of: $0) }
            let maximum = trouble.peer.map { gateway.maximumDatagramByteCount(on: $0.link) }
            let look =
                tlsLook(trouble.latest) ?? passageLook(trouble.latest)
                ?? TroubleText.look(
                    trouble.latest, count: trouble.count, who: client ?? address, maximumByteCount: maximum)
            if let look { looks.append((look, client)) }
        }
        looks += links.filter { !$0.isUp && !($0 is ClosedLink) && !isStopping }
            .map { (TroubleText.Look(sentence: "The link \($0.title) is not in order.", isError: true), nil) }
        looks += fullLimits
        looks += overdueSleepers(count: counts[.overdue] ?? 0)
        return looks.filter(\.look.isError) + looks.filter { !$0.look.isError }
    }

    private var brokerLook: TroubleText.Look? {
        guard gateway.sharedConnectionOpenSince == nil, !isStopping else { return nil }
        let span = TroubleText.words(forSeconds: Double(loop.now &- statistics.brokerChangedAt) / 1_000_000_000)
        // Why it refuses stands beside it.
        let what = isRefusedByBroker ? "refuses the gateway's own connection" : "is not connected"
        return TroubleText.Look(
            sentence: "The broker \(brokerName) \(what), for \(span).", key: "broker.url", isError: true)
    }

    /// Whether the broker's last word on the gateway's own connection was a refusal.
    var isRefusedByBroker: Bool {
        let trouble = statistics.troubles[Int(ObservationKind.upstreamRefused.rawValue)]
        return gateway.sharedConnectionOpenSince == nil && trouble?.clientID.isEmpty == true
    }

    /// The broker that connections go to, as the configuration has it, which holds no password.
    var brokerName: String { settings.host.at(broker: Int(gateway.brokerInUse)).broker.name }

    private var fullLimits: [(look: TroubleText.Look, client: String?)] {
        heldLimits.filter { $0.held * 10 >= $0.limit * 9 && $0.held > 0 }
            .map { (.init(sentence: "\($0.key): \($0.held) of \($0.limit) are used.", key: $0.key), nil) }
    }

    private func overdueSleepers(count: Int) -> [(look: TroubleText.Look, client: String?)] {
        guard count > 0 else { return [] }
        var looks: [(look: TroubleText.Look, client: String?)] = []
        for place in gateway.clientPlaces where gateway.clientState(at: place, now: now) == .overdue {
            guard looks.count < Self.namedSleepers else { break }
            let client = gateway.clientReport(at: place, now: now)
            looks.append((.init(sentence: overdueSentence(client) + "."), ClientIDText.text(of: client.clientID)))
        }
        if count > looks.count {
            looks.append((.init(sentence: "\(count - looks.count) more sleepers are overdue."), nil))
        }
        return looks
    }

    /// Who is overdue, since when, what it has promised and what it usually does.
    func overdueSentence(_ client: ClientReport) -> String {
        let promised = client.promisedSilence?.inSeconds ?? 0
        var sentence =
            "\(ClientIDText.text(of: client.clientID)) is overdue by"
            + " \(TroubleText.words(forSeconds: client.heardAgo.inSeconds - promised)): it said that it would sleep"
            + " \(TroubleText.words(forSeconds: promised))"
        if let usual = client.usualSleep {
            sentence += ", and usually comes back after \(TroubleText.words(forSeconds: usual.inSeconds))"
        }
        return sentence
    }
}
