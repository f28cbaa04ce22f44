package import GatewayCore
package import Time

/// Everything that one gateway was told, with the hash of all its effects up to each event: enough to bring them back.
///
/// As text it is a head, which says how the gateway was configured, and one line per event; `Trace+Text.swift` has the
/// form. The running gateway writes it line by line, a simulated world at its end.
package struct Trace: Equatable, Sendable {
    /// One event of the gateway.
    package struct Entry: Equatable, Sendable {
        package var now: Instant
        package var event: Event
        package var bytes: [UInt8]
        /// The hash of the effects of this event and of all before it; nil for the last event of a gateway that ended
        /// while it handled it.
        package var effectHash: UInt64?

        package init(now: Instant, event: Event, bytes: [UInt8] = [], effectHash: UInt64?) {
            self.now = now
            self.event = event
            self.bytes = bytes
            self.effectHash = effectHash
        }
    }

    /// Why there are no more events.
    package enum Ending: Equatable, Sendable, CaseIterable {
        /// The gateway came to its end.
        case complete
        /// The file had the size its owner allowed; the gateway went on.
        case limitReached
        /// The file stops without a word: the gateway was killed, crashed, could not write, or is still running.
        case abrupt
        /// The same, inside a line.
        case insideLine
    }

    package var seed: UInt64
    package var configuration: GatewayConfiguration
    /// Where the trace is from, on one line; empty where nobody said.
    package var note: String
    package var entries: [Entry] = []
    package var ending = Ending.complete

    package init(seed: UInt64, configuration: GatewayConfiguration, note: String = "") {
        self.seed = seed
        self.configuration = configuration
        self.note = note
    }

    /// A gateway's life ends and another one's begins.
    package mutating func restart(seed: UInt64) {
        self.seed = seed
        entries = []
    }

    /// Tells a new gateway the same events.
    ///
    /// - Parameters:
    ///   - willHandle: Told of each event before the gateway is.
    ///   - hasHandled: Told what the gateway did about it.
    /// - Returns: the position of the first event whose effects differ; nil when all are the same.
    package func firstDifference(
        willHandle: (Entry) -> Void = { _ in }, hasHandled: (Entry, borrowing Effects) -> Void = { _, _ in }
    ) -> Int? {
        var gateway = Gateway(configuration: configuration, seed: seed)
        var effects = Effects()
        var hash = EffectHash()
        for (position, entry) in entries.enumerated() {
            effects.removeAll()
            willHandle(entry)
            gateway.handle(entry.event, entry.bytes.span.bytes, at: entry.now, into: &effects)
            hasHandled(entry, effects)
            hash.combine(effects, at: entry.now)
            if let expected = entry.effectHash, expected != hash.value { return position }
        }
        return nil
    }
}
