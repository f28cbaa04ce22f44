import Configuration
import GatewayCore
import Time
import Transports

// The metrics, family by family.

extension Host {
    func write(to metrics: inout MetricsText) {
        let population = gateway.population(at: now)
        writeMessages(to: &metrics)
        writeTimes(to: &metrics)
        writeClients(population, to: &metrics)
        writeBroker(to: &metrics)
        writeLinks(to: &metrics)
        writeLimits(to: &metrics)
        writeStore(to: &metrics)
        statistics.http.write(to: &metrics)
        metrics.begin("swiftlet_observations", .counter, "What was observed, by the name that it has in the log.")
        for kind in ObservationKind.allCases { metrics.sample(["event": kind.name], counters[kind]) }
        writeProcess(to: &metrics)
        metrics.end()
    }

    private func writeMessages(to metrics: inout MetricsText) {
        metrics.begin("swiftlet_messages", .counter, "Messages by direction, QoS and outcome.")
        let statistics = statistics
        func write(_ counts: Statistics.ByQoS, _ direction: String, _ outcome: String, _ qos: [String]) {
            for name in qos {
                let index = name == "-1" ? 3 : Int(name) ?? 0
                metrics.sample(["direction": direction, "qos": name, "outcome": outcome], counts[index])
            }
        }
        write(statistics.forwarded, "up", "forwarded", ["-1", "0", "1", "2"])
        write(statistics.acknowledged, "up", "acknowledged", ["1", "2"])
        write(delivered, "down", "delivered", ["0", "1", "2"])
        metrics.begin(
            "swiftlet_messages_repeated", .counter, "What was said again: up by clients, down by the gateway.")
        metrics.sample(["direction": "up"], repeatedUp)
        metrics.sample(["direction": "down"], statistics.sentAgain)
        metrics.begin(
            "swiftlet_messages_dropped", .counter, "Messages that came and did not go on, by QoS and the reason.")
        for drop in drops {
            metrics.sample(["direction": drop.direction, "qos": drop.qos, "reason": drop.reason], drop.count)
        }
    }

    private func writeTimes(to metrics: inout MetricsText) {
        metrics.begin(
            "swiftlet_delivery_seconds", .histogram,
            "From the client's PUBLISH to the broker's acknowledgement, and from the broker's PUBLISH to the client.")
        metrics.histogram("direction", "up", statistics.upDelivery)
        metrics.histogram("direction", "down", statistics.downDelivery)
        metrics.begin(
            "swiftlet_round_trip_seconds", .histogram,
            "How long an answer took of what was said once, and of a PINGREQ.")
        metrics.histogram("side", "client", statistics.clientRoundTrips)
        metrics.histogram("side", "broker", statistics.brokerRoundTrips)
    }

    private func writeClients(
        _ population: (counts: [ClientReport.State: Int], oldestWaiting: TimeSpan?), to metrics: inout MetricsText
    ) {
        metrics.begin("swiftlet_clients", .gauge, "Clients with a session, by where they stand.")
        for state in ClientReport.State.allCases {
            metrics.sample(["state": state.rawValue], population.counts[state] ?? 0)
        }
        metrics.begin("swiftlet_client_events", .counter, "What clients did and what became of them.")
        for (event, kind) in Self.clientEvents { metrics.sample(["event": event], counters[kind]) }
        let census = gateway.takeCensus()
        metrics.add(
            "swiftlet_queued_messages", .gauge, "Messages that wait for clients.", String(census.queuedMessages))
        metrics.add(
            "swiftlet_queued_bytes", .gauge, "Octets that waiting messages count, overhead included.",
            String(census.queuedByteCount))
        metrics.add(
            "swiftlet_oldest_queued_seconds", .gauge,
            "How long the oldest message has waited that is next; 0 for none.",
            "\(population.oldestWaiting?.inSeconds ?? 0)")
    }

    private static let clientEvents: [(String, ObservationKind)] = [
        ("connected", .clientConnected), ("resumed", .clientResumed), ("moved", .clientMoved),
        ("disconnected", .clientDisconnected), ("lost", .clientLost), ("fell_asleep", .clientFellAsleep),
        ("woke_up", .clientWokeUp), ("overdue", .clientOverdue), ("refused", .clientRefused),
        ("not_admitted", .clientNotAdmitted), ("exceeds_rule", .requestRefusedByRule),
        ("set_up_abandoned", .clientSetUpAbandoned), ("dismissed", .clientDismissed), ("evicted", .sessionEvicted),
    ]

    private func writeBroker(to metrics: inout MetricsText) {
        metrics.add(
            "swiftlet_broker_connected", .gauge, "Whether the gateway's own broker connection is open.",
            gateway.sharedConnectionOpenSince == nil ? "0" : "1")
        metrics.begin(
            "swiftlet_broker_in_use", .gauge, "Whether connections go to that broker, in the order of preference.")
        for (place, broker) in settings.host.brokers.enumerated() {
            metrics.sample(["url": broker.name], place == Int(gateway.brokerInUse) ? 1 : 0)
        }
        metrics.add(
            "swiftlet_broker_connections_queued", .gauge, "Clients' broker connections that wait for their turn.",
            String(gateway.takeCensus().queuedUpstreams))
        let mostHandshakes = settings.host.brokers.indices.compactMap { streams.tls(ofBroker: $0)?.own.mostHandshakes }
        metrics.add(
            "swiftlet_broker_tls_handshakes_most", .gauge,
            "TLS handshakes with a broker that were under way at once, at most since the start.",
            String(mostHandshakes.max() ?? 0))
        metrics.begin(
            "swiftlet_broker_connects_refused", .counter,
            "CONNECTs that the broker has refused, by the code of its CONNACK; 0 for unknown ones.")
        for code in 0..<6 { metrics.sample(["code": String(code)], statistics.brokerRefusals[code]) }
    }

