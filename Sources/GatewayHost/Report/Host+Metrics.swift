import GatewayCore
import Transports

// The metrics, family by family.

extension Host {
    func write(to metrics: inout MetricsText) {
        let census = gateway.takeCensus()
        metrics.begin("swiftlet_clients", .gauge, "Clients with a session, by where they stand.")
        for (state, count) in clientCounts { metrics.sample(["state": state.rawValue], count) }
        metrics.add(
            "swiftlet_queued_messages", .gauge, "Messages that wait for clients.", String(census.queuedMessages))
        metrics.add(
            "swiftlet_queued_bytes", .gauge, "Octets that waiting messages count, overhead included.",
            String(census.queuedByteCount))
        metrics.add(
            "swiftlet_broker_connected", .gauge, "Whether the gateway's own broker connection is open.",
            gateway.sharedConnectionOpenSince == nil ? "0" : "1")
        metrics.begin("swiftlet_observations", .counter, "What was observed, by the name that it has in the log.")
        for kind in ObservationKind.allCases { metrics.sample(["event": kind.name], counters[kind]) }
        metrics.end()
    }

    /// Every state, and how many clients are in it.
    var clientCounts: [(state: ClientReport.State, count: Int)] {
        var counts: [ClientReport.State: Int] = [:]
        for place in gateway.clientPlaces { counts[gateway.clientState(at: place, now: now), default: 0] += 1 }
        return ClientReport.State.allCases.map { ($0, counts[$0] ?? 0) }
    }
}
