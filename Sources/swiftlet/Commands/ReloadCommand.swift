import ControlClient

/// `swiftlet reload`: lets the running gateway read its configuration again.
enum ReloadCommand {
    static let entry = CommandEntry(
        "reload", "let the running gateway read its configuration again",
        details: """
            The gateway checks the whole file first; with any error it goes on as before, and the errors are
            printed here. What has changed is said, and what needs a restart.
            """,
        options: [ControlDoor.socket], success: "the gateway goes on with the file as it is now",
        failures: [.temporaryFailure, .protocolError, .noPermission, .configuration],
        examples: [("swiftlet reload", "the same as 'kill -HUP', with the answer here instead of in the log")],
        synonyms: ["refresh"], execute: execute)

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        try ControlDoor.open(arguments) { door throws(ControlDoor.Failure) in
            var answer: [UInt8] = []
            try door.ask("POST", "/reload", timeout: ControlDoor.timeout) {
                answer += $0
                return true
            }
            Terminal.print(String(decoding: answer, as: UTF8.self))
            return .success
        }
    }
}
