import GatewayCore

/// The `[[client]]` rules of a world: what the gateway is told, and what that means for everybody.
///
/// All follows from one number, so that a world with rules draws nothing else than the same without.
struct WorldRules {
    /// Of clients, by their numbers.
    private(set) var clients: [WorldRule]
    /// Of strangers who connect; nil where none is admitted.
    private(set) var strangers: WorldRule? = WorldRule()
    /// Of whoever publishes without a connection; nil where nothing of that goes on.
    private(set) var anybody: WorldRule? = WorldRule()
    private(set) var configuration: [ClientRule] = []
    /// Clients whose sessions at the broker are older than the rules, and subscribed to everything there.
    private(set) var heirs: [Int] = []

    /// What the broker knows the topics of each client as.
    private let topicNames: [[[UInt8]]]
    private let numbers: [[UInt8]: Int]

    init(_ number: Int, clientCount: Int, topicNames: [[UInt8]], gatewayID: UInt8) {
        clients = Array(repeating: WorldRule(), count: clientCount)
        if number > 0 {
            var draft = RuleDraft(number, gatewayID: gatewayID)
            draft.draw(clientCount: clientCount)
            (clients, strangers, anybody) = (draft.clients, draft.strangers, draft.anybody)
            (configuration, heirs) = (draft.configuration, draft.heirs)
        }
        self.topicNames = clients.map { rule in topicNames.map(rule.atBroker) }
        var numbers: [[UInt8]: Int] = [:]
        for name in self.topicNames.joined() where numbers[name] == nil { numbers[name] = numbers.count }
        self.numbers = numbers
    }

    /// The topic of a client's message at the broker; nil for a stamp that nobody can have made.
    func topicName(of stamp: Stamp) -> [UInt8]? {
        guard topicNames.indices.contains(stamp.publisher), topicNames[stamp.publisher].indices.contains(stamp.topic)
        else { return nil }
        return topicNames[stamp.publisher][stamp.topic]
    }

    /// The same number for the same topic at the broker; nil for none of the world's topics.
    func number(of topicName: [UInt8]) -> Int? { numbers[topicName] }
    func number(of stamp: Stamp) -> Int { topicName(of: stamp).flatMap { numbers[$0] } ?? -1 }

    /// How a client calls the topic of another one's message; nil where that is none of its own.
    func topicName(of stamp: Stamp, to client: Int) -> [UInt8]? {
        topicName(of: stamp).flatMap { clients[client].own($0) }
    }

    /// Whether the message may come down to a client, wherever the broker has a subscription from.
    func mayHear(_ stamp: Stamp, _ client: Int) -> Bool {
        topicName(of: stamp, to: client).map { clients[client].mayHear($0) } ?? false
    }

    /// Under how many names clients' messages may come to a client.
    func visibleNameCount(to client: Int) -> Int { numbers.keys.count { clients[client].own($0) != nil } }

    /// Names and filters as they are at the broker, each behind every prefix that there is.
    func behindPrefixes(_ topics: [[UInt8]]) -> [[UInt8]] {
        var prefixes: [[UInt8]] = []
        for rule in clients + [strangers, anybody].compactMap(\.self) where !prefixes.contains(rule.prefix) {
            prefixes.append(rule.prefix)
        }
        return prefixes.flatMap { prefix in topics.map { prefix + $0 } }
    }
}

/// Draws rules from a number.
private struct RuleDraft {
    /// Texts with the gateway's variables.
    private struct Template {
        var prefix = ""
        var publish: [String]?
        var subscribe: [String]?
        var maximumQoS: UInt8 = 2
        var passesRetain = true

        func rule(_ text: (String) -> [UInt8]) -> WorldRule {
            WorldRule(
                prefix: text(prefix), publish: publish?.map(text), subscribe: subscribe?.map(text),
                maximumQoS: maximumQoS, passesRetain: passesRetain)
        }

