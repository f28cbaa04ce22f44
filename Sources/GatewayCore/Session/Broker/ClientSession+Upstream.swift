import Bytes
import MQTTSN

// Which procedure it belongs to what the broker says; nothing else.

extension ClientSession {
    /// - Returns: false where it answers nothing that is open.
    mutating func handle(_ fact: BrokerFact, _ bytes: RawSpan, in environment: inout Environment) -> Bool {
        switch fact {
        case .published(let publication): brokerPublished(publication, bytes, in: &environment)
        case .releasedPublication(let token): brokerReleased(token, in: &environment)
        case .acknowledged(let token):
            return brokerAnswered(.acknowledged(token), in: &environment) || brokerTookForLess(token, in: &environment)
        case .received(let token): return brokerAnswered(.received(token), in: &environment)
        case .completed(let token): return brokerAnswered(.completed(token), in: &environment)
        case .refused(let token, let verdict): return brokerAnswered(.refused(token, verdict), in: &environment)
        case .subscribed(let token, let granted): return brokerSubscribed(token, granted, in: &environment)
        case .subscriptionPutOff(let token):
            return brokerSubscribed(token, nil, refusal: .congestion, in: &environment)
        case .unsubscribed(let token): return brokerUnsubscribed(token, in: &environment)
        }
        return true
    }
}
