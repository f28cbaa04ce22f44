import GatewayCore
import MQTTSN

/// Messages that came and did not go on, by reason and QoS, where observations alone tell of them.
struct DropCounts {
    /// QoS −1 has the place of what forwarders sent that was not looked into.
    private(set) var tooLong: Statistics.ByQoS = .init(repeating: 0)
    private(set) var notRegistered: Statistics.ByQoS = .init(repeating: 0)
    private(set) var undeliverable: Statistics.ByQoS = .init(repeating: 0)
    private(set) var expired: Statistics.ByQoS = .init(repeating: 0)
    private(set) var byRule: Statistics.ByQoS = .init(repeating: 0)
    private(set) var clientAway: Statistics.ByQoS = .init(repeating: 0)
    private(set) var brokerAway: Statistics.ByQoS = .init(repeating: 0)
    private(set) var brokerSlow: Statistics.ByQoS = .init(repeating: 0)

    /// Takes note of what was observed, if it is that a message was dropped.
    mutating func note(_ occurrence: Occurrence) {
        switch occurrence {
        case .messageDroppedTooLong(let qos, _): tooLong[Int((qos ?? .minusOne).rawValue)] &+= 1
        case .messageDroppedNotRegistered(let qos, _): notRegistered[Int(qos.rawValue)] &+= 1
        case .messageExpired(let qos, _): expired[Int(qos.rawValue)] &+= 1
        case .messageDroppedByRule(let qos, _): byRule[Int(qos.rawValue)] &+= 1
        case .messageUndeliverable(let qos, _): undeliverable[Int(qos.rawValue)] &+= 1
        case .messageDroppedUpstreamDown(let qos, _): brokerAway[Int(qos.rawValue)] &+= 1
        case .messageDroppedUpstreamBlocked(let qos, _): brokerSlow[Int(qos.rawValue)] &+= 1
        case .absentClientsMessagesDropped(let missed):
            clientAway[0] &+= UInt64(missed.atMostOnce)
            clientAway[1] &+= UInt64(missed.atLeastOnce)
            clientAway[2] &+= UInt64(missed.exactlyOnce)
        default: break
        }
    }
}

/// Dropped messages of one direction and QoS, for one reason.
struct Drop {
    var direction: String
    /// `-1` to `2`, and `unknown` for a forwarder's message that was not looked into.
    var qos: String
    var reason: String
    var count: UInt64
}

extension Host {
    /// Messages that came and did not go on; each is in one of them.
    var drops: [Drop] {
        let counts = statistics.drops
        func drops(_ direction: String, _ reason: String, _ counts: Statistics.ByQoS, _ qos: ClosedRange<Int>) -> [Drop]
        {
            qos.map { Drop(direction: direction, qos: String($0), reason: reason, count: counts[$0]) }
        }
        func drop(_ direction: String, _ qos: String, _ reason: String, _ count: UInt64) -> [Drop] {
            [Drop(direction: direction, qos: qos, reason: reason, count: count)]
        }
        let down =
            drops("down", "too_long", counts.tooLong, 0...2)
            + drop("down", "0", "queue_full", counters[.messageDroppedQueueFull])
            + drops("down", "not_registered", counts.notRegistered, 0...2)
            + drops("down", "undeliverable", counts.undeliverable, 1...2)
            + drops("down", "expired", counts.expired, 0...2)
            + drops("down", "by_rule", counts.byRule, 0...2)
            + drops("down", "client_away", counts.clientAway, 0...2)
            + drop("down", "0", "link_refused", counters.messagesRefusedByLinks)
        let up =
            drops("up", "broker_away", counts.brokerAway, 0...2)
            + drops("up", "broker_slow", counts.brokerSlow, 0...2)
            + drop("up", "-1", "qos_minus_one_broker_away", counters[.qosMinusOneDropped])
            + drop("up", "-1", "qos_minus_one_buffer_full", counters[.qosMinusOneBufferFull])
            + drop("up", "-1", "qos_minus_one_refused", counters[.qosMinusOneRefused])
            + drop("up", "unknown", "node_id_too_long", counts.tooLong[3])
        return down + up
    }

    /// How many were dropped, first by reason, then by QoS; only what there was.
    var dropSums: (byReason: [(name: String, count: UInt64)], byQoS: [(name: String, count: UInt64)]) {
        func sums(by name: KeyPath<Drop, String>, _ drops: [Drop]) -> [(name: String, count: UInt64)] {
            drops.reduce(into: []) { sums, drop in
                guard drop.count > 0 else { return }
                if let index = sums.firstIndex(where: { $0.name == drop[keyPath: name] }) {
                    sums[index].count &+= drop.count
                } else {
                    sums.append((drop[keyPath: name], drop.count))
                }
            }
        }
        let drops = drops
        return (sums(by: \.reason, drops), sums(by: \.qos, drops))
    }
}
