import GatewaySimulator
import SimulatorSupport
import Transports

/// The command `simulate`: worlds that try to break the gateway, one in detail or as many as are wanted.
@main
enum Simulate {
    static func main() async {
        CrashNote.install()
        let status: SimulateStatus
        switch SimulateOptions.read(Array(CommandLine.arguments.dropFirst())) {
        case .failure(let complaint):
            Terminal.complain("\(complaint.text)\n\n\(SimulateOptions.helpText)")
            status = .usage
        case .success(let options): status = await run(options)
        }
        ProcessControl.exit(status.rawValue)
    }

    private static func run(_ options: SimulateOptions) async -> SimulateStatus {
        switch options.mode {
        case .help:
            Terminal.print(SimulateOptions.helpText)
            return .passed
        case .one(let seed): return OneRun(options, seed: seed).run()
        case .many(let count): return await ManyRuns(options, count: count).run()
        case .minimize(let seed): return Minimizer(options, seed: seed).run()
        case .canaries(let names): return CanaryHunt(options, names).run()
        case .month: return MonthRun(options, days: options.days, clients: options.clients).run()
        case .replay(let path): return ReplayRun(path: path, isTold: options.isTold).run()
        }
    }
}

/// How the process ends.
enum SimulateStatus: Int32 {
    case passed = 0
    case usage = 64
    /// The gateway's process would have crashed; set by the handler of the signal.
    case crashed = 127
    case stuck = 128
    case incorrect = 129

    init(_ verdict: Verdict) {
        switch verdict {
        case .passed: self = .passed
        case .incorrect: self = .incorrect
        case .stuck: self = .stuck
        }
    }
}

/// Text for the person at the terminal.
enum Terminal {
    static func print(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        StandardOutput.write(bytes.span.bytes)
    }

    /// Overwrites the line before, where somebody watches.
    static func progress(_ text: String) {
        guard ProcessControl.isTerminal(1) else { return }
        let bytes = Array(("\r" + text + "\u{1B}[K").utf8)
        StandardOutput.write(bytes.span.bytes)
    }

    /// Says what went wrong, on standard error.
    static func complain(_ text: String) {
        let bytes = Array(("simulate: " + text + "\n").utf8)
        StandardError.write(bytes.span.bytes)
    }
}
