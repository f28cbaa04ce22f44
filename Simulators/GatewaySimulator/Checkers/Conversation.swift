import MQTTSN

/// What a checker knows of one client's conversation with the gateway.
struct Conversation {
    enum Phase {
        /// No session that the model knows of: anything goes but PUBLISH.
        case unknown
        case active
        case asleep
        case awake
    }

    /// Of the session that is in force.
    var phase = Phase.unknown
    /// Whether a CONNECT is being carried out.
    var isConnecting = false
    /// Not after a CONNECT: one that was refused may have ended what was before.
    var isPhaseCertain = false
    /// Where the client's session is.
    var address = 0
    /// Where its CONNECTs have come from since: there the session goes on if nothing comes of one (GW-89).
    var connectAddresses: Set<Int> = []
    var wantsSleep = false
    /// What the gateway has heard last.
    var lastHeard: MessageType?
    var toldNames: [TopicID: [UInt8]] = [:]
    /// What it was told in earlier connections, or has denied, and how often the gateway has offered an id in
    /// this one.
    var formerNames: [TopicID: [UInt8]] = [:]
    var offerCounts: [TopicID: Int] = [:]
    /// Names that the client has asked an id for, and that the gateway has told, by message id.
    var requestedNames: [MessageID: [UInt8]] = [:]
    var offeredNames: [MessageID: (TopicID, [UInt8])] = [:]
    /// What awaits an answer of the client.
    var openPublish: MessageID?
    var openRelease: MessageID?
    /// The QoS 1 or 2 message that was sent last, and has no answer yet, with its name.
    var unanswered: (MessageID, [UInt8])?
    /// The PUBREC just heard, where nothing was open under its number.
    var lateReceipt: MessageID?
    var openRegister: MessageID?
    /// What of that was sent last, and how often.
    var lastSaid: UInt32 = 0
    var copyCount = 0
    /// Message type and message id of what the client has asked.
    var requests: Set<UInt32> = []

    /// The client has answered a message. A REGISTER for that needs no answer any more: its topic id had become
    /// doubtful, and the message was to be sent again.
    mutating func settle(_ messageID: MessageID) {
        guard let (id, name) = unanswered, id == messageID else { return }
        unanswered = nil
        if let openRegister, offeredNames[openRegister]?.1 == name { self.openRegister = nil }
    }

    /// What was open when the client fell asleep begins anew when it wakes up.
    mutating func closeExchanges() { (openPublish, openRelease, openRegister) = (nil, nil, nil) }

    mutating func countCopy(_ message: UInt32) {
        copyCount = message == lastSaid ? copyCount + 1 : 1
        lastSaid = message
    }
}
