package import GatewayCore

/// One property of a world; 0 always means that it is absent, so a world shrinks towards nothing.
package enum WorldOption: Int, CaseIterable, Sendable {
    // Who is there.
    case clients, sleepers, cleanSessions, wills, hostile
    // The radio; shares of datagrams in thousandths, times in milliseconds.
    case loss, duplication, jitter, delay, mtu, damage
    /// Per second and thousand, for one client each.
    case clogging, partitions, addressChanges
    // The way to the broker.
    case streamDelay, streamSplitting, streamFailures, streamRefusals, streamBlocking
    // The broker.
    case brokerRestarts, brokerStoreLoss, brokerWindow, brokerRefusals, brokerRetains
    // Who starts again, per second and thousand.
    case gatewayRestarts, clientCrashes, clientForgets
    // What is asked of the gateway.
    case publishing, churn, departures, silences, retained, longPayloads
    // How the owner has configured it.
    case smallQueues, fewPlaces, fewTopics, wakeUpLimit, pacing, gatewayWills, dropNewest, adaptiveRetry, fixedAddresses
    // What follows is drawn apart from what is above, so that a seed keeps what it was when an option is added.
    // How much the system takes of a stream, and how many octets the broker reads of it in a second.
    case sendBuffer, slowBroker
    /// Per second and thousand: somebody else connects to the broker under a client's name; the broker closes a stream.
    case takeovers, brokerCloses
    /// Per second and thousand: the gateway is asked to end, and starts again.
    case shutdowns
    // More limits that are small.
    case smallStreamQueues, smallByteQueues, fewExchanges, fewSubscriptions, fewReplies
    /// How many forwarders there are, and per second and thousand, that they get new addresses.
    case forwarders, forwarderMoves
    /// Share of a rule-breaker's datagrams that come in an envelope, though he may not forward.
    case falseForwarders
    /// Share of what clients with a Will do that changes it.
    case willUpdates
    /// Share of devices that look for their gateway; TADV in seconds.
    case searchers, advertising
    /// Share of a client's datagrams after which one comes from its place that is too long for the host.
    case oversized
    /// How much worse the worst radio is than the best one, in thousandths of the loss.
    case unevenLinks
    /// Per second and thousand: somebody repeats what he has overheard from a place that a client has left.
    case oldPlaces
    /// Share of devices behind a radio module at a serial line; for the following there must be some.
    case radios
    /// In thousandths: packets lost in the air, acknowledgements and statuses lost, slow statuses, a busy channel.
    case airLoss, lostAcknowledgements, lostStatuses, slowStatuses, busyChannel
    /// Octets of a million that the serial line loses, and as many that it changes.
    case lineNoise
    /// How many transmissions the module takes at once.
    case fewBuffers
    /// Per second and thousand: the module starts anew, or leaves its network; a node's 16-bit address changes; nodes
    /// sleep; the serial device is gone for a while.
    case radioResets, dissociations, nodeMoves, naps, unpluggings
    // Who is rude: nothing of what follows draws from the chance of what is above.
    /// How many publications a client has open at once; how many message ids it has.
    case windows, fewIDs
    /// Shares: of forgetful restarts after which message ids begin at 1 again; of clients that give a publication up;
    /// of clients that tell QoS 2 messages apart by what they say; of publications that say again what the last one
    /// said.
    case recounts, surrenders, comparers, equalMessages
    /// Shares: of clients that understand no REGISTER; of prompts for a Will at which the device starts again; of
    /// wake-ups by CONNECT; of CONNECTs that come twice.
    case unteachables, setUpResets, connectWakeUps, doubledConnects
    /// The broker takes the lowest free packet identifier; refuses so many filters; closes on a topic name.
    case lowestIdentifiers, refusedFilters, closingTopics
    /// Per second and thousand: the radio is silent for everybody for a while; everything starts again.
    case silentRadios, totalRestarts
    /// Per second and thousand: the interface of the gateway's UDP socket is gone for a while.
    case linkLosses
    /// Shares: of clients that refuse messages with DUP; of clients that refuse those on ids that they have forgotten.
    case refusers
    /// The gateway keeps its sessions on a disk, which needs so many milliseconds at the most to make them durable.
    case store
    /// How the gateway and the broker speak MQTT 5.0, or find out that they do not.
    case version5
    /// What a broker of MQTT 5.0 does not take; a number from which each of its limits follows.
    case brokerLimits
    /// The broker says PUBREC again to who comes back.
    case receiptRepeats
    /// Share of clients that take the message id of a publication for the next one at once.
    case reusers
    /// On some topics messages are good for so many seconds only, where MQTT 5.0 is spoken.
    case expiries
    /// Who may do what, and behind which prefix; a number from which the rules for all follow.
    case clientRules
    /// How slowly connections to the broker are made; a number from which both limits follow.
    case connectionPace
    /// How many Topic Aliases the broker takes, where MQTT 5.0 is spoken.
    case topicAliases
    // What is never drawn: seconds between two actions of a device, for long calm times, and the share of all topics
    // that a device subscribes to.
    case calm, audience
    /// Nobody uses QoS 2. Follows from the others where worlds are drawn: exactly once is not promised over the end of
    /// a gateway that keeps nothing (AMB-23).
    case noExactlyOnce
}

