import Bytes

/// The owner's rules for clients, and the identity of every client for which one of them says anything.
///
/// **What it owns.** The identities of sessions, each until its session is forgotten, and the identifiers at the broker
/// that rules have made. **Invariant.** No two sessions have the same identifier at the broker: the broker would cut
/// one connection for the other again and again (MQTT 3.1.1 §3.1.4). **Awkward case.** Rules change with a start only,
/// but the numbers of the links in them follow the host's.
struct IdentityTable {
    /// Whom an identity is made for.
    struct Subject {
        /// Nil for a publisher without a connection.
        var clientID: ClientID?
        var link: UInt16
        var network: UInt16
        /// What its forwarder calls it; nil for all that is behind none.
        var nodeID: [UInt8]?
    }

    private var rules: [Rule]
    /// What tells the rules that this life began with from others; nil where there were none.
    let rulesDigest: UInt64?
    private let gatewayID: UInt8
    private var identities = Slab<ClientIdentity>()
    /// Those that rules have made.
    private var brokerClientIDs: Set<[UInt8]> = []

    init(_ rules: [ClientRule], gatewayID: UInt8) {
        self.rules = Rule.all(rules, gatewayID: gatewayID)
        rulesDigest = ClientRule.digest(of: rules)
        self.gatewayID = gatewayID
    }

    /// Goes on with the same rules, of which other links may be meant.
    mutating func follow(_ rules: [ClientRule]) { self.rules = Rule.all(rules, gatewayID: gatewayID) }

    @inline(__always)
    var hasRules: Bool { !rules.isEmpty }

    /// How many sessions have an identity of their own.
    var count: Int { identities.count }

    var brokerClientIDCount: Int { brokerClientIDs.count }

    // MARK: Who somebody is

    /// What the first rule that fits says; throws why the client is refused.
    func identity(for subject: Subject) throws(ClientRefusal) -> ClientIdentity {
        try identity(by: rule(for: subject), for: subject)
    }

    /// The index of the first rule that fits; throws why none does. A rule that names one client for some places keeps
    /// that name for them: elsewhere only another rule that names the client fits.
    private func rule(for subject: Subject) throws(ClientRefusal) -> Int {
        var claim: Int?
        for index in rules.indices {
            if rules[index].fits(subject), claim == nil || rules[index].namesOneClient { return index }
            if claim == nil, rules[index].claims(subject.clientID?.bytes ?? []) { claim = index }
        }
        throw claim.map { .rule(.elsewhere, number: UInt16(clamping: $0 + 1)) } ?? .notAdmitted
    }

    private func identity(by number: Int, for subject: Subject) throws(ClientRefusal) -> ClientIdentity {
        if let constant = rules[number].constant { return constant }
        if subject.clientID == nil, let nobodys = rules[number].nobodys { return nobodys }
        do throws(RuleRefusal) {
            return try rules[number].identity(for: subject, gatewayID: gatewayID)
        } catch {
            throw .rule(error, number: UInt16(clamping: number + 1))
        }
    }

    /// The number of the first rule that fits, counted from 1; 0 where none does.
    func number(for subject: Subject) -> UInt16 {
        (try? rule(for: subject)).map { UInt16(clamping: $0 + 1) } ?? 0
    }

    /// The identity that a session had in an earlier life of the gateway, where the rules still give it to its client;
    /// nil where it had the usual one. Without a `subject` nobody knows where its client is: then a rule for any place
    /// will do, and the client's next word tells more (`precedes`).
    func identity(
        ofRestored clientID: ClientID, _ record: ClientIdentity.Record?, at subject: Subject?
    ) throws(RestoreRefusal) -> ClientIdentity? {
        guard hasRules else {
            guard record == nil else { throw .otherIdentity }
            return nil
        }
        let identity: ClientIdentity?
        if let subject {
            identity = try? self.identity(for: subject)
        } else {
            identity = rule(ofRestored: clientID, record)?.identity
        }
        guard let identity, identity.digest == record?.digest ?? ClientIdentity().digest else { throw .otherIdentity }
        return record == nil ? nil : identity
    }

