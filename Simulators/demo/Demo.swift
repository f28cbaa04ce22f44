import Configuration
import GatewayHost
import Transports

/// The command `demo`: a broker, the gateway and a house full of devices in one process, on real sockets.
@main
enum Demo {
    static func main() {
        let status: ExitStatus
        switch DemoOptions.read(Array(CommandLine.arguments.dropFirst())) {
        case .help:
            Terminal.print(DemoOptions.helpText)
            status = .success
        case .wrong(let reason):
            Terminal.complain("\(reason)\n\nTry 'demo --help'.")
            status = .usage
        case .run(let seconds): status = run(seconds: seconds)
        }
        ProcessControl.exit(status.rawValue)
    }

    private static func run(seconds: Int) -> ExitStatus {
        do {
            return try DemoRun(seconds: seconds).run()
        } catch {
            Terminal.complain("\(error)")
            return .systemFailure
        }
    }
}

/// How the process ends.
enum ExitStatus: Int32 {
    /// Everything arrived.
    case success = 0
    /// Something did not arrive, or arrived when it should not have.
    case failure = 1
    /// EX_USAGE of sysexits(3): the arguments are wrong.
    case usage = 64
    /// EX_OSERR of sysexits(3): the system failed.
    case systemFailure = 71
    /// SIGINT or SIGTERM ended the demo early, as a shell reports it.
    case interrupted = 130
}

/// Text for the person at the terminal.
enum Terminal {
    static func print(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        StandardOutput.write(bytes.span.bytes)
    }

    /// Says what went wrong, on standard error.
    static func complain(_ text: String) {
        let bytes = Array(("demo: " + text + "\n").utf8)
        StandardError.write(bytes.span.bytes)
    }
}
