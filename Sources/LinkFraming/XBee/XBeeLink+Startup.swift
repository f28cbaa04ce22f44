import Bytes
import Time

/// Where the link stands in asking the module what it is.
struct XBeeStartup: Sendable {
    /// The commands in their order; each is given when the one before is answered.
    enum Step: Int, CaseIterable, Sendable {
        case apiMode, apiOptions, maximumPayload, serialNumberHigh, serialNumberLow, networkAddress, hardwareVersion
        case firmwareVersion, associationIndication

        var command: ATCommand {
            switch self {
            case .apiMode: .apiMode
            case .apiOptions: .apiOptions
            case .maximumPayload: .maximumPayload
            case .serialNumberHigh: .serialNumberHigh
            case .serialNumberLow: .serialNumberLow
            case .networkAddress: .networkAddress
            case .hardwareVersion: .hardwareVersion
            case .firmwareVersion: .firmwareVersion
            case .associationIndication: .associationIndication
            }
        }
    }

    /// The command that is not answered yet.
    var step: Step?
    var frameID: UInt8 = 0
    var tryCount = 0
    var deadline = Instant(nanoseconds: 0)
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
        // AO=0 makes the module use frame 0x90. Nothing is written to its permanent memory.
        let parameter: [UInt8] = [0]
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
        dropQueued()
        change(to: .noRadio, into: &effects)
        effects.observe(.noRadioAnswers(receivedByteCount: startup.receivedByteCount))
        effects.list.append(.tryNextSpeed)
    }

    /// Takes an answer; `value` is empty where the module only says that it is done.
    mutating func commandAnswered(
        _ frameID: UInt8, _ command: ATCommand, _ status: ATStatus, _ value: RawSpan, at now: Instant,
        into effects: inout LinkEffects
    ) {
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
            note(number, for: step)
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
        dropQueued()
        change(to: .wrongMode, into: &effects)
        if isNews { effects.observe(.wrongAPIMode(mode)) }
        return false
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

    private mutating func note(_ number: UInt64?, for step: XBeeStartup.Step) {
        switch step {
        case .apiMode: module.apiMode = number
        case .apiOptions: break
        case .maximumPayload: module.maximumPayloadByteCount = number
        case .serialNumberHigh: module.serialNumberHigh = number
        case .serialNumberLow: module.serialNumberLow = number
        case .networkAddress: module.networkAddress = number
        case .hardwareVersion: module.hardwareVersion = number
        case .firmwareVersion: module.firmwareVersion = number
        case .associationIndication: module.associationIndication = number
        }
    }

    private mutating func endStartup(at now: Instant, into effects: inout LinkEffects) {
        startup.step = nil
        if state == .starting {
            effects.observe(.moduleIdentified(module))
            let (unicast, broadcast) = module.limits(configuration)
            setMaximum(unicast, broadcast: broadcast, into: &effects)
        }
        if module.isDisassociated {
            networkLost(at: now, into: &effects)
        } else {
            change(to: .ready, into: &effects)
        }
    }

    mutating func setMaximum(_ unicast: Int, broadcast: Int, into effects: inout LinkEffects) {
        guard unicast != maximumDatagramByteCount || broadcast != maximumBroadcastByteCount else { return }
        (maximumDatagramByteCount, maximumBroadcastByteCount) = (unicast, broadcast)
        effects.observe(.maximumDatagramChanged(byteCount: unicast, broadcastByteCount: broadcast))
    }

    // MARK: What the module says of itself

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
            guard state == .disassociated else { return }
            startup.step = nil
            startup.wakeUp = nil
            nodes.dropRoutes()
            change(to: .ready, into: &effects)
        case .networkKeyUpdated, .supplyVoltageTooHigh, .configurationChangedWhileJoining, .unknown: break
        }
    }

    /// Nothing can be sent until the module is in a network again, which it says or is asked for.
    mutating func networkLost(at now: Instant, into effects: inout LinkEffects) {
        dropOutstanding()
        dropQueued()
        pausedUntil = nil
        startup.step = nil
        startup.wakeUp = now + configuration.associationPollInterval
        change(to: .disassociated, into: &effects)
    }
}

extension XBeeModule {
    /// What a first-generation 802.15.4 module carries, which knows no NP.
    private static let maximumPayloadWithoutNP = 100
    /// What Zigbee modules put together of several packets.
    private static let maximumZigbeePayload = 255
    /// What one packet of a Zigbee broadcast holds, whatever NP says of datagrams to one node.
    private static let maximumZigbeeBroadcast = 84

    /// The most octets of a datagram to one node, and to all, which is never taken apart.
    func limits(_ configuration: XBeeLinkConfiguration) -> (unicast: Int, broadcast: Int) {
        let largest = configuration.largestDatagramByteCount
        let told = maximumPayloadByteCount.map { Int(clamping: $0) } ?? Self.maximumPayloadWithoutNP
        let packet = min(max(told, 1), largest)
        let broadcast = isZigbee ? min(packet, Self.maximumZigbeeBroadcast) : packet
        switch configuration.maximumPayload {
        case .automatic: return (isZigbee ? min(Self.maximumZigbeePayload, largest) : packet, broadcast)
        case .byteCount(let byteCount):
            let unicast = min(max(byteCount, 1), largest)
            return (unicast, min(unicast, broadcast))
        }
    }
}
