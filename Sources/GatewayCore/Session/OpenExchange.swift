import MQTTSN

/// The one exchange the gateway has open towards a client, repeated until it is answered (GW-78, GW-88).
struct OpenExchange: Sendable {
    /// What was sent last and is to be answered.
    enum Kind: Equatable, Sendable {
        case none
        /// WILLTOPICREQ or WILLMSGREQ; the session's state says which.
        case willPrompt
        case register(topicID: TopicID, messageID: MessageID)
        /// PUBLISH of the first message in the queue.
        case publish
        /// PUBREL of the first message in the queue.
        case release
        /// Nothing more to send for the first message until the broker's PUBREL.
        case brokerRelease
    }

    var kind = Kind.none
    /// How often the message has been sent.
    var attempts = 0
    /// When it is sent again; nil where nothing is repeated.
    var retryAt: Instant?

    /// Nothing is open.
    var isClosed: Bool { kind == .none }
}