/// Which faults a world has and how strong they are: drawn from its seed, or given to shrink it.
package struct WorldOptions: Equatable, Sendable {
    private var values = [Int](repeating: 0, count: WorldOption.allCases.count)

    package init() {}

    package subscript(_ option: WorldOption) -> Int {
        get { values[option.rawValue] }
        set { values[option.rawValue] = newValue }
    }

    /// Those that a seed draws.
    package init(seed: UInt64) {
        var random = RandomNumbers(seed: seed)
        self.init(drawnFrom: &random)
    }

    /// Draws each kind of fault for about half of the worlds, so that no fault hides what another one would show.
    package init(drawnFrom random: inout RandomNumbers) {
        for option in WorldOption.allCases where !option.isDrawnApart { draw(option, from: &random) }
        var apart = random
        for option in WorldOption.allCases where option.isDrawnApart && !option.isDrawnLast {
            draw(option, from: &apart)
        }
        // Three of four gateways that start again have a disk.
        if restartsGateway, self[.store] == 0, apart.next() & 1 == 1 {
            self[.store] = Int.random(in: WorldOption.store.range, using: &apart)
        }
        for option in WorldOption.allCases where option.isDrawnLast { draw(option, from: &apart) }
        if asksTooMuch { self[.noExactlyOnce] = 1 }
    }

    private var restartsGateway: Bool { self[.gatewayRestarts] + self[.shutdowns] + self[.totalRestarts] > 0 }

    /// Whether QoS 2 is used over the end of a gateway that keeps nothing, where exactly once is not promised.
    package var asksTooMuch: Bool { restartsGateway && self[.store] == 0 && self[.noExactlyOnce] == 0 }

    private mutating func draw(_ option: WorldOption, from random: inout RandomNumbers) {
        guard option.isDrawn else { return }
        let isPresent = random.next() & 1 == 1
        let value = Int.random(in: option.range, using: &random)
        if isPresent || option.isNeeded { self[option] = value }
    }

    /// Takes options away; names that do not exist are returned.
    package mutating func remove(_ names: [String]) -> [String] {
        for name in names { if let option = WorldOption.named[name] { self[option] = 0 } }
        return names.filter { WorldOption.named[$0] == nil }
    }

    /// Such as `clients=3,loss=120`; what is absent is left out.
    package var text: String {
        WorldOption.allCases.filter { self[$0] != 0 }.map { "\($0)=\(self[$0])" }.joined(separator: ",")
    }

    /// - Returns: nil where the text does not have that form.
    package init?(text: String) {
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=")
            guard pair.count == 2, let option = WorldOption.named[String(pair[0])], let value = Int(pair[1]),
                (0...1_000_000).contains(value)
            else { return nil }
            self[option] = value
        }
    }
}

extension WorldOption {
    /// Only looked up, never iterated.
    fileprivate static let named = Dictionary(uniqueKeysWithValues: allCases.map { ("\($0)", $0) })

    /// Without these nothing would happen.
    fileprivate var isNeeded: Bool { self == .clients || self == .delay || self == .publishing }

    /// Whether worlds have it by chance.
    package var isDrawn: Bool { self != .calm && self != .audience && self != .noExactlyOnce }