    private func writeLinks(to metrics: inout MetricsText) {
        metrics.begin("swiftlet_datagrams", .counter, "Datagrams by link and direction.")
        let links = statistics.links.filter(\.isThere)
        for counts in links {
            metrics.sample(["link": counts.name, "direction": "in"], counts.received)
            metrics.sample(["link": counts.name, "direction": "out"], counts.sent)
        }
        metrics.begin("swiftlet_retransmissions", .counter, "What the gateway had to say again, by link.")
        for counts in links { metrics.sample(["link": counts.name], counts.sentAgain) }
    }

    private func writeLimits(to metrics: inout MetricsText) {
        let limits = heldLimits
        metrics.begin("swiftlet_limit", .gauge, "Limits by the key of the configuration, in its unit.")
        for limit in limits { metrics.sample(["name": limit.key], limit.limit) }
        metrics.begin("swiftlet_limit_held", .gauge, "How much of each limit is held.")
        for limit in limits { metrics.sample(["name": limit.key], limit.held) }
    }

    private func writeProcess(to metrics: inout MetricsText) {
        let build = Build.current
        metrics.begin("swiftlet_build", .info, "Which build this is.")
        metrics.sample(["version": build.version, "commit": build.commit ?? "", "swift": build.swift], 1)
        metrics.add(
            "swiftlet_start_time_seconds", .gauge, "When the gateway began, since 1970.", "\(startedAtSeconds)")
        metrics.add(
            "swiftlet_longest_turn_seconds", .gauge,
            "The longest time since the start for which the gateway listened to nobody.",
            "\(Double(loop.longestTurn) / 1_000_000_000)")
        metrics.add("process_start_time_seconds", .gauge, "When the process began, since 1970.", "\(startedAtSeconds)")
        metrics.add(
            "process_cpu_seconds", .counter, "Processor time of the process.", "\(ProcessLimits.processorSeconds())")
        if let resident = ProcessLimits.residentMemoryByteCount() {
            metrics.add("process_resident_memory_bytes", .gauge, "Memory that the process occupies.", "\(resident)")
        }
        if let count = ProcessLimits.openFileCount() {
            metrics.add("process_open_fds", .gauge, "Descriptors that are open.", "\(count)")
        }
        metrics.add(
            "process_max_fds", .gauge, "Descriptors that may be open.", "\(ProcessLimits.fileDescriptorLimit())")
    }

    // MARK: What metrics and status share

    /// Without those of QoS 0 that a link then did not take.
    var delivered: Statistics.ByQoS {
        var delivered = statistics.delivered
        delivered[0] &-= counters.messagesRefusedByLinks
        return delivered
    }

    var repeatedUp: UInt64 { (0..<4).reduce(0) { $0 + statistics.repeated[$1] } }

    /// Every limit of which something is held by the gateway as a whole, by its key.
    var heldLimits: [(key: String, limit: Int, held: Int)] {
        let (limits, census) = (configuration.limits, gateway.takeCensus())
        return [
            ("clients.maximum", limits.clients, census.sessions - census.newcomers),
            ("clients.set_ups", limits.setUps, census.newcomers),
            ("clients.topics", limits.topicsPerClient, census.mostTopics),
            ("clients.subscriptions", limits.subscriptionsPerClient, census.mostSubscriptions),
            ("clients.exchanges", limits.exchangesPerClient, census.mostClientExchanges),
            ("clients.undeliverable", limits.undeliverablePerClient, census.mostUndeliverable),
            ("clients.ended_exchanges", limits.endedExchangesPerClient, census.mostEndedExchanges),
            ("clients.queued_messages", limits.queuedMessagesPerClient, census.longestQueue),
            ("clients.queued_bytes", limits.queuedByteCountPerClient, census.largestQueueByteCount),
            ("limits.queued_bytes", limits.queuedByteCount, census.queuedByteCount),
            ("limits.topic_names_bytes", limits.topicNamesByteCount, census.topicNamesByteCount),
            ("limits.qos_minus_one_bytes", limits.qosMinusOneByteCount, census.qosMinusOneByteCount),
            ("limits.upstream_queued_bytes", limits.queuedByteCountPerUpstream, census.largestUpstreamByteCount),
            ("limits.broker_handshakes", limits.brokerHandshakes, census.upstreamHandshakes),
            ("limits.closing_connections", settings.host.closingConnectionCount, streams.closingCount),
            ("limits.client_certificates", settings.host.clientCertificateCount, streams.certificateCount),
            ("http.connections", settings.host.http.connectionCount, server?.mostConnections ?? 0),
        ] + storeLimits
    }
}
