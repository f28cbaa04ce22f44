import Bytes
import MQTT
import Time

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
    /// When the message is not to be delivered any more; nil for never.
    var expiry: Expiry?
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
    /// The broker does not take the client's message, and the exchange is over (PUBACK or PUBREC of 0x80 and above,
    /// MQTT 5.0 §3.4.2.1, §3.5.2.1).
    case refused(BrokerToken, BrokerVerdict)
    /// The subscription is made, with this QoS; refused where that is nil.
    case subscribed(BrokerToken, granted: QoS?)
    /// The subscription is refused for now (MQTT 5.0 §3.9.3).
    case subscriptionPutOff(BrokerToken)
    case unsubscribed(BrokerToken)
}

/// What the broker means by not taking a message.
enum BrokerVerdict: Hashable, Sendable {
    /// It may take it another time.
    case later
    /// It never will.
    case never

    /// 0x97 quota exceeded and 0x91 identifier in use pass; everything else is about the message.
    init(_ code: ReasonCode) { self = code == .quotaExceeded || code == .packetIdentifierInUse ? .later : .never }
}

/// Why the broker did not take a CONNECT, as far as it matters to the client (AMB-17).
struct BrokerRefusal: Equatable, Sendable {
    /// Whether it will say so again, whatever its or the gateway's owner does meanwhile.
    var isFinal: Bool
    /// The return code (MQTT 3.1.1 §3.2.2.3), or the reason code (MQTT 5.0 §3.2.2.2), which is 0x80 or above.
    var code: UInt8
}

extension BrokerFact {
    /// What a packet says; nil where it is not for a session, or breaks the protocol: a SUBACK answers one filter here.
    init?(_ packet: Packet, _ added: AddedFields, _ bytes: RawSpan, at now: Instant) {
        switch packet {
        case .publish(let publish):
            // A Topic Alias alone: none was allowed (MQTT 5.0 §3.1.2.11.5).
            guard !publish.topicName.isEmpty else { return nil }
            self = .published(
                Publication(
                    topicName: publish.topicName, payload: publish.payload, qos: QoS(publish.qos),
                    retain: publish.retain, duplicate: publish.duplicate,
                    token: BrokerToken(packetID: publish.packetID),
                    expiry: Expiry(added.properties, of: bytes, at: now)))
        case .publishRelease(let packetID): self = .releasedPublication(BrokerToken(packetID: packetID))
        case .publishAcknowledgement(let packetID), .publishReceived(let packetID):
            let token = BrokerToken(packetID: packetID)
            if added.reasonCode.isFailure {
                self = .refused(token, BrokerVerdict(added.reasonCode))
            } else {
                self = packet.type == .publishReceived ? .received(token) : .acknowledged(token)
            }
        case .publishComplete(let packetID): self = .completed(BrokerToken(packetID: packetID))
        case .subscribeAcknowledgement(let answer):
            guard answer.returnCodes.count == 1, let code = bytes.byte(at: answer.returnCodes.lowerBound)
            else { return nil }
            let token = BrokerToken(packetID: answer.packetID)
            let isPutOff = ReasonCode(rawValue: code).map { BrokerVerdict($0) == .later } ?? false
            self = isPutOff ? .subscriptionPutOff(token) : .subscribed(token, granted: QoS(rawValue: code))
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
        if let reason = ReasonCode(rawValue: code.rawValue), reason.isFailure {
            self.init(reason, credentialsAreGood: good)
            return
        }
        let isFinal =
            code == .notAuthorized ? good : code != .serverUnavailable && code != .badCredentials
        self.init(isFinal: isFinal, code: code.rawValue)
    }

    /// The same of a broker of MQTT 5.0.
    private init(_ code: ReasonCode, credentialsAreGood good: Bool) {
        let passes: [ReasonCode] = [
            .serverUnavailable, .serverBusy, .quotaExceeded, .connectionRateExceeded, .useAnotherServer, .serverMoved,
            .badUserNameOrPassword, .badAuthenticationMethod,
        ]
        self.init(isFinal: code == .notAuthorized ? good : !passes.contains(code), code: code.rawValue)
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
