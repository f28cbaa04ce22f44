import Describe
import TraceFile
import Transports

/// `simulate --replay`: a recorded gateway brought back.
struct ReplayRun {
    private static let maximumByteCount = 1 << 30
    let path: String
    /// Whether every event and effect is told in words.
    let isTold: Bool

    func run() -> SimulateStatus {
        do {
            let content = try FileReader.read(path: path, maximumByteCount: Self.maximumByteCount)
            let replay = Replay(try Trace(reading: content, file: path), isTold: isTold, print: Terminal.print)
            return replay.run() == .same ? .passed : .incorrect
        } catch {
            Terminal.complain("\(error)")
            return .usage
        }
    }
}
