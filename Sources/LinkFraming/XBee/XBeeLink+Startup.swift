import Bytes
import Time

/// Where the link stands in asking the module what it is.
struct XBeeStartup: Sendable {
    /// The commands in their order; each is given when the one before is answered. Those from `firstOfNetwork` on ask
    /// for the network that the module is in.
    enum Step: Int, CaseIterable, Sendable {
        case apiMode, apiOptions, maximumPayload, serialNumberHigh, serialNumberLow, hardwareVersion, firmwareVersion
        case encryption, linkKey, routeBroadcastTime
        case joinTime, networkID, operatingNetworkID, channel, networkAddress, associationIndication

        static let firstOfNetwork = Step.joinTime

        var command: ATCommand {
            switch self {
            case .apiMode: .apiMode
            case .apiOptions: .apiOptions
            case .maximumPayload: .maximumPayload
            case .serialNumberHigh: .serialNumberHigh
            case .serialNumberLow: .serialNumberLow
            case .hardwareVersion: .hardwareVersion
            case .firmwareVersion: .firmwareVersion
            case .encryption: .encryption
            case .linkKey: .linkKey
            case .routeBroadcastTime: .routeBroadcastTime
            case .joinTime: .joinTime
            case .networkID: .networkID
            case .operatingNetworkID: .operatingNetworkID
            case .channel: .channel
            case .networkAddress: .networkAddress
            case .associationIndication: .associationIndication
            }
        }
    }

    /// The command that is not answered yet.
    var step: Step?
    var frameID: UInt8 = 0
    var tryCount = 0
    var deadline = Instant(nanoseconds: 0)
    /// Whether the network is read that a module without one has found.
    var isReadingNetwork = false
    /// When to begin again, or to ask again for a network or the API mode.
    var wakeUp: Instant?
    /// When the last two start-ups began.
    var lastStart: Instant?
    var startBefore: Instant?
    /// Octets since the start-up began.
    var receivedByteCount: UInt64 = 0

    var nextDeadline: Instant? { step == nil ? wakeUp : deadline }

    func isWaiting(for frameID: UInt8) -> Bool { step != nil && self.frameID == frameID }
}

// Finds out what the module is, sets the little that must be set, and keeps asking where it has no network yet.

extension XBeeLink {
    /// Begins the start-up sequence, now or, if two began lately, when enough time has passed since the first.
    mutating func restart(at now: Instant, into effects: inout LinkEffects) {
        startup.step = nil
        startup.isReadingNetwork = false
        pausedUntil = nil
        change(to: .starting, into: &effects)
        if let startBefore = startup.startBefore, now < startBefore + configuration.restartInterval {
            startup.wakeUp = startBefore + configuration.restartInterval
            return
        }
        startup.startBefore = startup.lastStart
        startup.lastStart = now
        startup.receivedByteCount = 0
        startup.wakeUp = nil
        counters.starts += 1
        ask(.apiMode, at: now, into: &effects)
    }

    private mutating func ask(_ step: XBeeStartup.Step, at now: Instant, into effects: inout LinkEffects) {
        startup.step = step
        startup.tryCount = 0
        giveCommand(step, at: now, into: &effects)
    }

    private mutating func giveCommand(
        _ step: XBeeStartup.Step, at now: Instant, into effects: inout LinkEffects
    ) {
        startup.frameID = step == .apiMode ? nextModeQueryFrameID() : nextFrameID()
        startup.tryCount += 1
        startup.deadline = now + configuration.commandTimeout
        // AO=0 makes the module use frame 0x90, AO=1 0x91. Nothing is written to its permanent memory.
        let parameter: [UInt8] = [configuration.wantsAnnouncements ? 1 : 0]
        let command = XBeeFrame.atCommand(
            frameID: startup.frameID, step.command, parameter: 0..<(step == .apiOptions ? 1 : 0))
        // Until the mode is known escapes are harmless: there are none in its query.
        write(command, from: parameter.span.bytes, isEscaped: module.apiMode != 1, into: &effects)
    }

    /// The next number with which the query for the API mode, and its answer, look the same in modes 1 and 2.
    private mutating func nextModeQueryFrameID() -> UInt8 {
        let querySum = [0x08, 0x41, 0x50].reduce(0, &+) as UInt8
        let answerSum = [0x88, 0x41, 0x50].reduce(0, &+) as UInt8
        while true {
            let frameID = nextFrameID()
            // The sums that follow are those of the query, and of the answers 1 and 2.
            let sums = [querySum, answerSum &+ 1, answerSum &+ 2]
            let isPlain = !XBeeEnvelope.needsEscape(frameID)
            if isPlain, !sums.contains(where: { XBeeEnvelope.needsEscape(0xFF &- $0 &- frameID) }) { return frameID }
        }
    }

