import Bytes
import MQTTSN

/// A PUBLISH at QoS 1 or 2, as far as its exchange is concerned.
struct UplinkMessage: Hashable, Sendable {
    /// Not 0.
    var messageID: MessageID
    var topicID: TopicID
    var isExactlyOnce: Bool
    /// DUP: the client says that it may have sent the message before.
    var isDuplicate: Bool
    var digest: MessageDigest

    init(
        messageID: MessageID, topicID: TopicID, isExactlyOnce: Bool, isDuplicate: Bool, digest: MessageDigest
    ) {
        (self.messageID, self.topicID, self.digest) = (messageID, topicID, digest)
        (self.isExactlyOnce, self.isDuplicate) = (isExactlyOnce, isDuplicate)
    }

    /// What the client says in a `publish` of QoS 1 or 2.
    init(_ publish: Publish, _ payload: RawSpan) {
        self.init(
            messageID: publish.messageID, topicID: publish.topicID,
            isExactlyOnce: publish.flags.qos == .exactlyOnce, isDuplicate: publish.flags.duplicate,
            digest: MessageDigest(of: payload, publish.topicID, publish.flags))
    }

    /// Where another message than the one that is open stands in the table.
    var row: UplinkCell.Row { isDuplicate ? .publishedOtherDuplicate : .publishedOther }
}

/// What is said of a client's messages, by itself or by the broker.
enum UplinkFact: Hashable, Sendable {
    /// PUBLISH of the client.
    case published(UplinkMessage)
    /// PUBREL of the client.
    case released(MessageID)
    /// PUBACK of the broker.
    case acknowledged(BrokerToken)
    /// PUBREC of the broker.
    case received(BrokerToken)
    /// PUBCOMP of the broker.
    case completed(BrokerToken)
    /// PUBACK or PUBREC of the broker, which does not take the message (MQTT 5.0).
    case refused(BrokerToken, BrokerVerdict)

    /// Whether it is the broker's word on a QoS 2 message.
    var isOfExactlyOnce: Bool {
        switch self {
        case .received, .completed: true
        case .published, .released, .acknowledged, .refused: false
        }
    }
}

/// What is to be said to the client.
struct UplinkAnswer: Hashable, Sendable {
    enum Kind: UInt8, Hashable, Sendable {
        /// PUBACK.
        case acknowledged
        /// PUBREC.
        case received
        /// PUBCOMP.
        case completed
        /// PUBACK with 0x01.
        case refused
        /// PUBACK with 0x03.
        case rejected
    }

    var kind: Kind
    var messageID: MessageID
    var topicID: TopicID = 0
}

/// What is to be said because of a fact: to the broker first, then to the client.
struct UplinkOutcome: Hashable, Sendable {
    /// PUBREL goes up under this token, before anything else; none where it does not.
    var release = BrokerToken.none
    /// The PUBLISH goes up under this token; none where it does not.
    var forward = BrokerToken.none
    /// Whether the broker may have it already.
    var isForwardedAgain = false
    /// The PUBLISH is kept under this token until it is asked for; none where it is not.
    var keep = BrokerToken.none
    var answer: UplinkAnswer?
    /// Whether a message was neither taken nor answered, for want of room or of a connection.
    var isTurnedAway = false
    /// Whether what the broker said answers nothing.
    var isUnexpected = false
    /// Which message the broker has taken after all; nil where nobody doubted it.
    var cleared: MessageDigest?
    /// When the message began that the broker has now acknowledged; nil where it has acknowledged none.
    var acknowledged: TimeMark?
    /// Which cell of the table it was.
    var cell: UplinkCell?

    init() {}

    init(_ kind: UplinkAnswer.Kind, to exchange: UplinkExchange) {
        answer = UplinkAnswer(kind: kind, messageID: exchange.messageID, topicID: exchange.topicID)
    }

    init(_ kind: UplinkAnswer.Kind, to message: UplinkMessage) {
        answer = UplinkAnswer(kind: kind, messageID: message.messageID, topicID: message.topicID)
    }

    init(_ kind: UplinkAnswer.Kind, to messageID: MessageID) {
        answer = UplinkAnswer(kind: kind, messageID: messageID)
    }

    /// The same, of this cell of the table.
    consuming func at(_ cell: UplinkCell) -> UplinkOutcome {
        self.cell = cell
        return self
    }

    init(refusing message: UplinkMessage) { self.init(.refused, to: message) }

    init(turningAway: Bool) { isTurnedAway = turningAway }

    init(forward token: BrokerToken, isAgain: Bool) { (forward, isForwardedAgain) = (token, isAgain) }

    init(release token: BrokerToken) { release = token }

    /// An answer to nothing that is open.
    static func unexpected(_ row: UplinkCell.Row) -> UplinkOutcome {
        var outcome = UplinkOutcome()
        outcome.isUnexpected = true
        outcome.cell = UplinkCell(row, nil)
        return outcome
    }
}
