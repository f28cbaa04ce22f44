import MQTTSN
import Time

// What is told of a broker that ends a client's connection, or does not answer: what it seems to forbid.

extension ClientSession {
    /// A PUBLISH of the client's goes up.
    @inline(__always)
    mutating func noteSaid(_ qos: QoS, _ topic: TopicReference, in environment: borrowing Environment) {
        let packet: BrokerLoss.Said =
            switch qos {
            case .atMostOnce: .publishAtMostOnce
            case .atLeastOnce: .publishAtLeastOnce
            case .exactlyOnce: .publishExactlyOnce
            }
        broker.conduct.said(packet, topic.type, topic.topicID, at: environment.now)
        if qos == .exactlyOnce { broker.conduct.exactlyOncePublished(at: environment.now) }
    }

    /// The client says again what the broker has not answered.
    mutating func noteRepetition(in environment: inout Environment) {
        let patience = environment.configuration.upstream.responseTimeout
        guard broker.conduct.exactlyOnceRepeated(at: environment.now, patience: patience) else { return }
        let seconds = UInt16(clamping: patience.nanoseconds / 1_000_000_000)
        observe(.brokerIgnoresExactlyOnce(seconds: seconds), in: &environment)
    }

    /// The broker acknowledges a QoS 2 message as if it were QoS 1, so it has none: the client is told, and nothing of
    /// QoS 2 goes up any more as long as the connection is there (AMB-38).
    ///
    /// - Returns: false where it answers nothing that is open.
    mutating func brokerTookForLess(_ token: BrokerToken, in environment: inout Environment) -> Bool {
        let slot = upstream
        guard uplink.isExactlyOnce(token), brokerAnswered(.refused(token, .never), in: &environment) else {
            return false
        }
        environment.brokerHasNoExactlyOnce(on: slot)
        if broker.conduct.exactlyOnceTakenForLess() { observe(.brokerIgnoresExactlyOnce(seconds: 0), in: &environment) }
        return true
    }

    /// What was last said on the connection that has ended, and the topic of it where that is still known.
    func lossOfBroker(_ end: StreamEnd?, in environment: borrowing Environment) -> (loss: BrokerLoss, topic: [UInt8]) {
        guard let upstream else { return (BrokerLoss(end: end, said: .connect, milliseconds: 0), []) }
        let opened = environment.upstreams[upstream].openedAt
        let (said, milliseconds) = broker.conduct.lastSaid(since: opened, at: environment.now)
        let topic = topicOfLastSaid(said, in: environment)
        let loss = BrokerLoss(
            end: end, said: said, milliseconds: milliseconds, topicByteCount: UInt16(clamping: topic.count))
        return (loss, topic)
    }

    private func topicOfLastSaid(_ said: BrokerLoss.Said, in environment: borrowing Environment) -> [UInt8] {
        let name: TopicNameIndex?
        switch said {
        case .connect: return []
        case .subscribe, .unsubscribe: name = requests.filters.last
        case .publishAtMostOnce, .publishAtLeastOnce, .publishExactlyOnce:
            let topicID = broker.conduct.topicID
            switch broker.conduct.topicIDType {
            case .normal: name = topics.entry(topicID)?.name
            case .predefined: name = environment.predefinedTopics.name(for: topicID, clientID: clientID)
            case .shortName: return [UInt8(topicID >> 8), UInt8(truncatingIfNeeded: topicID)]
            case .reserved: return []
            }
        }
        return name.map { Array(environment.topicNames.name($0).prefix(Int(UInt16.max))) } ?? []
    }

    /// Tells how the connection was lost, and once what that looks like.
    mutating func observe(_ loss: BrokerLoss, _ topic: [UInt8], in environment: inout Environment) {
        environment.observe(.upstreamLost(loss), of: clientID, topic, peer: route?.peer)
        guard broker.conduct.lost(at: environment.now) else { return }
        environment.observe(.upstreamLostRepeatedly(loss), of: clientID, topic, peer: route?.peer)
    }
}
