package import TraceFile

/// A recorded gateway brought back: the same is told to a new one, and what it does is compared.
package struct Replay {
    /// What came of it.
    package enum Outcome: Equatable, Sendable {
        case same
        /// The event at this position, counted from 0, had other effects than recorded.
        case different(at: Int)
    }

    private let trace: Trace
    /// Whether every event and effect is told in words.
    private let isTold: Bool
    private let print: (String) -> Void

    /// Tells what happens by `print`, a line at a time.
    package init(_ trace: Trace, isTold: Bool, print: @escaping (String) -> Void) {
        (self.trace, self.isTold, self.print) = (trace, isTold, print)
    }

    package func run() -> Outcome {
        let words = TraceWords(trace)
        if let note = Self.words(trace.ending) { print(note) }
        let position = trace.firstDifference { entry in
            // Said before, because the gateway may not survive it.
            if isTold || entry.effectHash == nil { print(words.event(entry)) }
        } hasHandled: { _, effects in
            if isTold { for line in words.effects(effects) { print(line) } }
        }
        guard let position else {
            print("\(trace.entries.count) events, the same effects")
            return .same
        }
        print("INCORRECT  event \(position + 1) of \(trace.entries.count) has other effects than recorded:")
        print(words.event(trace.entries[position]))
        if !isTold { tellEffects(words, position) }
        return .different(at: position)
    }

    /// What the gateway does now about the event at `position`.
    private func tellEffects(_ words: TraceWords, _ position: Int) {
        var count = 0
        _ = trace.firstDifference(hasHandled: { _, effects in
            if count == position { for line in words.effects(effects) { print(line) } }
            count += 1
        })
    }

    /// What is worth knowing of a recording's end.
    private static func words(_ ending: Trace.Ending) -> String? {
        switch ending {
        case .complete: nil
        case .limitReached: "The recording ended at its limit; the gateway went on."
        case .abrupt: "The recording stops without an end: the gateway was killed, crashed, or is still running."
        case .insideLine: "The recording stops inside a line: the gateway was killed, crashed, or could not write."
        }
    }
}