    /// The first rule that gives a client that identity at one place or another.
    private func rule(
        ofRestored clientID: ClientID, _ record: ClientIdentity.Record?
    ) -> (index: Int, identity: ClientIdentity)? {
        let digest = record?.digest ?? ClientIdentity().digest
        var isClaimed = false
        for index in rules.indices where rules[index].fits(clientID) && (!isClaimed || rules[index].namesOneClient) {
            let subject = Subject(clientID: clientID, link: 0, network: 0, nodeID: record?.nodeID)
            let identity = try? self.identity(by: index, for: subject)
            if let identity, identity.digest == digest { return (index, identity) }
            guard rules[index].isForSomePlacesOnly else { return nil }
            isClaimed = isClaimed || rules[index].claims(clientID.bytes)
        }
        return nil
    }

    /// Whether the rule for somebody stands before the one by which a session has its identity whose client's place
    /// nobody knows: he is meant by that name where he is, and the session is of a time when the rules were others.
    func precedes(_ subject: Subject, _ clientID: ClientID, _ record: ClientIdentity.Record?) -> Bool {
        guard let own = try? rule(for: subject) else { return false }
        return rule(ofRestored: clientID, record).map { own < $0.index } ?? true
    }

    /// Whether a rule could make that identifier at the broker for somebody else, whether he is here or not: the broker
    /// would give the client what it keeps for him.
    func mayBeAnothers(_ brokerClientID: [UInt8], than subject: Subject) -> Bool {
        let own = try? rule(for: subject)
        for number in rules.indices where number != own {
            let isSame = own.map { rules[$0].namesClientsAs(rules[number]) } ?? false
            if !isSame, rules[number].mayName(brokerClientID, otherThan: subject.clientID?.bytes ?? []) { return true }
        }
        return false
    }

    // MARK: The identities of sessions

    /// Whether another session may have that identifier at the broker.
    func isTaken(_ brokerClientID: [UInt8]) -> Bool { brokerClientIDs.contains(brokerClientID) }

    /// Gives a new session its identity; the usual one takes no place.
    mutating func add(_ identity: ClientIdentity) -> IdentityIndex {
        guard !identity.isUsual else { return .none }
        if let name = identity.brokerClientID { brokerClientIDs.insert(name) }
        return IdentityIndex(rawValue: identities.insert(identity))
    }

    /// The client comes again with an identity of the same digest.
    mutating func renew(_ index: IdentityIndex, _ identity: ClientIdentity) {
        guard !index.isNone else { return }
        let former = identities[index.rawValue]
        identities[index.rawValue] = identity
        identities[index.rawValue].isTold = former.isTold
        identities[index.rawValue].isToldOfBroker = former.isToldOfBroker
    }

    mutating func remove(_ index: IdentityIndex) {
        guard !index.isNone else { return }
        if let name = identities[index.rawValue].brokerClientID { brokerClientIDs.remove(name) }
        identities.remove(index.rawValue)
    }

    /// A copy; the usual one for none.
    subscript(_ index: IdentityIndex) -> ClientIdentity {
        index.isNone ? ClientIdentity() : identities[index.rawValue]
    }

    /// Nil for the usual one.
    func record(of index: IdentityIndex) -> ClientIdentity.Record? {
        index.isNone ? nil : identities[index.rawValue].record
    }

    /// Whether the owner has still to be told of the client.
    mutating func mayTell(_ index: IdentityIndex) -> Bool {
        guard !index.isNone, !identities[index.rawValue].isTold else { return false }
        identities[index.rawValue].isTold = true
        return true
    }

    /// Whether the owner has still to be told of what the broker sends the client.
    mutating func mayTellOfBroker(_ index: IdentityIndex) -> Bool {
        guard !index.isNone, !identities[index.rawValue].isToldOfBroker else { return false }
        identities[index.rawValue].isToldOfBroker = true
        return true
    }

    // MARK: What it may do

    @inline(__always)
    func mayPublish(_ index: IdentityIndex, to name: RawSpan) -> Bool {
        index.isNone || identities[index.rawValue].mayPublish(to: name)
    }

    @inline(__always)
    func maySubscribe(_ index: IdentityIndex, to filter: RawSpan) -> Bool {
        index.isNone || identities[index.rawValue].maySubscribe(to: filter)
    }

