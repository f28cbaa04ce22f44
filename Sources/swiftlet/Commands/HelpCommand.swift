/// `swiftlet help`: what the commands are, what one of them does, or what the exit codes say.
enum HelpCommand {
    /// The topic that is no command.
    static let exitCodes = "exit-codes"

    static let entry = CommandEntry(
        "help", operands: "[COMMAND|\(exitCodes)]", count: 0...1,
        "say what the commands are, or more about one of them",
        execute: execute)

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        guard let topic = arguments.operands.first else {
            Terminal.print(HelpText.program)
            return .success
        }
        if topic == exitCodes {
            Terminal.print(HelpText.exitCodes)
        } else if let command = CommandTable.command(topic) {
            Terminal.print(HelpText.command(command))
        } else {
            throw CommandLineReader.unknownCommand(topic)
        }
        return .success
    }
}
