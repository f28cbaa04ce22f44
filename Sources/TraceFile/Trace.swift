package import GatewayCore
package import Time

/// Everything that one gateway was told, with the hash of all its effects up to each event: enough to bring them back.
///
/// As text it is a head, which says how the gateway was configured, and one line per event; `Trace+Text.swift` has the
/// form. The running gateway writes it line by line, a simulated world at its end.
package struct Trace: Equatable, Sendable {
    /// What a gateway can be told.
    package enum Fact: Equatable, Sendable {
        /// Something happened; with the bytes that came with it.
        case event(Event, [UInt8])
        /// The owner has decided otherwise.
        case reconfigured(GatewayConfiguration)
        /// It goes on with a session of an earlier life: the octets of its record, where its client is, in which of the
        /// networks of the owner's rules, and how long ago it was written down.
        case restored([UInt8], from: PeerID?, network: UInt16 = 0, age: TimeSpan)
    }

    /// One thing that the gateway was told.
    package struct Entry: Equatable, Sendable {
        package var now: Instant
        package var fact: Fact
        /// The hash of the effects of this event and of all before it; nil for the last event of a gateway that ended
        /// while it handled it.
        package var effectHash: UInt64?

        package init(now: Instant, event: Event, bytes: [UInt8] = [], effectHash: UInt64?) {
            self.init(now: now, fact: .event(event, bytes), effectHash: effectHash)
        }

        /// The event, where it is one.
        package var event: Event? {
            guard case .event(let event, _) = fact else { return nil }
            return event
        }

        /// What came with the event; nothing where it is none.
        package var bytes: [UInt8] {
            guard case .event(_, let bytes) = fact else { return [] }
            return bytes
        }

        package init(now: Instant, fact: Fact, effectHash: UInt64?) {
            (self.now, self.fact, self.effectHash) = (now, fact, effectHash)
        }

        /// Tells it a gateway.
        package func tell(_ gateway: inout Gateway, into effects: inout Effects) {
            switch fact {
            case .event(let event, let bytes): gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
            case .reconfigured(let configuration): gateway.reconfigure(configuration, at: now, into: &effects)
            case .restored(let record, let peer, let network, let age):
                // One that was not taken then is not taken now.
                guard let record = try? SessionRecord.decode(record.span.bytes) else { return }
                try? gateway.restore(record, from: peer, network: network, age: age, at: now)
            }
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
    /// Without secrets: in their places are placeholders of the same length (`GatewayConfiguration.withoutSecrets`).
    package var configuration: GatewayConfiguration
    /// Where the trace is from, on one line; empty where nobody said.
    package var note: String
    package var entries: [Entry] = []
    package var ending = Ending.complete

    package init(seed: UInt64, configuration: GatewayConfiguration, note: String = "") {
        self.seed = seed
        self.configuration = configuration.withoutSecrets
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
            entry.tell(&gateway, into: &effects)
            hasHandled(entry, effects)
            hash.combine(effects, at: entry.now)
            if let expected = entry.effectHash, expected != hash.value { return position }
        }
        return nil
    }
}
