import Bytes
import MQTT

/// A message from the broker for a client; the parts are in the bytes that travel beside it.
struct Publication: Equatable, Sendable {
    var topicName: ByteRange
    var payload: ByteRange
    var qos: QoS
    var retain: Bool
    /// Whether the broker says that it may have sent the message before.
    var duplicate: Bool
    /// Where its acknowledgement goes; none at QoS 0.
    var token: BrokerToken
}

/// What the broker has said of a client's affairs, in the session's own words.
enum BrokerFact: Equatable, Sendable {
    case published(Publication)
    /// QoS 2: the broker knows that its message is here, and waits for its completion (PUBREL).
    case releasedPublication(BrokerToken)
    /// QoS 1: the broker has the client's message (PUBACK).
    case acknowledged(BrokerToken)
    /// QoS 2: the broker has the client's message and waits for its release (PUBREC).
    case received(BrokerToken)
    /// QoS 2: the exchange has come to its end (PUBCOMP).
    case completed(BrokerToken)
    /// The subscription is made, with this QoS; refused where that is nil.
    case subscribed(BrokerToken, granted: QoS?)
    case unsubscribed(BrokerToken)
}

/// Why the broker did not take a CONNECT, as far as it matters to the client (AMB-17).
struct BrokerRefusal: Equatable, Sendable {
    /// Whether it will say so again, whatever its or the gateway's owner does meanwhile.
    var isFinal: Bool
    /// The return code (MQTT 3.1.1 §3.2.2.3).
    var code: UInt8
}

extension BrokerFact {
    /// What a packet says; nil where it is not for a session, or breaks the protocol: a SUBACK answers one filter here.
    init?(_ packet: Packet, _ bytes: RawSpan) {
        switch packet {
        case .publish(let publish):
            self = .published(
                Publication(
                    topicName: publish.topicName, payload: publish.payload, qos: QoS(publish.qos),
                    retain: publish.retain, duplicate: publish.duplicate,
                    token: BrokerToken(packetID: publish.packetID)))
        case .publishRelease(let packetID): self = .releasedPublication(BrokerToken(packetID: packetID))
        case .publishAcknowledgement(let packetID): self = .acknowledged(BrokerToken(packetID: packetID))
        case .publishReceived(let packetID): self = .received(BrokerToken(packetID: packetID))
        case .publishComplete(let packetID): self = .completed(BrokerToken(packetID: packetID))
        case .subscribeAcknowledgement(let answer):
            guard answer.returnCodes.count == 1, let code = bytes.byte(at: answer.returnCodes.lowerBound)
            else { return nil }
            self = .subscribed(BrokerToken(packetID: answer.packetID), granted: QoS(rawValue: code))
        case .unsubscribeAcknowledgement(let packetID): self = .unsubscribed(BrokerToken(packetID: packetID))
        case .connect, .connectAcknowledgement, .subscribe, .unsubscribe, .pingRequest, .pingResponse, .disconnect,
            .authentication:
            return nil
        }
    }
}

extension BrokerRefusal {
    /// What is wrong with the credentials is no fault of a client's, which has none: they are the gateway's own. Where
    /// these are `good`, as its own connection is open with them, it is the client that is not authorized.
    init(_ code: ConnectReturnCode, credentialsAreGood good: Bool) {
        let isFinal =
            code == .notAuthorized ? good : code != .serverUnavailable && code != .badCredentials
        self.init(isFinal: isFinal, code: code.rawValue)
    }
}

extension QoS {
    init(_ qos: DeliveryQoS) {
        switch qos {
        case .atMostOnce: self = .atMostOnce
        case .atLeastOnce: self = .atLeastOnce
        case .exactlyOnce: self = .exactlyOnce
        }
    }
}

extension DeliveryQoS {
    init(_ qos: QoS) {
        switch qos {
        case .atMostOnce: self = .atMostOnce
        case .atLeastOnce: self = .atLeastOnce
        case .exactlyOnce: self = .exactlyOnce
        }
    }
}
