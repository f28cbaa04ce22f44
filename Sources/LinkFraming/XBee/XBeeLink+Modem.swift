import Time

// What follows when the module says what has happened to it, or to its network.

extension XBeeLink {
    mutating func modemChanged(
        _ status: XBeeModemStatus, at now: Instant, into effects: inout LinkEffects
    ) {
        counters.modemStatuses += 1
        effects.observe(.modemStatus(status))
        switch status {
        case .hardwareReset, .watchdogReset:
            counters.modemResets += 1
            // What the module had taken is forgotten there, and so is AO.
            dropOutstanding()
            nodes.dropRoutes()
            pausedUntil = nil
            // One that is about to begin anyway finds out the same.
            guard startup.step != nil || startup.wakeUp == nil || state != .starting else { return }
            restart(at: now, into: &effects)
        case .disassociated:
            if state == .ready || state == .disassociated { networkLost(at: now, into: &effects) }
        case .joined, .coordinatorStarted:
            if state == .disassociated { networkFound(at: now, into: &effects) }
        case .networkIDChanged, .networkIDChangedByCoordinator:
            if canTransmit { readNetwork(at: now, into: &effects) }
        case .networkWokeUp, .networkWentToSleep, .networkKeyUpdated, .supplyVoltageTooHigh,
            .configurationChangedWhileJoining, .accessFault, .fatalError, .secureSessionBegan, .secureSessionEnded,
            .secureSessionFailed, .networkIDConflict, .networkWatchdog, .joinWindowOpened, .joinWindowClosed,
            .networkKeyRotationBegan, .unknown:
            break
        }
    }

    /// Nothing can be sent until the module is in a network again, which it says or is asked for. What waits may be in
    /// time all the same.
    mutating func networkLost(at now: Instant, into effects: inout LinkEffects) {
        dropOutstanding()
        pausedUntil = nil
        startup.step = nil
        startup.isReadingNetwork = false
        startup.wakeUp = now + configuration.associationPollInterval
        change(to: .disassociated, into: &effects)
    }

    mutating func networkFound(at now: Instant, into effects: inout LinkEffects) {
        startup.step = nil
        startup.wakeUp = nil
        nodes.dropRoutes()
        change(to: .ready, into: &effects)
        readNetwork(at: now, into: &effects)
    }

    /// How often the module asks for routes to itself when it is told to, in tens of seconds.
    private static let routeBroadcastTime: UInt8 = 6

    /// Has the module ask for source routes where the network is large and nobody has set this (AR). Until the module
    /// resets, it goes on.
    mutating func wantSourceRoutes(into effects: inout LinkEffects) {
        let least = configuration.sourceRoutingNodeCount
        guard least > 0, nodes.count >= least, state == .ready, module.isZigbee,
            module.routeBroadcastTime == XBeeModule.neverBroadcastsRoutes
        else { return }
        module.routeBroadcastTime = UInt64(Self.routeBroadcastTime)
        let parameter = [Self.routeBroadcastTime]
        // Without a number nothing is answered.
        write(
            .atCommand(frameID: 0, .routeBroadcastTime, parameter: 0..<1), from: parameter.span.bytes,
            isEscaped: module.apiMode != 1, into: &effects)
        effects.observe(.sourceRoutesWanted(nodeCount: nodes.count))
    }
}
