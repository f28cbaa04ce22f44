import ControlClient
import JSON

/// `swiftlet status`: how the running gateway is.
enum StatusCommand {
    static let entry = CommandEntry(
        "status", "say how the running gateway is, and what needs a look",
        options: ControlDoor.options + [ready, .json], success: "it answers; with --ready: it serves clients",
        failures: [.no] + ControlDoor.failures,
        examples: [
            ("swiftlet status", "the gateway, its broker, clients, messages and links"),
            ("swiftlet status --ready", "for a health check: 0 where clients are served, else 1"),
        ],
        synonyms: ["health", "info"], execute: execute)

    private static let ready = Option("--ready", help: "Say in one sentence whether clients are served; 1 if not.")

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        try ControlDoor.open(arguments) { door throws(ControlDoor.Failure) in
            let status = try door.json("/status.json")
            if arguments.has(.json) { Terminal.print(status.text) }
            let readiness = StatusText.readiness(status)
            guard !arguments.has(ready) else {
                if !arguments.has(.json) { Terminal.print(readiness.sentence) }
                return readiness.isReady ? .success : .no
            }
            if !arguments.has(.json) { for line in StatusText.lines(status) { Terminal.print(line) } }
            return .success
        }
    }
}
