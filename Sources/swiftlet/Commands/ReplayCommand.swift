import Describe
import TraceFile
import Transports

/// `swiftlet replay`: a recording of `run --record` told to a new gateway, whose effects are compared.
enum ReplayCommand {
    static let entry = CommandEntry(
        "replay", operands: "FILE", count: 1...1,
        "tell a recorded gateway's events to a new one, and compare what it does",
        details: """
            Reads a recording that 'swiftlet run --record' has written, tells the same to a new gateway and says
            whether it does the same. Nothing is sent anywhere.
            """,
        options: [words], success: "the same effects", failures: [.no, .noInput, .dataError],
        examples: [("swiftlet replay --words gateway.trace", "what the gateway heard and did, in words")],
        execute: execute)

    private static let words = Option("--words", help: "Tell every event and effect in words.")

    /// No recording is read beyond this size, in octets.
    private static let maximumByteCount = 1 << 30

    private static func execute(_ arguments: Arguments) -> ExitStatus {
        let path = arguments.operands[0]
        do {
            let content = try FileReader.read(path: path, maximumByteCount: maximumByteCount)
            let trace = try Trace(reading: content, file: path)
            return Replay(trace, isTold: arguments.has(words), print: Terminal.print).run() == .same ? .success : .no
        } catch let error as TraceError {
            Terminal.complain("\(error)")
            return .dataError
        } catch {
            Terminal.complain("\(error)")
            return .noInput
        }
    }
}
