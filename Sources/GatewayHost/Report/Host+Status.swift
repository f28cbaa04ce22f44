import GatewayCore
import Time
import Transports

// How the gateway is, as JSON.

extension Host {
    func writeStatus(to json: inout JSONText) {
        let population = gateway.population(at: now)
        writeIdentity(to: &json)
        let looks = looks(population.counts)
        writeHealth(looks, to: &json)
        writeBroker("broker", to: &json)
        writeClients(population.counts, to: &json)
        writeMessages(to: &json)
        let census = gateway.takeCensus()
        json.object("waiting") {
            $0.add("messages", census.queuedMessages)
            $0.add("bytes", census.queuedByteCount)
            $0.add("oldest_seconds", seconds: population.oldestWaiting?.inSeconds)
        }
        json.array("needs_a_look") { json in
            for look in looks {
                json.object {
                    $0.add("severity", look.look.isError ? "error" : "warning")
                    $0.add("sentence", look.look.sentence)
                    $0.add("key", look.look.key)
                    $0.add("client", look.client)
                }
            }
        }
        writeLinks(to: &json)
        writeHour(to: &json)
        writeStore(to: &json)
        writeProcess(to: &json)
    }

    func writeProcess(to json: inout JSONText) {
        json.object("process") {
            $0.add("resident_bytes", ProcessLimits.residentMemoryByteCount().map { Int($0) })
            $0.add("cpu_seconds", seconds: ProcessLimits.processorSeconds())
            $0.add("open_files", ProcessLimits.openFileCount())
        }
    }

    func writeClients(_ counts: [ClientReport.State: Int], to json: inout JSONText) {
        json.object("clients") { json in
            for state in ClientReport.State.allCases { json.add(state.rawValue, counts[state] ?? 0) }
            json.add("limit", configuration.limits.clients)
        }
    }

    func writeIdentity(to json: inout JSONText) {
        json.object("gateway") {
            $0.add("id", Int(configuration.gatewayID))
            $0.add("version", Build.current.version)
            $0.add("commit", Build.current.commit)
            let seconds = Int64(startedAtSeconds)
            $0.add("started", "\(Timestamp(secondsSince1970: seconds, milliseconds: 0))")
            $0.add("uptime_seconds", Int((loop.now &- statistics.startedAt) / 1_000_000_000))
        }
    }

    /// Never well beside a trouble: the sentence counts what needs a look.
    func writeHealth(_ looks: [(look: TroubleText.Look, client: String?)], to json: inout JSONText) {
        let readiness = readiness
        let count = looks.count
        let rest = count == 0 ? "" : count == 1 ? "; 1 thing needs a look" : "; \(count) things need a look"
        json.object("health") {
            $0.add("live", true)
            $0.add("ready", readiness.ready)
            $0.add("sentence", readiness.sentence + rest)
        }
    }

    func writeBroker(_ name: String, to json: inout JSONText) {
        let openSince = gateway.sharedConnectionOpenSince
        let since = openSince.map { now.since($0).nanoseconds } ?? loop.now &- min(statistics.brokerChangedAt, loop.now)
        json.object(name) {
            $0.add("url", brokerName)
            $0.add("preferred", gateway.brokerInUse == 0)
            $0.add("state", openSince != nil ? "connected" : isRefusedByBroker ? "refused" : "unreachable")
            $0.add("since_seconds", Int(since / 1_000_000_000))
            $0.add("round_trip_seconds", seconds: statistics.lastBrokerRoundTrip?.inSeconds)
        }
    }

    func writeMessages(to json: inout JSONText) {
        let lastMinute = statistics.hour.lastMinute(at: loop.now)
        func write(_ counts: Statistics.ByQoS, _ lastMinute: UInt32, to json: inout JSONText) {
            json.add("total", (0..<4).reduce(UInt64(0)) { $0 + counts[$1] })
            json.add("last_minute", Int(lastMinute))
            json.object("by_qos") { json in
                for (index, name) in ["0", "1", "2", "-1"].enumerated() { json.add(name, counts[index]) }
            }
        }
        json.object("messages") { json in
            json.object("up") { write(statistics.forwarded, lastMinute.up, to: &$0) }
            json.object("down") { write(delivered, lastMinute.down, to: &$0) }
            json.object("repeated") {
                $0.add("up", repeatedUp)
                $0.add("down", statistics.sentAgain)
            }
            let drops = dropSums
            json.object("dropped") { json in for drop in drops.byReason { json.add(drop.name, drop.count) } }
            json.object("dropped_by_qos") { json in for drop in drops.byQoS { json.add(drop.name, drop.count) } }
        }
    }

    private func writeLinks(to json: inout JSONText) {
        json.array("links") { json in
            for (link, counts) in zip(links, statistics.links) where counts.isThere {
                json.object {
                    $0.add("name", link.title)
                    $0.add("link", counts.name)
                    $0.add("up", link.isUp)
                    $0.add("datagrams_in", counts.received)
                    $0.add("datagrams_out", counts.sent)
                    $0.add("repeated", counts.sentAgain)
                    $0.add("rssi_dbm", counts.decibelMilliwatts)
                }
            }
        }
    }

    private func writeHour(to json: inout JSONText) {
        let lines = statistics.hour.lines(at: loop.now)
        json.object("hour") { json in
            json.array("up") { for count in lines.up { $0.add(nil, Int(count)) } }
            json.array("down") { for count in lines.down { $0.add(nil, Int(count)) } }
        }
    }
}
