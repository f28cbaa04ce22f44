import MQTT
import MQTTSN

/// Something a client has asked of the broker and waits for; at most a few per client (GW-88).
struct ClientExchange: Equatable, Sendable {
    /// How far the exchange is.
    enum Stage: Equatable, Sendable {
        /// QoS 1: the broker's PUBACK is awaited.
        case awaitingPublishAcknowledgement
        /// QoS 2: the broker's PUBREC is awaited.
        case awaitingPublishReceived
        /// QoS 2: PUBREC went to the client, whose PUBREL is awaited.
        case awaitingPublishRelease
        /// QoS 2: PUBREL went to the broker, whose PUBCOMP is awaited.
        case awaitingPublishComplete
        /// The broker's SUBACK is awaited; the filter is in use until then.
        case awaitingSubscribeAcknowledgement(filter: TopicNameIndex, qos: DeliveryQoS)
        case awaitingUnsubscribeAcknowledgement(filter: TopicNameIndex)
        /// The gateway itself subscribed again because the broker had lost the session.
        case awaitingResubscription(filter: TopicNameIndex)
    }

    var stage: Stage
    /// The client's; 0 for the gateway's own.
    var messageID: MessageID
    var packetID: PacketID
    /// What PUBACK or SUBACK will carry.
    var topicID: TopicID = 0
    /// Whether the client has fallen asleep since it asked.
    var isSleptOver = false

    /// Whether this is a PUBLISH of the client.
    var isPublish: Bool {
        switch stage {
        case .awaitingPublishAcknowledgement, .awaitingPublishReceived, .awaitingPublishRelease,
            .awaitingPublishComplete:
            true
        case .awaitingSubscribeAcknowledgement, .awaitingUnsubscribeAcknowledgement, .awaitingResubscription: false
        }
    }

    /// Whether the next step is the broker's.
    var awaitsBroker: Bool { stage != .awaitingPublishRelease }

    /// Whether the gateway itself subscribes again.
    var isResubscription: Bool {
        if case .awaitingResubscription = stage { true } else { false }
    }

    /// The filter the exchange keeps in use.
    var filter: TopicNameIndex? {
        switch stage {
        case .awaitingSubscribeAcknowledgement(let filter, _), .awaitingUnsubscribeAcknowledgement(let filter),
            .awaitingResubscription(let filter):
            filter
        case .awaitingPublishAcknowledgement, .awaitingPublishReceived, .awaitingPublishRelease,
            .awaitingPublishComplete:
            nil
        }
    }
}

extension ClientSession {
    func exchangeIndex(packetID: PacketID) -> Int? { exchanges.firstIndex { $0.packetID == packetID } }

    func publishExchangeIndex(messageID: MessageID) -> Int? {
        exchanges.firstIndex { $0.isPublish && $0.messageID == messageID }
    }

    /// Whether one more exchange of the client's would be too many.
    func hasNoRoomForExchange(in environment: borrowing Environment) -> Bool {
        exchanges.count >= environment.limits.exchangesPerClient
    }

    /// A packet identifier for a request of this client, its own message id where that is free; nil where none is.
    ///
    /// Passing ids through lets broker and client recognise a repeated QoS 2 message across a restart of the gateway,
    /// which keeps nothing of the exchange. The gateway's own count up in the upper half, where clients seldom are.
    mutating func freePacketID(preferring messageID: MessageID) -> PacketID? {
        if messageID != 0, exchangeIndex(packetID: messageID) == nil { return messageID }
        for _ in 0...exchanges.count {
            lastOwnPacketID = max(lastOwnPacketID &+ 1, Self.firstOwnPacketID)
            if exchangeIndex(packetID: lastOwnPacketID) == nil { return lastOwnPacketID }
        }
        return nil
    }

    private static let firstOwnPacketID: PacketID = 0x8000

    /// Tells the client how its request went; one that has fallen asleep over it hears nothing and will ask again
    /// (GW-69).
    func answer(_ exchange: ClientExchange, _ message: Message, in environment: inout Environment) {
        if awaitsAnswer(exchange) { send(message, in: &environment) }
    }

    func awaitsAnswer(_ exchange: ClientExchange) -> Bool { state != .asleep || !exchange.isSleptOver }

    mutating func removeExchange(at index: Int, in environment: inout Environment) {
        if let filter = exchanges[index].filter { environment.topicNames.release(filter) }
        exchanges.remove(at: index)
    }

    mutating func removeAllExchanges(in environment: inout Environment) {
        if exchanges.contains(where: \.isResubscription) { isBrokersMemoryInDoubt = true }
        while !exchanges.isEmpty { removeExchange(at: exchanges.count - 1, in: &environment) }
    }
}