    /// Whether the option came later than those whose seeds are recorded.
    fileprivate var isDrawnApart: Bool {
        switch self {
        case .sendBuffer, .slowBroker, .takeovers, .brokerCloses, .shutdowns, .smallStreamQueues, .smallByteQueues,
            .fewExchanges, .fewSubscriptions, .fewReplies, .forwarders, .forwarderMoves, .falseForwarders,
            .willUpdates, .searchers, .advertising, .oversized, .unevenLinks, .oldPlaces, .radios, .airLoss,
            .lostAcknowledgements, .lostStatuses, .slowStatuses, .busyChannel, .lineNoise, .fewBuffers,
            .radioResets, .dissociations, .nodeMoves, .naps, .unpluggings, .windows, .fewIDs, .recounts, .surrenders,
            .comparers, .equalMessages, .unteachables, .setUpResets, .connectWakeUps, .doubledConnects,
            .lowestIdentifiers, .refusedFilters, .closingTopics, .silentRadios, .totalRestarts, .linkLosses,
            .refusers, .store, .version5, .brokerLimits, .receiptRepeats, .reusers, .expiries, .clientRules,
            .connectionPace, .topicAliases, .calm, .audience, .noExactlyOnce:
            true
        case .clients, .sleepers, .cleanSessions, .wills, .hostile, .loss, .duplication, .jitter, .delay, .mtu, .damage,
            .clogging, .partitions, .addressChanges, .streamDelay, .streamSplitting, .streamFailures, .streamRefusals,
            .streamBlocking, .brokerRestarts, .brokerStoreLoss, .brokerWindow, .brokerRefusals, .brokerRetains,
            .gatewayRestarts, .clientCrashes, .clientForgets, .publishing, .churn, .departures, .silences, .retained,
            .longPayloads, .smallQueues, .fewPlaces, .fewTopics, .wakeUpLimit, .pacing, .gatewayWills, .dropNewest,
            .adaptiveRetry, .fixedAddresses:
            false
        }
    }

    /// Whether what is decided after all others draws from the same chance.
    fileprivate var isDrawnLast: Bool { rawValue >= Self.version5.rawValue }

    /// From the weakest to the strongest that is drawn.
    fileprivate var range: ClosedRange<Int> {
        switch self {
        case .clients: 1...5
        case .sleepers, .cleanSessions, .wills: 200...1_000
        case .hostile: 1...2
        case .loss: 5...300
        case .duplication: 5...200
        case .jitter: 10...8_000
        case .delay: 1...400
        case .mtu: 40...200
        case .damage: 5...200
        case .clogging, .partitions, .addressChanges: 1...30
        case .streamDelay: 1...3_000
        case .streamSplitting: 1...64
        case .streamFailures: 1...30
        case .streamRefusals: 10...500
        case .streamBlocking: 1...50
        case .brokerRestarts: 1...10
        case .brokerStoreLoss: 100...1_000
        case .brokerWindow: 1...30
        case .brokerRefusals: 10...300
        case .brokerRetains: 1...1
        case .gatewayRestarts: 1...8
        case .clientCrashes: 1...20
        case .clientForgets: 100...1_000
        case .publishing: 20...2_000
        case .churn, .departures, .silences: 10...200
        case .retained: 10...500
        case .longPayloads: 50...500
        case .smallQueues: 1...20
        case .fewPlaces: 1...4
        case .fewTopics: 1...6
        case .wakeUpLimit: 1...4
        case .pacing: 10...2_000
        case .gatewayWills, .dropNewest, .adaptiveRetry, .fixedAddresses: 1...1
        case .sendBuffer: 20...2_000
        case .slowBroker: 50...5_000
        case .takeovers, .brokerCloses: 1...15
        case .shutdowns: 1...8
        case .smallStreamQueues: 50...2_000
        case .smallByteQueues: 220...10_000
        case .fewExchanges, .fewSubscriptions: 1...4
        case .fewReplies: 1...3
        case .forwarders: 1...3
        case .forwarderMoves: 1...10
        case .falseForwarders: 50...300
        case .willUpdates: 20...400
        case .searchers: 200...1_000
        case .advertising, .expiries: 5...120
        case .oversized: 5...100
        case .unevenLinks: 200...1_000
        case .oldPlaces: 10...300
        case .radios: 200...1_000
        case .airLoss, .lostAcknowledgements: 5...200
        case .lostStatuses, .slowStatuses, .busyChannel: 5...100
        case .lineNoise: 10...2_000
        case .fewBuffers: 1...3
        case .radioResets, .dissociations, .unpluggings: 1...10
        case .connectionPace: 1...20
        case .topicAliases: 1...12
        case .nodeMoves, .naps: 1...50
        case .windows: 2...24
        case .fewIDs: 2...5
        case .recounts, .surrenders, .comparers, .reusers: 200...1_000
        case .equalMessages: 20...400
        case .unteachables: 100...600
        case .setUpResets: 20...400
        case .connectWakeUps: 100...900
        case .doubledConnects: 50...500
        case .lowestIdentifiers, .closingTopics, .receiptRepeats: 1...1
        case .refusedFilters: 1...3
        case .silentRadios: 1...15
        case .totalRestarts: 1...5
        case .linkLosses: 1...10
        case .refusers: 100...600
        case .store: 1...3_000
        case .version5: 1...6
        case .brokerLimits, .clientRules: 1...10_000
        case .calm, .audience, .noExactlyOnce: 0...0
        }
    }
}
