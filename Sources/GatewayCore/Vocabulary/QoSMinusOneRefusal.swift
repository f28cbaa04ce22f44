/// Why a publish without a connection was refused (MQTT-SN 1.2 §6.8, AMB-19): what the owner may want to change.
package enum QoSMinusOneRefusal: UInt8, Hashable, Sendable, CaseIterable {
    /// None is taken.
    case off
    /// Short topic names are not open to all.
    case shortName
    /// A normal topic id means nothing without a connection, and whole topic names are not open to all.
    case normalTopicID
    /// No topic name is configured for the pre-defined id.
    case unknownPredefinedID
    /// The reference is of the reserved type, or not a topic name.
    case noTopic
    /// The broker has said that it takes no such message (MQTT 5.0 §3.2.2.3).
    case exceedsBroker
    /// No rule for clients admits the sender, or the one that is for it does not.
    case notAdmitted
    /// The rule for the sender does not allow that topic.
    case topicNotAllowed
    /// The name of the pre-defined id has `${client_id}` in it, and the sender none that makes a topic name.
    case noClientID
}
