package import MQTT

/// Something that a checker wants to know of a broker: what it took, what it handed on and what was acknowledged.
package enum BrokerRecord: Equatable, Sendable {
    /// A message came in from a client; a repeated QoS 2 message is not a new one.
    case received(from: [UInt8], topicName: [UInt8], payload: [UInt8], qos: DeliveryQoS)
    /// The client will not repeat a QoS 2 message that came in (PUBREL).
    case released(by: [UInt8], payload: [UInt8])
    /// A message made the broker close the connection that it came on.
    case closed(BrokerConnectionID, of: [UInt8], payload: [UInt8])
    /// A copy was given to a client's session, to be sent now or later.
    case handed(to: [UInt8], topicName: [UInt8], payload: [UInt8], qos: DeliveryQoS)
    /// A copy was not given to a client's session for want of room, or because QoS 0 does not wait.
    case dropped(for: [UInt8], payload: [UInt8])
    /// The client has acknowledged a QoS 1 message, or received a QoS 2 message (PUBREC).
    case acknowledged(by: [UInt8], payload: [UInt8], qos: DeliveryQoS)
    case sessionOpened([UInt8], isClean: Bool, isPresent: Bool)
    case sessionEnded([UInt8])
    /// The Will of a connection that ended without DISCONNECT; the QoS is the Will's own.
    case willPublished(
        of: [UInt8], on: BrokerConnectionID, topicName: [UInt8], payload: [UInt8], qos: DeliveryQoS, retain: Bool)
}

extension SimulatedBroker {
    /// What was recorded since the last call; nothing unless `keepsRecords` is set.
    package mutating func takeRecords() -> [BrokerRecord] {
        guard !records.isEmpty else { return [] }
        defer { records.removeAll(keepingCapacity: true) }
        return records
    }

    /// The broker process ends and starts again: every connection is gone, without Wills, and with them clean sessions.
    ///
    /// - Parameter keepsStore: Whether persistent sessions and retained messages survive.
    package mutating func restart(keepsStore: Bool) {
        connections = [:]
        deadlines = BrokerDeadlineQueue()
        // In the order of their numbers, so that the records come in the same order in every process.
        for number in sessions.keys.sorted() {
            sessions[number]?.connection = nil
            if sessions[number]?.isClean == true || !keepsStore { removeSession(number) }
        }
        if !keepsStore { retainedMessages = BrokerRetainedMessages() }
    }

    func clientID(of session: BrokerSessionNumber) -> [UInt8] { sessions[session]?.clientID ?? [] }

    /// The QoS granted to a client for a filter; nil when it has no such subscription.
    package func grantedQoS(of clientID: [UInt8], for topicFilter: [UInt8]) -> DeliveryQoS? {
        sessionNumbers[clientID].flatMap { sessions[$0] }?.subscriptions.first { $0.topicFilter == topicFilter }?
            .grantedQoS
    }

    /// Whether the broker has a session of the client that does not end with its connection.
    package func hasLastingSession(of clientID: [UInt8]) -> Bool {
        sessionNumbers[clientID].flatMap { sessions[$0] }.map { !$0.isClean } ?? false
    }

    /// The topic names of the messages that were sent to a client and not acknowledged.
    package func inFlightTopicNames(of clientID: [UInt8]) -> [[UInt8]] {
        sessionNumbers[clientID].flatMap { sessions[$0] }?.inFlightPublishes.map(\.message.topicName) ?? []
    }

    /// QoS 1 and 2 messages that were sent to a client and not completed; nil when it has no session.
    package func inFlightCount(of clientID: [UInt8]) -> Int? {
        sessionNumbers[clientID].flatMap { sessions[$0] }.map {
            $0.inFlightPublishes.count + $0.releasedPacketIDs.count
        }
    }
}