        func configuration(for clientID: String) -> ClientRule {
            var rule = ClientRule()
            rule.clientID = Array(clientID.utf8)
            if !prefix.isEmpty { rule.topicPrefix = Array(prefix.utf8) }
            rule.publish = publish?.map { Array($0.utf8) }
            rule.subscribe = subscribe?.map { Array($0.utf8) }
            (rule.maximumQoS, rule.passesRetain) = (maximumQoS, passesRetain)
            return rule
        }
    }

    private var random: RandomNumbers
    private let gatewayID: UInt8
    var clients: [WorldRule] = []
    var strangers: WorldRule?
    var anybody: WorldRule?
    var configuration: [ClientRule] = []
    var heirs: [Int] = []

    init(_ number: Int, gatewayID: UInt8) {
        random = RandomNumbers(seed: UInt64(number))
        self.gatewayID = gatewayID
    }

    private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    mutating func draw(clientCount: Int) {
        let own = drawForClients(clientCount)
        let isForStrangers = pick(3)
        let stranger = Template(prefix: "evil/${client_id}/")
        if isForStrangers == 1 { deny("evil*") }
        if isForStrangers == 2 { configuration.append(stranger.configuration(for: "evil*")) }
        let areSomeLeft = own.contains { $0 == nil }
        // The first rule that fits holds: whoever has one is not refused by this.
        if !areSomeLeft, pick(2) == 0 { deny("c*") }
        var last: Template?
        if areSomeLeft || pick(2) == 0 {
            let isTold = pick(2) == 0
            last = isTold ? Template(prefix: "any-${gateway_id}/", publish: ["t/#", "+/one", "will/#"]) : Template()
        }
        if let last { configuration.append(last.configuration(for: "*")) }
        clients = (0..<clientCount).map { index in
            (own[index] ?? last ?? Template()).rule { text($0, "c\(index)") }
        }
        anybody = last?.rule { text($0, "") }
        switch isForStrangers {
        case 0: strangers = anybody
        case 1: strangers = nil
        // All of them: what is behind their names is theirs.
        default: strangers = Template(prefix: "evil/").rule { text($0, "") }
        }
        heirs = (0..<clientCount).filter { _ in pick(3) == 0 }
            .filter { !clients[$0].prefix.isEmpty || clients[$0].subscribe != nil }
    }

    /// The rule of each client that has one before the last of all.
    private mutating func drawForClients(_ clientCount: Int) -> [Template?] {
        if pick(3) == 0 {
            let template = drawTemplate()
            configuration.append(template.configuration(for: pick(2) == 0 ? "c*" : "c?"))
            return Array(repeating: template, count: clientCount)
        }
        return (0..<clientCount).map { index in
            guard pick(4) > 0 else { return nil }
            let template = drawTemplate()
            configuration.append(template.configuration(for: "c\(index)"))
            return template
        }
    }

    private mutating func drawTemplate() -> Template {
        // The last ones stand before the topics of others, too.
        let prefixes = [
            "", "own/${client_id}/", "own/${client_id}/", "plant/", "gw-${gateway_id}/", "own/", "t/", "p/",
        ]
        let publish: [[String]?] = [
            nil, nil, nil, ["t/#", "will/#"], ["t/+", "xy", "ab", "will/+/+"], ["+/one", "t/0", "ab"],
        ]
        let subscribe: [[String]?] = [
            nil, nil, nil, ["t/#", "${client_id}/#"], ["+/one", "t/+", "ab"], ["t/0", "p/#"],
        ]
        var template = Template(prefix: prefixes[pick(prefixes.count)])
        template.publish = publish[pick(publish.count)]
        template.subscribe = subscribe[pick(subscribe.count)]
        template.maximumQoS = [0, 1, 2, 2, 2, 2][pick(6)]
        template.passesRetain = pick(4) > 0
        return template
    }

    private mutating func deny(_ clientID: String) {
        var rule = ClientRule()
        (rule.clientID, rule.isDenied) = (Array(clientID.utf8), true)
        configuration.append(rule)
    }

    private func text(_ template: String, _ clientID: String) -> [UInt8] {
        let text = template.replacing("${client_id}", with: clientID).replacing("${gateway_id}", with: "\(gatewayID)")
        return Array(text.utf8)
    }
}
