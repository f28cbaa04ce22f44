import MQTTSN

/// The pre-defined topics as the core looks them up: a client's own first, then those for all (AMB-06).
struct PredefinedTable {
    private struct Key: Hashable {
        var clientID: ClientID?
        var topicID: TopicID
    }

    private struct NameKey: Hashable {
        var clientID: ClientID?
        var name: TopicNameIndex
    }

    private var nameByID: [Key: TopicNameIndex] = [:]
    private var idByName: [NameKey: TopicID] = [:]
    private var clientsWithOwnTopics: Set<ClientID> = []
    /// One use each, in the order of the entries.
    private var usedNames: [TopicNameIndex] = []

    /// Uses each name until `release`. The first of two entries for the same id or name holds.
    init(_ topics: PredefinedTopics, in names: inout TopicNameTable) {
        for entry in topics.entries {
            let clientID = entry.clientID.map { ClientID(bytes: $0) }
            let key = Key(clientID: clientID, topicID: entry.topicID)
            guard nameByID[key] == nil else { continue }
            let name = names.use(entry.topicName.span.bytes)
            usedNames.append(name)
            nameByID[key] = name
            let nameKey = NameKey(clientID: clientID, name: name)
            if idByName[nameKey] == nil { idByName[nameKey] = entry.topicID }
            if let clientID { clientsWithOwnTopics.insert(clientID) }
        }
    }

    /// Gives the names back, for another table to take this one's place.
    func release(in names: inout TopicNameTable) {
        for name in usedNames { names.release(name) }
    }

    /// The name behind `id` for a client, or for a publisher without a connection where `clientID` is nil.
    func name(for id: TopicID, clientID: ClientID?) -> TopicNameIndex? {
        if let clientID, hasOwnTopics(clientID), let own = nameByID[Key(clientID: clientID, topicID: id)] { return own }
        return nameByID[Key(clientID: nil, topicID: id)]
    }

    /// The id by which a client knows `name`, unless the client's own table gives that id another meaning.
    func id(for name: TopicNameIndex, clientID: ClientID) -> TopicID? {
        guard !idByName.isEmpty else { return nil }
        if hasOwnTopics(clientID), let own = idByName[NameKey(clientID: clientID, name: name)] { return own }
        guard let common = idByName[NameKey(clientID: nil, name: name)] else { return nil }
        return self.name(for: common, clientID: clientID) == name ? common : nil
    }

    private func hasOwnTopics(_ clientID: ClientID) -> Bool {
        !clientsWithOwnTopics.isEmpty && clientsWithOwnTopics.contains(clientID)
    }
}
