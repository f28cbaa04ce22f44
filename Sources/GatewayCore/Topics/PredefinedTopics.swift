import Bytes

/// The topic ids that clients and gateway know by configuration: per client, with a common fallback (AMB-06).
package struct PredefinedTopics: Equatable, Sendable {
    /// One pre-defined topic as the owner wrote it.
    package struct Entry: Equatable, Sendable {
        /// The ClientId it holds for; nil for all clients and for publishers without a connection.
        package var clientID: [UInt8]?
        /// 1…65534 (MQTT-SN 1.2 §5.3.11).
        package var topicID: UInt16
        /// A topic name without wildcards.
        package var topicName: [UInt8]

        /// Whether brokers may end the connection of who publishes to the name (MQTT 3.1.1 §1.5.3).
        package var hasDiscouragedName: Bool { topicName.span.bytes.holdsDiscouragedCharacter }

        package init(clientID: [UInt8]? = nil, topicID: UInt16, topicName: [UInt8]) {
            self.clientID = clientID
            self.topicID = topicID
            self.topicName = topicName
        }
    }

    package var entries: [Entry] = []

    package init(_ entries: [Entry] = []) { self.entries = entries }
}
