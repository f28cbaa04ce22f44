import Bytes
import Time

/// How strongly nodes are heard: what is being asked, and of whom.
struct XBeeSignals: Sendable {
    /// Who was asked about under which number; nil when nothing is asked.
    var frameID: UInt8 = 0
    var address: LinkAddress?
    /// Who sent the latest packet: the module tells the strength of that one.
    var latest: LinkAddress?
    var notBefore = Instant(nanoseconds: 0)
    /// Whether the module does not know the question.
    var isUnknown = false
}

// Finds out over which signal and how many hops nodes are heard, as far as the module tells.

extension XBeeLink {
    /// Less change is not told.
    private static let signalStep = 10

    /// Asks how strongly the packet came in that the node has just sent, now and then.
    mutating func askForSignal(of place: Int, at now: Instant, into effects: inout LinkEffects) {
        signals.latest = nodes[place].address
        guard configuration.signalInterval > .zero, canTransmit, !signals.isUnknown, now >= signals.notBefore else {
            return
        }
        signals.notBefore = now + configuration.signalInterval
        signals.frameID = nextFrameID()
        signals.address = nodes[place].address
        let nothing: [UInt8] = []
        write(
            .atCommand(frameID: signals.frameID, .signalStrength, parameter: 0..<0), from: nothing.span.bytes,
            isEscaped: module.apiMode != 1, into: &effects)
    }

    mutating func signalAnswered(
        _ frameID: UInt8, _ status: ATStatus, _ value: RawSpan, into effects: inout LinkEffects
    ) {
        guard let address = signals.address, signals.frameID == frameID else {
            counters.unknownAnswers += 1
            return
        }
        signals.address = nil
        if status == .invalidCommand { signals.isUnknown = true }
        // Another node's packet may have come in between.
        guard status == .ok, signals.latest == address, let place = nodes.place(of: address),
            let strength = value.byte(at: value.byteCount - 1)
        else { return }
        noteSignal(strength, of: place, into: &effects)
    }

    /// Notes a strength in -dBm; 0 for unknown.
    mutating func noteSignal(_ strength: UInt8, of place: Int, into effects: inout LinkEffects) {
        guard strength > 0 else { return }
        if let told = nodes[place].toldSignal, abs(Int(told) - Int(strength)) < Self.signalStep { return }
        nodes[place].toldSignal = strength
        effects.observe(.signal(of: nodes[place].address, decibelMilliwatts: -Int(strength)))
    }

    /// Notes over how many nodes a packet came.
    mutating func noteDistance(_ hopCount: Int, of place: Int, into effects: inout LinkEffects) {
        guard nodes[place].toldHopCount != hopCount else { return }
        nodes[place].toldHopCount = hopCount
        effects.observe(.distance(of: nodes[place].address, hopCount: hopCount))
    }
}
