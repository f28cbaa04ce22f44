/// A known bug that can be planted into a world, to show that the checkers would find it.
package enum Canary: String, CaseIterable, Sendable {
    case acknowledgeBeforeBroker = "acknowledge-before-broker"
    case pingResponseTooEarly = "pingresp-too-early"
    case idBeforeAcknowledgement = "id-before-regack"
    case dropOnWake = "drop-on-wake"
    case exactlyOnceTwice = "qos2-twice"
    case sessionLeak = "session-leak"
    case forgottenSubscription = "lost-subscription"
    case peerLeak = "peer-leak"
    case oldWill = "old-will"
    case blockIgnored = "block-ignored"
    // What only rude clients, brokers and networks bring to light.
    case lateCopyPublished = "late-copy-published"
    case secondAcknowledgement = "second-puback"
    case mixedAnswers = "mixed-answers"
    case reusedIDSwallowed = "reused-id-swallowed"
    case earlyAnswerToReusedID = "reused-id-answered"
    case equalMessageSwallowed = "equal-message-swallowed"
    case knownIdentifierSwallowed = "known-identifier-swallowed"
    case setUpTakenForRepetition = "set-up-repeated"
    case unteachableLost = "unteachable-lost"
    case sleeperForgotten = "sleeper-forgotten"
    case copyOfConnectObeyed = "connect-copy-obeyed"
    case refusedSubscriptionGranted = "refused-subscription-granted"
    case closingTopicRepeated = "closing-topic-repeated"
    case silentForgotten = "silent-forgotten"
    case forgetfulRestart = "forgetful-restart"
    case lostWithItsLink = "lost-with-its-link"
    /// A message whose time is up is delivered all the same.
    case expiredDelivered = "expired-delivered"
    // What a client's prefix keeps apart: what is not behind it comes down all the same; what goes up is behind another
    // client's.
    case prefixLeak = "prefix-leak"
    case prefixMixed = "prefix-mixed"
    /// Connections to the broker are made as fast as clients come.
    case paceIgnored = "pace-ignored"
    /// A Topic Alias is used on the connection behind the one on which it was given.
    case staleAlias = "stale-alias"
    // What a disk does not bring back.
    case acknowledgedBeforeDurable = "acknowledged-before-durable"
    case recordSkipped = "record-skipped"
    case exchangeForgotten = "exchange-forgotten"

    /// Within so many seeds, from 1 on, the bug must have been found.
    package var seedLimit: Int {
        switch self {
        case .acknowledgeBeforeBroker, .pingResponseTooEarly, .idBeforeAcknowledgement, .exactlyOnceTwice, .sessionLeak,
            .peerLeak, .oldWill, .prefixMixed:
            50
        case .dropOnWake, .forgottenSubscription, .mixedAnswers, .reusedIDSwallowed, .earlyAnswerToReusedID,
            .equalMessageSwallowed,
            .setUpTakenForRepetition, .unteachableLost, .sleeperForgotten, .refusedSubscriptionGranted,
            .closingTopicRepeated, .silentForgotten, .forgetfulRestart, .lostWithItsLink, .expiredDelivered,
            .acknowledgedBeforeDurable, .recordSkipped, .exchangeForgotten, .prefixLeak,
            .paceIgnored, .staleAlias:
            100
        // Copies that come so late and identifiers that a broker uses again in one session are rarer, and rarer still
        // are streams that stand still for long enough, with small queues.
        case .lateCopyPublished, .secondAcknowledgement, .copyOfConnectObeyed, .knownIdentifierSwallowed: 600
        case .blockIgnored: 2_000
        }
    }

    /// Whether it is about what only rude worlds bring to light.
    var isRude: Bool {
        switch self {
        case .acknowledgeBeforeBroker, .pingResponseTooEarly, .idBeforeAcknowledgement, .dropOnWake,
            .exactlyOnceTwice, .sessionLeak, .forgottenSubscription, .peerLeak, .oldWill, .blockIgnored,
            .lostWithItsLink, .expiredDelivered, .acknowledgedBeforeDurable, .recordSkipped, .exchangeForgotten,
            .prefixLeak, .prefixMixed, .paceIgnored, .staleAlias:
            false
        case .lateCopyPublished, .secondAcknowledgement, .mixedAnswers, .reusedIDSwallowed, .earlyAnswerToReusedID,
            .equalMessageSwallowed, .knownIdentifierSwallowed, .setUpTakenForRepetition, .unteachableLost,
            .sleeperForgotten, .copyOfConnectObeyed, .refusedSubscriptionGranted, .closingTopicRepeated,
            .silentForgotten, .forgetfulRestart:
            true
        }
    }

    /// How the kind of failure begins that it must be: who finds it, and what.
    package var finders: [String] {
        switch self {
        case .acknowledgeBeforeBroker, .exactlyOnceTwice, .lateCopyPublished, .mixedAnswers, .reusedIDSwallowed,
            .earlyAnswerToReusedID, .equalMessageSwallowed, .exchangeForgotten:
            ["publications:"]
        case .pingResponseTooEarly, .idBeforeAcknowledgement, .setUpTakenForRepetition: ["conversations:", "wills:"]
        case .dropOnWake, .secondAcknowledgement, .knownIdentifierSwallowed, .expiredDelivered: ["deliveries:"]
        case .sessionLeak: ["end:", "healing:", "isolation:", "conversations:", "world:"]
        case .forgottenSubscription, .refusedSubscriptionGranted: ["subscriptions:"]
        case .peerLeak: ["host:", "world: the host", "end:"]
        case .oldWill: ["wills:"]
        case .prefixLeak: ["rules:", "deliveries:", "conversations:"]
        case .prefixMixed: ["rules:", "publications:"]
        case .paceIgnored: ["pace:"]
        case .staleAlias: ["world: the gateway names a topic by an alias"]
        case .blockIgnored: ["world: # octets wait"]
        case .closingTopicRepeated: ["world: the broker closes", "healing:"]
        case .unteachableLost, .silentForgotten, .copyOfConnectObeyed, .lostWithItsLink: ["sessions:"]
        case .sleeperForgotten, .forgetfulRestart: ["sessions:", "subscriptions:"]
        case .acknowledgedBeforeDurable, .recordSkipped:
            [
                "conversations:", "publications:", "deliveries:", "subscriptions:",
                "world: client lasting is told to connect",
            ]
        }
    }
}

