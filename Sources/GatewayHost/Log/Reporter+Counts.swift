// What was counted and what is held, as lines of the log.

import Configuration
import GatewayCore

extension Reporter {
    /// Everything that was counted since the start, at whatever level is on.
    func tellCounts(_ links: [any Link]) {
        for link in links {
            guard let (name, counts) = link.counted else { continue }
            let known = counts.filter { $0.count > 0 }.map { " \($0.name.snakeCased)=\($0.count)" }.joined()
            log.tell(LogLine(.info, "counted on \(name):\(known)", event: "counted"))
        }
        if cutShortCount > 0 { tellCount("closing_connections_cut_short", cutShortCount) }
        if certificatesLetGoCount > 0 { tellCount("client_certificates_let_go", certificatesLetGoCount) }
        if certificatesMissedCount > 0 { tellCount("client_certificates_missed", certificatesMissedCount) }
        for kind in ObservationKind.allCases where counters[kind] > 0 { tellCount(kind.name, counters[kind]) }
        if counters.messagesRefusedByLinks > 0 {
            tellCount("message_refused_by_link", counters.messagesRefusedByLinks)
        }
    }

    private func tellCount(_ name: String, _ count: UInt64) {
        var line = LogLine(.info, "counted \(name)=\(count)", event: "counted")
        line.figures = [LogField(name, Int(clamping: count))]
        log.tell(line)
    }

    /// What is held now.
    func tellCensus(_ census: Census) {
        let figures = [
            ("sessions", census.sessions), ("remembered", census.remembered), ("newcomers", census.newcomers),
            ("broker_connections", census.upstreams), ("topic_names", census.topicNames),
            ("queued_messages", census.queuedMessages), ("queued_bytes", census.queuedByteCount),
            ("longest_queue", census.longestQueue), ("forwarded_nodes", census.forwardedNodes),
        ].map { LogField($0, $1) }
        var line = LogLine(.info, "held now:", event: "census")
        line.circumstances = figures
        log.tell(line)
    }
}
