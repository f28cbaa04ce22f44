import GatewayCore
import Time
import Transports

// What whoever looks at the gateway from outside may read of it; each is made when it is asked for.

extension Host {
    /// The metrics for Prometheus; never with a ClientId, as labels must be few.
    package func metricsText(openMetrics: Bool) -> [UInt8] {
        var metrics = MetricsText(openMetrics: openMetrics)
        write(to: &metrics)
        return metrics.bytes
    }

    /// `/status.json`: how the gateway is.
    package func statusJSON() -> [UInt8] {
        var json = JSONText()
        json.object { writeStatus(to: &$0) }
        return json.bytes
    }

    /// `/clients.json`: the clients, those in trouble first, each part by ClientId.
    ///
    /// - Parameters:
    ///   - after: What the answer before said of `next`; nil for the first ones.
    ///   - limit: How many at the most, at least 1.
    ///   - search: What ClientId, address or state must hold, whatever the case of letters; nil for all.
    /// - Returns: `clients`, and `next` for the page behind them, null with the last one.
    package func clientsJSON(after: String?, limit: Int, search: String?) -> [UInt8] {
        var json = JSONText()
        json.object { writeClients(to: &$0, after: after, limit: max(1, limit), search: search) }
        return json.bytes
    }

    /// `/client.json`: one client with its topics and its latest messages; nil where there is none of this id, which is
    /// a `ClientIDText`.
    package func clientJSON(id: String) -> [UInt8]? {
        guard let octets = ClientIDText.octets(of: id), let place = gateway.place(ofClient: octets) else { return nil }
        var json = JSONText()
        json.object { json in
            write(gateway.clientReport(at: place, now: now), to: &json)
            let topics = gateway.topics(ofClientAt: place)
            json.array("topics") { for name in topics.names { $0.add(nil, ClientIDText.text(of: name)) } }
            json.array("subscriptions") { for filter in topics.filters { $0.add(nil, ClientIDText.text(of: filter)) } }
            json.array("messages") { writeMessages(of: octets, to: &$0) }
        }
        return json.bytes
    }

    /// Whether clients that come now are served, and why or why not in one sentence.
    package var readiness: (ready: Bool, sentence: String) {
        if isStopping { return (false, "the gateway is stopping") }
        if let storeObstacle { return (false, storeObstacle) }
        let isOpen = gateway.sharedConnectionOpenSince != nil
        if isOpen { return (true, "the broker has accepted the gateway's connection") }
        return (false, isRefusedByBroker ? "the broker refuses the gateway" : "the gateway has no broker connection")
    }

    /// Seconds since 1970.
    var startedAtSeconds: UInt64 {
        let (seconds, _) = WallClock.now()
        let (wall, age) = (UInt64(max(0, seconds)), (loop.now &- statistics.startedAt) / 1_000_000_000)
        // Somebody may have set the clock back to a time before there were clocks.
        return wall > age ? wall - age : 0
    }
}
