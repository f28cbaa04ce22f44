import MQTTSN

// What becomes of a message that the broker does not take: (MQTT 5.0 §4.3, §4.9).

extension Uplink {
    /// The exchange is over, at QoS 2 as well, and its number is free. Whoever is not told, as an answer would be held,
    /// repeats its message, and that goes to the broker again.
    mutating func brokerRefused(
        _ token: BrokerToken, _ verdict: BrokerVerdict, _ conditions: UplinkConditions
    ) -> UplinkOutcome {
        guard let exchange = take(refusedUnder: token) else {
            var outcome = UplinkOutcome()
            outcome.isUnexpected = true
            return outcome
        }
        var outcome = UplinkOutcome()
        if exchange.client == .waiting, !conditions.isHeld(exchange) {
            outcome = UplinkOutcome(verdict == .never ? .rejected : .refused, to: exchange)
            // A copy that the network has made must not be taken for a message that was never heard.
            if verdict == .later, exchange.isExactlyOnce, ended.count < 2 * conditions.endedLimit {
                noteRefused(exchange, at: conditions.now)
            }
        }
        if exchange.isSuspect { outcome.cleared = exchange.digest }
        return outcome
    }
}