    /// Whether a message of the broker on that topic is one that the client may have subscribed to.
    @inline(__always)
    func mayHear(_ index: IdentityIndex, _ name: RawSpan) -> Bool {
        index.isNone || identities[index.rawValue].mayHear(name)
    }

    /// What stands before the client's topics at the broker.
    @inline(__always)
    func topicPrefix(_ index: IdentityIndex) -> [UInt8] { index.isNone ? [] : identities[index.rawValue].topicPrefix }

    @inline(__always)
    func passesRetain(_ index: IdentityIndex) -> Bool { index.isNone || identities[index.rawValue].passesRetain }

    @inline(__always)
    func maximumQoS(_ index: IdentityIndex) -> UInt8 { index.isNone ? 2 : identities[index.rawValue].maximumQoS }
}

/// A rule whose texts are taken apart.
private struct Rule {
    private let rule: ClientRule
    /// Counted from 1.
    private let number: UInt16
    private let brokerClientID: IdentityTemplate?
    private let username: IdentityTemplate?
    private let password: IdentityTemplate?
    private let certificate: IdentityTemplate?
    private let key: IdentityTemplate?
    private let topicPrefix: IdentityTemplate?
    private let publish: [IdentityTemplate]?
    private let subscribe: [IdentityTemplate]?
    private let putsClientIDIntoTopics: Bool
    /// Whether there is no other name in its pattern's reach.
    let namesOneClient: Bool
    /// What it says of every client; nil where that differs.
    private(set) var constant: ClientIdentity?
    /// What it says of every publisher without a connection; nil where that differs, or it is for none.
    private(set) var nobodys: ClientIdentity?

    /// In their order.
    static func all(_ rules: [ClientRule], gatewayID: UInt8) -> [Rule] {
        rules.enumerated().map { Rule($1, number: UInt16(clamping: $0 + 1), gatewayID: gatewayID) }
    }

    private init(_ rule: ClientRule, number: UInt16, gatewayID: UInt8) {
        (self.rule, self.number) = (rule, number)
        brokerClientID = rule.brokerClientID.map { IdentityTemplate($0) }
        username = rule.username.map { IdentityTemplate($0) }
        password = rule.password.map { IdentityTemplate($0) }
        certificate = rule.certificateFile.map { IdentityTemplate($0) }
        key = rule.keyFile.map { IdentityTemplate($0) }
        topicPrefix = rule.topicPrefix.map { IdentityTemplate($0) }
        publish = rule.publish?.map { IdentityTemplate($0) }
        subscribe = rule.subscribe?.map { IdentityTemplate($0) }
        let topics = (publish ?? []) + (subscribe ?? []) + [topicPrefix].compactMap(\.self)
        putsClientIDIntoTopics = topics.contains { $0.holds(.clientID) }
        namesOneClient = !ClientPattern.isForMany(rule.clientID)
        (constant, nobodys) = (nil, nil)
        guard !rule.isDenied, topics.allSatisfy(\.isSameForAll) else { return }
        let nobody = IdentityTable.Subject(clientID: nil, link: 0, network: 0)
        nobodys = try? identity(for: nobody, gatewayID: gatewayID)
        guard names.allSatisfy(\.isSameForAll) else { return }
        let anybody = IdentityTable.Subject(clientID: ClientID(bytes: []), link: 0, network: 0)
        constant = try? identity(for: anybody, gatewayID: gatewayID)
    }

    func fits(_ subject: IdentityTable.Subject) -> Bool {
        if let links = rule.links, !links.contains(subject.link) { return false }
        if let networks = rule.networks, !networks.contains(subject.network) { return false }
        return ClientPattern.matches(rule.clientID, subject.clientID?.bytes ?? [])
    }

    /// Whether clients have the same identifiers at the broker by both rules.
    func namesClientsAs(_ other: Rule) -> Bool { brokerClientID != nil && brokerClientID == other.brokerClientID }

