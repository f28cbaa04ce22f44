package import Time

/// A complete MQTT 3.1.1 broker as a pure state machine: no sockets, no clock, no randomness.
///
/// The host numbers connections, feeds events with the time, and carries out the effects in order. The same events
/// give the same effects in every process. One event's effects may concern any connection.
package struct SimulatedBroker {
    /// May be changed between events; what was granted before stays.
    package var configuration: SimulatedBrokerConfiguration
    package internal(set) var counters = BrokerCounters()
    /// Whether records are kept for `takeRecords`.
    package var keepsRecords = false
    var records: [BrokerRecord] = []

    /// Only looked up, never iterated, like every dictionary here: hash order differs between processes.
    var connections: [BrokerConnectionID: BrokerConnection] = [:]
    var sessions: [BrokerSessionNumber: BrokerSession] = [:]
    var sessionNumbers: [[UInt8]: BrokerSessionNumber] = [:]
    var subscriptions = BrokerSubscriptions()
    var retainedMessages = BrokerRetainedMessages()
    var deadlines = BrokerDeadlineQueue()
    var nextSessionNumber = 0
    var assignedClientIDCount = 0
    /// When the last event was.
    var now = Instant(nanoseconds: 0)
    /// Of messages that could be refused.
    var publicationCount = 0

    package init(configuration: SimulatedBrokerConfiguration = .init()) {
        self.configuration = configuration
    }

    /// Takes one event and appends what it causes.
    ///
    /// - Parameters:
    ///   - event: What happened; an event of an unknown connection is ignored.
    ///   - bytes: What was read, for `received`; empty otherwise.
    ///   - now: The host's time, never earlier than at the event before.
    ///   - effects: Where the effects are appended; the host clears it.
    package mutating func handle(
        _ event: BrokerEvent, _ bytes: borrowing RawSpan, at now: Instant, into effects: inout BrokerEffects
    ) {
        self.now = now
        switch event {
        case .accepted(let connection): accept(connection, at: now)
        case .received(let connection): receive(bytes, on: connection, at: now, into: &effects)
        case .closed(let connection): end(connection, publishingWill: true, into: &effects)
        case .deadlineReached: closeSilentConnections(at: now, into: &effects)
        }
        dropStaleDeadlines()
    }

    /// When to send `deadlineReached`; it may turn out that nothing was due. Nil when nothing will ever be.
    package var nextDeadline: Instant? { deadlines.first?.time }
}

// What tests and checkers may look at.
extension SimulatedBroker {
    /// Connections accepted and not ended, with or without a session.
    package var connectionCount: Int { connections.count }

    /// Sessions of connected clients and those remembered for clients that will return.
    package var sessionCount: Int { sessions.count }

    /// Topics with a retained message.
    package var retainedMessageCount: Int { retainedMessages.count }

    /// The retained message of a topic, if there is one.
    package func retainedPayload(of topicName: [UInt8]) -> [UInt8]? { retainedMessages[topicName]?.payload }

    /// QoS 1 and 2 messages that wait for a client and were not sent yet; nil when it has no session.
    package func queuedMessageCount(of clientID: [UInt8]) -> Int? { session(of: clientID)?.queue.count }

    /// Subscriptions of a client; nil when it has no session.
    package func subscriptionCount(of clientID: [UInt8]) -> Int? { session(of: clientID)?.subscriptions.count }

    /// Whether a client has a session and is connected.
    package func isConnected(_ clientID: [UInt8]) -> Bool { session(of: clientID)?.connection != nil }

    private func session(of clientID: [UInt8]) -> BrokerSession? {
        sessionNumbers[clientID].flatMap { sessions[$0] }
    }
}
