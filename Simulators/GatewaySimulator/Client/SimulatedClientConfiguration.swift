package import MQTTSN
package import Time

/// What a device's maker decides about its client.
package struct SimulatedClientConfiguration: Equatable, Sendable {
    package var clientID: [UInt8]
    /// Tretry of MQTT-SN 1.2 §7.2.
    package var retryInterval = TimeSpan.seconds(10)
    /// Nretry of MQTT-SN 1.2 §7.2.
    package var retryCount = 3
    /// TWAIT of MQTT-SN 1.2 §7.2: the pause after "rejected: congestion".
    package var congestionPause = TimeSpan.seconds(300)
    /// A PINGREQ is sent when this part of the keep-alive time has passed without a word from one of the two sides.
    package var pingPercent = 75
    /// Whether topic ids are used again after a reconnect with CleanSession = 0 (AMB-04).
    package var remembersTopicIDs = false
    /// How many publications may be open at once.
    package var window = 1
    /// The highest message id, where always the lowest free one is taken; nil for ids that count up.
    package var messageIDLimit: MessageID?
    /// How long an id is not used for anything else after its exchange has ended; only where ids are few.
    package var messageIDRest = TimeSpan.seconds(60)
    /// Whether the id of a publication does not rest at all.
    package var reusesMessageIDs = false
    /// Whether a publication that gets no answer is given up, and not only the gateway.
    package var givesUp = false
    /// Whether REGISTER is not understood: it is neither answered nor learned from.
    package var ignoresRegister = false
    /// Whether QoS 2 messages that come are told apart by what they say, too, and not by message ids alone.
    package var comparesMessages = false
    /// Whether a QoS 1 message with DUP is refused as not supported, as RIOT's emcute does.
    package var refusesRepetitions = false
    /// Whether a message on an unknown topic id is refused as not supported, with topic id 0.
    package var refusesUnknownIDs = false

    package init(clientID: [UInt8]) { self.clientID = clientID }
}
