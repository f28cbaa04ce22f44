/// What a simulated broker has done since it was made.
package struct BrokerCounters: Equatable, Sendable {
    package var connectsAccepted = 0
    package var connectsRefused = 0
    /// Connections closed because the client broke the protocol.
    package var protocolViolations = 0
    /// Those of them that were closed for a Topic Alias above the maximum, or of which the broker knew no topic.
    package var topicAliasFaults = 0
    /// Connections closed because the client was silent for too long.
    package var timeouts = 0
    /// Connections closed because their client identifier connected again.
    package var takeovers = 0
    package var willsPublished = 0
    /// Messages that came in, Wills included; a repeated QoS 2 message counts once.
    package var messagesReceived = 0
    /// Copies of messages handed to sessions, to be sent now or later.
    package var messagesRouted = 0
    /// Copies dropped because the session's queue was full, or because QoS 0 does not wait for a client.
    package var messagesDropped = 0
    /// Messages to clients under a packet identifier that the session has used before.
    package var packetIDsReused = 0
    /// PUBREC packets said again to clients that came back.
    package var receiptsRepeated = 0

    package init() {}
}
