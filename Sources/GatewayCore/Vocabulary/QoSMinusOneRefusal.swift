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

    /// The refusal and the TopicId of the message as one number.
    func detail(topicID: UInt16) -> Int { Int(rawValue) << 16 | Int(topicID) }

    /// What `detail` was made of; nil for another number.
    package static func parts(of detail: Int) -> (refusal: QoSMinusOneRefusal, topicID: UInt16)? {
        guard let number = UInt8(exactly: detail >> 16), let refusal = QoSMinusOneRefusal(rawValue: number) else {
            return nil
        }
        return (refusal, UInt16(truncatingIfNeeded: detail))
    }
}
