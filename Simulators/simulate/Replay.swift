import GatewayCore
import GatewaySimulator
import TraceFile
import Transports

/// A recorded gateway brought back: the same is told to a new one, and what it does is compared.
struct Replay {
    private static let maximumByteCount = 1 << 30
    let path: String
    /// Whether every event and effect is told in words.
    let isTold: Bool

    func run() -> SimulateStatus {
        do {
            let content = try FileReader.read(path: path, maximumByteCount: Self.maximumByteCount)
            return replay(try Trace(reading: content, file: path))
        } catch {
            Terminal.complain("\(error)")
            return .usage
        }
    }

    private func replay(_ trace: Trace) -> SimulateStatus {
        let words = TraceWords(trace)
        if let note = Self.words(trace.ending) { Terminal.print(note) }
        let position = trace.firstDifference { entry in
            // Said before, because the gateway may not survive it.
            if isTold || entry.effectHash == nil { Terminal.print(words.event(entry)) }
        } hasHandled: { _, effects in
            if isTold { for line in words.effects(effects) { Terminal.print(line) } }
        }
        guard let position else {
            Terminal.print("\(trace.entries.count) events, the same effects")
            return .passed
        }
        Terminal.print("INCORRECT  event \(position + 1) of \(trace.entries.count) has other effects than recorded:")
        Terminal.print(words.event(trace.entries[position]))
        if !isTold { tellEffects(of: trace, words, position) }
        return .incorrect
    }

    /// What the gateway does now about the event at `position`.
    private func tellEffects(of trace: Trace, _ words: TraceWords, _ position: Int) {
        var count = 0
        _ = trace.firstDifference(hasHandled: { _, effects in
            if count == position { for line in words.effects(effects) { Terminal.print(line) } }
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