    /// Gives an unanswered command again, or begins what was put off.
    mutating func continueStartup(at now: Instant, into effects: inout LinkEffects) {
        guard let step = startup.step else {
            guard let wakeUp = startup.wakeUp, wakeUp <= now else { return }
            startup.wakeUp = nil
            switch state {
            case .disassociated: return ask(.associationIndication, at: now, into: &effects)
            case .wrongMode: return ask(.apiMode, at: now, into: &effects)
            case .closed, .starting, .ready, .noRadio: return restart(at: now, into: &effects)
            }
        }
        guard startup.deadline <= now else { return }
        guard startup.tryCount >= configuration.commandTryCount else {
            return giveCommand(step, at: now, into: &effects)
        }
        startup.step = nil
        dropOutstanding()
        change(to: .noRadio, into: &effects)
        effects.observe(.noRadioAnswers(receivedByteCount: startup.receivedByteCount))
        effects.list.append(.tryNextSpeed)
    }

    /// Takes an answer; `value` is empty where the module only says that it is done.
    mutating func commandAnswered(
        _ frameID: UInt8, _ command: ATCommand, _ status: ATStatus, _ value: RawSpan, at now: Instant,
        into effects: inout LinkEffects
    ) {
        if command == .signalStrength { return signalAnswered(frameID, status, value, into: &effects) }
        guard let step = startup.step, startup.frameID == frameID, step.command == command else {
            counters.unknownAnswers += 1
            return
        }
        let number = status == .ok ? number(value) : nil
        if step == .apiMode {
            // A module that is still booting may answer so; it is asked again as if it had not.
            guard let number, modeTold(number, at: now, into: &effects) else { return }
        } else {
            if status != .ok { effects.observe(.commandRefused(command, status)) }
            module.note(number, for: step)
        }
        guard let next = XBeeStartup.Step(rawValue: step.rawValue + 1) else {
            return endStartup(at: now, into: &effects)
        }
        ask(next, at: now, into: &effects)
    }

    /// Goes on in the module's API mode; false, and asks again later, where that carries no datagrams.
    private mutating func modeTold(_ mode: UInt64, at now: Instant, into effects: inout LinkEffects) -> Bool {
        let isNews = state != .wrongMode || module.apiMode != mode
        module.apiMode = mode
        if mode == 1 || mode == 2 {
            framer.setXBeeMode(isEscaped: mode == 2)
            change(to: .starting, into: &effects)
            return true
        }
        startup.step = nil
        startup.wakeUp = now + configuration.modePollInterval
        dropOutstanding()
        change(to: .wrongMode, into: &effects)
        if isNews { effects.observe(.wrongAPIMode(mode)) }
        return false
    }

    /// The module is in a network: asks for what is to be known of it.
    mutating func readNetwork(at now: Instant, into effects: inout LinkEffects) {
        startup.isReadingNetwork = true
        ask(.firstOfNetwork, at: now, into: &effects)
    }

    /// A status says that the module is in no network: one question settles it, and nothing is sent before the answer.
    /// While something else is being asked, that tells.
    mutating func askForNetwork(at now: Instant, into effects: inout LinkEffects) {
        if canTransmit { ask(.associationIndication, at: now, into: &effects) }
    }

    /// An answer's value, which has as many octets as the firmware likes.
    private func number(_ value: RawSpan) -> UInt64? {
        guard (1...8).contains(value.byteCount) else { return nil }
        var number: UInt64 = 0
        for offset in 0..<value.byteCount { number = number << 8 | UInt64(value[unchecked: offset]) }
        return number
    }

    private mutating func endStartup(at now: Instant, into effects: inout LinkEffects) {
        startup.step = nil
        if state == .starting {
            effects.observe(.moduleIdentified(module))
            let (unicast, broadcast) = module.limits(configuration)
            setMaximum(unicast, broadcast: broadcast, into: &effects)
        }
        guard !module.isDisassociated else { return networkLost(at: now, into: &effects) }
        if state == .disassociated { return networkFound(at: now, into: &effects) }
        if state == .starting || startup.isReadingNetwork { effects.observe(.networkIdentified(module)) }
        startup.isReadingNetwork = false
        change(to: .ready, into: &effects)
        wantSourceRoutes(into: &effects)
    }

    mutating func setMaximum(_ unicast: Int, broadcast: Int, into effects: inout LinkEffects) {
        guard unicast != maximumDatagramByteCount || broadcast != maximumBroadcastByteCount else { return }
        (maximumDatagramByteCount, maximumBroadcastByteCount) = (unicast, broadcast)
        effects.observe(.maximumDatagramChanged(byteCount: unicast, broadcastByteCount: broadcast))
    }
}
