import MQTTSN

/// The pre-defined topics as the core looks them up: a client's own first, then those for all (AMB-06).
///
/// A name with `${client_id}` in it is each client's own: it stands in the table from the beginning of the client's
/// session to its end, and for whom it would be no topic name the id means nothing. So there are at most as many of
/// them as clients times entries.
struct PredefinedTable {
    private struct Key: Hashable {
        var clientID: ClientID?
        var topicID: TopicID
    }

    private struct NameKey: Hashable {
        var clientID: ClientID?
        var name: TopicNameIndex
    }

    /// A name with variables, for all clients.
    private struct Template {
        var topicID: TopicID
        var name: IdentityTemplate
    }

    /// What was made of a template for a client.
    private struct MadeName {
        var topicID: TopicID
        var name: TopicNameIndex
        /// Whether the client knows the name by that id; by an earlier one otherwise.
        var isKnownByID: Bool
    }

    private var nameByID: [Key: TopicNameIndex] = [:]
    private var idByName: [NameKey: TopicID] = [:]
    private var clientsWithOwnTopics: Set<ClientID> = []
    /// One use each, in the order of the entries.
    private var usedNames: [TopicNameIndex] = []
    private let gatewayID: UInt8
    private var templates: [Template] = []
    /// Of clients with a session; each name is used once.
    private var madeNames: [ClientID: [MadeName]] = [:]

    /// Uses each name until `release`. The first of two entries for the same id or name holds.
    init(_ topics: PredefinedTopics, gatewayID: UInt8, _ limits: Limits, in names: inout TopicNameTable) {
        self.gatewayID = gatewayID
        for entry in topics.entries {
            let clientID = entry.clientID.map { ClientID(bytes: $0) }
            let template = IdentityTemplate(entry.topicName)
            if clientID == nil, template.holds(.clientID) {
                guard !templates.contains(where: { $0.topicID == entry.topicID }) else { continue }
                templates.append(Template(topicID: entry.topicID, name: template))
                continue
            }
            var topicName = entry.topicName
            if template.holds(.clientID) || template.holds(.gatewayID) {
                guard let name = text(of: template, for: clientID, limits) else { continue }
                topicName = name
            }
            let key = Key(clientID: clientID, topicID: entry.topicID)
            guard nameByID[key] == nil else { continue }
            let name = names.use(topicName.span.bytes)
            usedNames.append(name)
            nameByID[key] = name
            let nameKey = NameKey(clientID: clientID, name: name)
            if idByName[nameKey] == nil { idByName[nameKey] = entry.topicID }
            if let clientID { clientsWithOwnTopics.insert(clientID) }
        }
    }

    /// Gives the names back, for another table to take this one's place; those of clients are forgotten before.
    func release(in names: inout TopicNameTable) {
        for name in usedNames { names.release(name) }
    }

    // MARK: Names with a client's own in them

    /// Whether some names are each client's own.
    var hasTemplates: Bool { !templates.isEmpty }

    /// Whether only clients know the id: its name has `${client_id}` in it.
    func isEachClientsOwn(_ id: TopicID) -> Bool { templates.contains { $0.topicID == id } }

    /// A session begins: makes the client's names, each in use until `forget`.
    ///
    /// - Returns: the first id that means nothing to the client, as what it would stand for is no topic name; nil where
    ///   there is none.
    mutating func begin(_ clientID: ClientID, _ limits: Limits, in names: inout TopicNameTable) -> TopicID? {
        guard hasTemplates, madeNames[clientID] == nil else { return nil }
        var made: [MadeName] = []
        var leftOut: TopicID?
        for template in templates {
            let key = Key(clientID: clientID, topicID: template.topicID)
            // What the owner has named for this client alone holds.
            guard nameByID[key] == nil else { continue }
            guard let text = text(of: template.name, for: clientID, limits) else {
                if leftOut == nil { leftOut = template.topicID }
                continue
            }
            let name = names.use(text.span.bytes)
            let nameKey = NameKey(clientID: clientID, name: name)
            let isKnownByID = idByName[nameKey] == nil
            nameByID[key] = name
            if isKnownByID { idByName[nameKey] = template.topicID }
            made.append(MadeName(topicID: template.topicID, name: name, isKnownByID: isKnownByID))
        }
        if !made.isEmpty { madeNames[clientID] = made }
        return leftOut
    }

    /// The client's session has ended.
    mutating func forget(_ clientID: ClientID, in names: inout TopicNameTable) {
        guard hasTemplates, let made = madeNames.removeValue(forKey: clientID) else { return }
        for entry in made {
            nameByID[Key(clientID: clientID, topicID: entry.topicID)] = nil
            if entry.isKnownByID { idByName[NameKey(clientID: clientID, name: entry.name)] = nil }
            names.release(entry.name)
        }
    }

    /// What the template stands for; nil where that is no topic name within the limits, or another's.
    private func text(of template: IdentityTemplate, for clientID: ClientID?, _ limits: Limits) -> [UInt8]? {
        if template.holds(.clientID), clientID?.isOneTopicLevel != true { return nil }
        let text = try? template.text { variable in
            switch variable {
            case .clientID: clientID?.bytes
            case .gatewayID: Array("\(gatewayID)".utf8)
            case .node: nil
            }
        }
        guard let text, TopicRules.isValidName(text.span.bytes, limits) else { return nil }
        return text
    }

    // MARK: Looking up

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
        !madeNames.isEmpty || !clientsWithOwnTopics.isEmpty && clientsWithOwnTopics.contains(clientID)
    }

    /// The names for all clients and of those that the owner names, and what was made for one with a session.
    func names(of clientID: ClientID?) -> [TopicNameIndex] {
        guard let clientID else { return usedNames }
        return madeNames[clientID]?.map(\.name) ?? []
    }
}
