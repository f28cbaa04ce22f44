import MQTTSN

/// The normal topic ids that a client and its gateway have agreed on, whoever began.
struct ClientTopicTable: Equatable, Sendable {
    private var names: [TopicID: [UInt8]] = [:]
    private var topicIDs: [[UInt8]: TopicID] = [:]

    func name(of topicID: TopicID) -> [UInt8]? { names[topicID] }

    func topicID(of name: [UInt8]) -> TopicID? { topicIDs[name] }

    /// What was known of the name and of the id before is forgotten.
    mutating func insert(_ name: [UInt8], _ topicID: TopicID) {
        if let oldID = topicIDs[name] { remove(oldID) }
        remove(topicID)
        names[topicID] = name
        topicIDs[name] = topicID
    }

    mutating func remove(_ topicID: TopicID) {
        guard let name = names.removeValue(forKey: topicID) else { return }
        topicIDs[name] = nil
    }

    mutating func removeAll() {
        names = [:]
        topicIDs = [:]
    }
}