    /// Whether the rule could make that identifier at the broker for somebody else than the client of that name. Where
    /// the template has more variables, any that fits at its ends counts.
    func mayName(_ name: [UInt8], otherThan clientID: [UInt8]) -> Bool {
        guard !rule.isDenied, let brokerClientID, let gap = brokerClientID.gap(in: name) else { return false }
        guard brokerClientID.isClientIDBetween else { return true }
        return gap != clientID && ClientPattern.matches(rule.clientID, gap)
    }

    /// Whether it is for that client, at one place or another.
    func fits(_ clientID: ClientID) -> Bool { ClientPattern.matches(rule.clientID, clientID.bytes) }

    var isForSomePlacesOnly: Bool { rule.links != nil || rule.networks != nil }

    /// Whether it keeps that name for clients at its places.
    func claims(_ clientID: [UInt8]) -> Bool {
        namesOneClient && isForSomePlacesOnly && !rule.isDenied && rule.clientID == clientID
    }

    func identity(
        for subject: IdentityTable.Subject, gatewayID: UInt8
    ) throws(RuleRefusal) -> ClientIdentity {
        guard !rule.isDenied else { throw .denied }
        guard !putsClientIDIntoTopics || subject.clientID?.isOneTopicLevel == true else { throw .unsafeClientID }
        func value(_ variable: IdentityTemplate.Variable) -> [UInt8]? {
            switch variable {
            case .clientID: subject.clientID?.bytes
            case .gatewayID: Array("\(gatewayID)".utf8)
            case .node: subject.nodeID.map { Array(Hexadecimal.text($0).utf8) }
            }
        }
        func text(_ template: IdentityTemplate) throws(RuleRefusal) -> [UInt8] {
            let text: [UInt8]
            do throws(IdentityTemplate.Missing) {
                text = try template.text(value)
            } catch {
                throw error.variable == .node ? .noNode : .unsafeClientID
            }
            // The longest text of MQTT (3.1.1 §1.5.3).
            guard text.count <= Int(UInt16.max) else { throw .tooLong }
            return text
        }
        func texts(_ templates: [IdentityTemplate]?) throws(RuleRefusal) -> [[UInt8]]? {
            guard let templates else { return nil }
            var texts: [[UInt8]] = []
            for template in templates { texts.append(try text(template)) }
            return texts
        }
        func path(_ template: IdentityTemplate) throws(RuleRefusal) -> [UInt8] {
            for variable in [IdentityTemplate.Variable.clientID, .node] where template.holds(variable) {
                guard value(variable)?.canBeInFileName != false else { throw .noFileName }
            }
            let path = try text(template)
            guard path.count <= ClientRule.maximumPathByteCount else { throw .tooLong }
            return path
        }
        var identity = ClientIdentity()
        // Who has no connection is at the broker as the gateway is.
        let isConnecting = subject.clientID != nil
        if isConnecting, let brokerClientID { identity.brokerClientID = try text(brokerClientID) }
        if isConnecting, let username {
            identity.username = try text(username)
            if let password { identity.password = try text(password) }
        }
        if isConnecting, let certificate, let key {
            identity.certificate = ClientCertificate(
                file: try path(certificate), keyFile: try path(key), rule: number)
        }
        if let topicPrefix {
            identity.topicPrefix = try text(topicPrefix)
            // A ClientId may make it what no text of the owner's is.
            guard !TopicRules.isShared(identity.topicPrefix.span.bytes) else { throw .unsafeClientID }
        }
        identity.publish = try texts(publish)
        identity.subscribe = try texts(subscribe)
        identity.maximumQoS = rule.maximumQoS
        identity.passesRetain = rule.passesRetain
        if usesNode { identity.nodeID = subject.nodeID }
        return identity
    }

    /// All its texts but those for topics.
    private var names: [IdentityTemplate] {
        [brokerClientID, username, password, certificate, key].compactMap(\.self)
    }

    private var usesNode: Bool {
        (names + [topicPrefix].compactMap(\.self) + (publish ?? []) + (subscribe ?? [])).contains { $0.holds(.node) }
    }
}

extension [UInt8] {
    /// Whether it can stand in the name of a file without leading to another directory, or to a file that is hidden.
    fileprivate var canBeInFileName: Bool {
        !isEmpty && first != UInt8(ascii: ".") && !contains(UInt8(ascii: "/")) && !contains(0)
    }
}
