import MQTT
import MQTTSN
import Time

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
    /// The client's; 0 for the gateway's own, and where the client has left the exchange behind.
    var messageID: MessageID
    var packetID: PacketID
    /// What PUBACK or SUBACK will carry.
    var topicID: TopicID = 0
    /// When the last step was; kept for QoS 2.
    var since = Instant(nanoseconds: 0)
    /// What the PUBLISH was, as far as a number can tell; kept for QoS 2.
    var digest: UInt32 = 0
    /// Whether the client has fallen asleep since it asked.
    var isSleptOver = false
    /// Whether the broker connection has ended since the last step: a QoS 2 exchange of a persistent session goes on
    /// over the next one, under the same packet identifier.
    var isInterrupted = false

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
    var awaitsBroker: Bool { stage != .awaitingPublishRelease && !isInterrupted }

    var isExactlyOnce: Bool {
        switch stage {
        case .awaitingPublishReceived, .awaitingPublishRelease, .awaitingPublishComplete: true
        case .awaitingPublishAcknowledgement, .awaitingSubscribeAcknowledgement, .awaitingUnsubscribeAcknowledgement,
            .awaitingResubscription:
            false
        }
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

    /// Whether one more exchange of the client's would be too many. Where some are left behind, the first of them is
    /// brought to its end, so that there will be room.
    mutating func hasNoRoomForExchange(in environment: inout Environment) -> Bool {
        guard exchanges.count >= environment.limits.exchangesPerClient else { return false }
        if let index = exchanges.firstIndex(where: { isAbandoned($0, in: environment) }) {
            completeForClient(at: index, in: &environment)
        }
        return true
    }

    /// Whether the client has had its time, in this connection, to go on with an exchange that it has left behind.
    private func isAbandoned(_ exchange: ClientExchange, in environment: borrowing Environment) -> Bool {
        isLeftBehind(exchange, in: environment)
            && environment.now.since(max(exchange.since, waitingSince)) >= link(in: environment).patience
    }

    /// Whether the client need not come back to this QoS 2 exchange, whose next step would be its own.
    func isLeftBehind(_ exchange: ClientExchange, in environment: borrowing Environment) -> Bool {
        guard exchange.messageID != 0 else { return false }
        switch exchange.stage {
        case .awaitingPublishReceived: return exchange.isInterrupted
        case .awaitingPublishRelease:
            return exchange.isInterrupted || environment.now.since(exchange.since) >= link(in: environment).patience
        case .awaitingPublishAcknowledgement, .awaitingPublishComplete, .awaitingSubscribeAcknowledgement,
            .awaitingUnsubscribeAcknowledgement, .awaitingResubscription:
            return false
        }
    }

    /// Says PUBREL in the place of a client that has left its exchange behind; the client hears no more of it. Where it
    /// comes back after all, its message has been delivered (AMB-24).
    ///
    /// - Returns: false where there is no broker connection.
    @discardableResult
    mutating func completeForClient(at index: Int, in environment: inout Environment) -> Bool {
        guard environment.sendPacket(.publishRelease(exchanges[index].packetID), on: upstream) else { return false }
        let exchange = exchanges[index]
        if exchange.stage == .awaitingPublishRelease {
            recentlyCompleted.note(exchange.messageID, digest: exchange.digest, at: nil)
        }
        exchanges[index].stage = .awaitingPublishComplete
        exchanges[index].messageID = 0
        exchanges[index].isInterrupted = false
        return true
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

    func awaitsAnswer(_ exchange: ClientExchange) -> Bool { !exchange.isSleptOver }

    mutating func removeExchange(at index: Int, in environment: inout Environment) {
        if let filter = exchanges[index].filter { environment.topicNames.release(filter) }
        exchanges.remove(at: index)
    }

    /// The broker connection is no more. What the broker of a persistent session remembers of QoS 2 goes on over the
    /// next one; everything else the client will ask for again.
    mutating func interruptExchanges(in environment: inout Environment) {
        var index = 0
        while index < exchanges.count {
            if exchanges[index].isExactlyOnce, !cleanSession {
                exchanges[index].isInterrupted = true
                index += 1
            } else {
                removeExchange(at: index, in: &environment)
            }
        }
    }

    mutating func removeAllExchanges(in environment: inout Environment) {
        while !exchanges.isEmpty { removeExchange(at: exchanges.count - 1, in: &environment) }
    }
}