extension Canary {
    /// The first seed in which the bug is found, by whom it must be, and nothing of the kind without it; nil where
    /// there is none from `first` on, within the limit.
    package func find(from first: UInt64 = 1, steps: Int) -> (seed: UInt64, verdict: Verdict)? {
        for seed in first..<first + UInt64(seedLimit) {
            let options = options(for: seed)
            let verdict = World(seed: seed, options: options, canary: self).run(steps: steps)
            guard let kind = verdict.failure?.kind, finders.contains(where: { kind.hasPrefix($0) }),
                World(seed: seed, options: options).run(steps: steps).failure?.kind != kind
            else { continue }
            return (seed, verdict)
        }
        return nil
    }

    /// What the seed draws, with what the bug must have to show itself.
    package func options(for seed: UInt64) -> WorldOptions {
        var options = WorldOptions(seed: seed)
        // What is planted is planted in packets of 3.1.1, and for clients that may do everything.
        (options[.version5], options[.clientRules]) = (0, 0)
        switch self {
        case .prefixLeak:
            (options[.clientRules], options[.clients], options[.streamSplitting]) = (Int(seed), 5, 0)
            (options[.cleanSessions], options[.publishing]) = (0, 1_000)
        case .paceIgnored: (options[.connectionPace], options[.clients]) = (1 + Int(seed % 20), 5)
        case .staleAlias:
            (options[.version5], options[.topicAliases], options[.publishing]) = (1, 1 + Int(seed % 12), 1_000)
        case .prefixMixed: (options[.clientRules], options[.clients], options[.publishing]) = (Int(seed), 5, 1_000)
        case .acknowledgedBeforeDurable:
            options = WorldOptions()
            (options[.store], options[.gatewayRestarts], options[.clients]) = (3_000, 8, 5)
            (options[.publishing], options[.churn], options[.delay]) = (2_000, 500, 20)
        // The broker knows most messages again without the gateway: not those of who uses few ids and gives up.
        case .exchangeForgotten:
            options = WorldOptions()
            (options[.store], options[.gatewayRestarts], options[.clientCrashes]) = (3_000, 8, 10)
            (options[.clients], options[.publishing], options[.fewIDs], options[.surrenders]) = (5, 2_000, 3, 800)
            (options[.loss], options[.duplication], options[.jitter], options[.delay]) = (200, 100, 4_000, 100)
        // What waits for a disk is counted with what the stream does not take, and reported in time by that.
        case .blockIgnored: options[.store] = 0
        case .unteachableLost: options[.unteachables] = 600
        // Its packets are planted whole.
        case .expiredDelivered:
            (options[.version5], options[.expiries], options[.sleepers], options[.streamSplitting]) = (1, 20, 800, 0)
        case .acknowledgeBeforeBroker, .pingResponseTooEarly, .idBeforeAcknowledgement, .dropOnWake, .exactlyOnceTwice,
            .sessionLeak, .forgottenSubscription, .peerLeak, .oldWill, .lateCopyPublished, .secondAcknowledgement,
            .mixedAnswers, .reusedIDSwallowed, .earlyAnswerToReusedID, .equalMessageSwallowed,
            .knownIdentifierSwallowed, .setUpTakenForRepetition, .sleeperForgotten, .copyOfConnectObeyed,
            .refusedSubscriptionGranted, .closingTopicRepeated, .silentForgotten,
            .forgetfulRestart, .lostWithItsLink, .recordSkipped:
            break
        }
        return options
    }
}
