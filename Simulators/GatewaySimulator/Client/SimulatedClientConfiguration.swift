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

    package init(clientID: [UInt8]) { self.clientID = clientID }
}
