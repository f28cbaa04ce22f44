import MQTT
import Time

/// The number of a session: counted up from 0 and never used again, so older sessions have lower numbers.
struct BrokerSessionNumber: Comparable, Hashable {
    var rawValue: Int

    static func < (left: BrokerSessionNumber, right: BrokerSessionNumber) -> Bool { left.rawValue < right.rawValue }
}

/// What the broker remembers for a client identifier (MQTT 3.1.1 §3.1.2.4, session state).
struct BrokerSession {
    /// A PUBLISH packet with QoS 1 or 2 that the client has not acknowledged.
    struct InFlightPublish {
        var packetID: PacketID
        var message: BrokerMessage
    }

    var clientID: [UInt8]
    /// A clean session ends with its connection (MQTT 3.1.1 §3.1.2.4).
    var isClean: Bool
    /// The client's connection, or nil while it is away.
    var connection: BrokerConnectionID?
    /// In the order of the first SUBSCRIBE for each filter.
    private(set) var subscriptions: [BrokerSubscription] = []
    /// QoS 1 and 2 messages that wait for a place in the in-flight window, or for the client.
    var queue = BrokerMessageQueue()
    /// Sent and not acknowledged, in the order they were first sent.
    private(set) var inFlightPublishes: [InFlightPublish] = []
    /// Packet identifiers of QoS 2 messages the client has received and not completed, in the order of the PUBRECs.
    private(set) var releasedPacketIDs: [PacketID] = []
    /// QoS 2 messages from the client that were routed and await their PUBREL, by packet identifier; only looked up.
    /// The payload is only kept for records.
    var receivedMessages: [PacketID: [UInt8]] = [:]
    private var lastPacketID: PacketID = 0
    private var highestPacketID: PacketID = 0

    init(clientID: [UInt8], isClean: Bool) {
        self.clientID = clientID
        self.isClean = isClean
    }

    /// Adds a subscription, or replaces the one with the same filter [MQTT-3.8.4-3].
    mutating func subscribe(_ subscription: BrokerSubscription) {
        if let index = subscriptions.firstIndex(where: { $0.topicFilter == subscription.topicFilter }) {
            subscriptions[index] = subscription
        } else {
            subscriptions.append(subscription)
        }
    }

    mutating func unsubscribe(from topicFilter: [UInt8]) {
        subscriptions.removeAll { $0.topicFilter == topicFilter }
    }

    /// Whether another QoS 1 or 2 message may be sent, of `window` that may be under way.
    func hasRoom(inWindow window: Int) -> Bool {
        inFlightPublishes.count + releasedPacketIDs.count < window
    }

    /// Moves the oldest waiting message that is still good into the in-flight window; nil when none waits or the
    /// window is full.
    mutating func startNextPublish(window: Int, takesLowestPacketID: Bool, at now: Instant) -> InFlightPublish? {
        guard hasRoom(inWindow: window), var message = queue.popFirst() else { return nil }
        while message.isExpired(at: now) {
            guard let next = queue.popFirst() else { return nil }
            message = next
        }
        if takesLowestPacketID { lastPacketID = 0 }
        let publish = InFlightPublish(packetID: makePacketID(), message: message)
        inFlightPublishes.append(publish)
        return publish
    }

    /// Whether this is not the first message under its packet identifier; notes that it has one.
    mutating func isReused(_ packetID: PacketID) -> Bool {
        defer { highestPacketID = max(highestPacketID, packetID) }
        return packetID <= highestPacketID
    }

    /// The client owns a QoS 1 message now (MQTT 3.1.1 §4.3.2).
    mutating func acknowledge(_ packetID: PacketID) {
        inFlightPublishes.removeAll { $0.packetID == packetID && $0.message.qos == .atLeastOnce }
    }

    /// The client owns a QoS 2 message now, so only its packet identifier is kept (MQTT 3.1.1 §4.3.3).
    mutating func release(_ packetID: PacketID) {
        let index = inFlightPublishes.firstIndex { $0.packetID == packetID && $0.message.qos == .exactlyOnce }
        guard let index else { return }
        inFlightPublishes.remove(at: index)
        releasedPacketIDs.append(packetID)
    }

    /// The client has forgotten the packet identifier of a QoS 2 message (MQTT 3.1.1 §4.3.3).
    mutating func complete(_ packetID: PacketID) {
        releasedPacketIDs.removeAll { $0 == packetID }
    }

    /// A packet identifier not in use [MQTT-2.3.1-2]; there is one, because the window is smaller than their number.
    private mutating func makePacketID() -> PacketID {
        while true {
            lastPacketID = lastPacketID == .max ? 1 : lastPacketID + 1
            let packetID = lastPacketID
            let isInUse =
                inFlightPublishes.contains { $0.packetID == packetID } || releasedPacketIDs.contains(packetID)
            if !isInUse { return packetID }
        }
    }
}
