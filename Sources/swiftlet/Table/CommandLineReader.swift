import Configuration

/// Turns arguments into a command of the table with what stands behind it.
enum CommandLineReader {
    static func read(_ words: [String]) -> Result<Arguments, UsageError> {
        Result { () throws(UsageError) in try arguments(words) }
    }

    private static func arguments(_ words: [String]) throws(UsageError) -> Arguments {
        guard let name = words.first else { return Arguments(of: HelpCommand.entry) }
        let rest = words.dropFirst()
        switch name {
        case "--help", "-h": return try arguments(of: HelpCommand.entry, rest)
        case "--version", "-V": return try arguments(of: VersionCommand.entry, rest)
        default: break
        }
        guard let command = CommandTable.command(name) else { throw unknownCommand(name) }
        // Whoever asks for help has not got the rest right yet.
        if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
            var help = Arguments(of: HelpCommand.entry)
            help.add(operand: name)
            return help
        }
        return try arguments(of: command, rest)
    }

    private static func arguments(
        of command: CommandEntry, _ words: ArraySlice<String>
    ) throws(UsageError) -> Arguments {
        var arguments = Arguments(of: command)
        var rest = words
        while let word = rest.popFirst() {
            if word == "--" {
                rest.forEach { arguments.add(operand: $0) }
                break
            }
            guard word.hasPrefix("-"), word != "-" else {
                arguments.add(operand: word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = command.options.first(where: { $0.name == name || $0.letter == name }) else {
                throw unknownOption(name, of: command)
            }
            guard option.isRepeatable || !arguments.has(option) else {
                throw arguments.wrong("'\(option.name)' is given twice")
            }
            let value = try value(of: option, parts.count == 2 ? String(parts[1]) : nil, &rest, arguments)
            arguments.add(value, to: option)
        }
        guard command.operandCount.contains(arguments.operands.count) else {
            throw arguments.wrong(wrongOperands(arguments))
        }
        return arguments
    }

    private static func value(
        of option: Option, _ attached: String?, _ rest: inout ArraySlice<String>, _ arguments: Arguments
    ) throws(UsageError) -> String {
        guard option.value != nil else {
            guard attached == nil else { throw arguments.wrong("'\(option.name)' takes no value") }
            return ""
        }
        let isNextAnOption =
            rest.first.map { next in arguments.command.allOptions.contains { $0.name == next } } ?? false
        guard let value = attached ?? (isNextAnOption ? nil : rest.popFirst()) else {
            throw arguments.wrong("'\(option.name)' needs a value")
        }
        guard !option.choices.isEmpty else { return value }
        if let meant = option.aliases[value] { return meant }
        guard option.choices.contains(value) else {
            let choices = option.choices.joined(separator: ", ")
            throw arguments.wrong("'\(option.name)' is one of \(choices); found '\(value)'")
        }
        return value
    }

    // MARK: What was meant

    static func unknownCommand(_ name: String) -> UsageError {
        if let command = CommandTable.commands.first(where: { command in
            command.options.contains { $0.name == name.prefix { $0 != "=" } }
        }) {
            return UsageError(
                message: "'\(name)' stands before a command; did you mean 'swiftlet \(command.name) \(name)'?")
        }
        let synonym = CommandTable.commands.first { $0.synonyms.contains(name.lowercased()) }?.name
        let meant = synonym ?? Spelling.nearest(to: name.lowercased(), among: CommandTable.commands.map(\.name))
        return UsageError(message: "there is no command '\(name)'" + question(meant.map { "swiftlet " + $0 }))
    }

    private static func unknownOption(_ name: String, of command: CommandEntry) -> UsageError {
        let known = command.allOptions.map(\.name)
        let written = name.hasPrefix("--") ? name : "-" + name
        let meant = name.count > 2 ? Spelling.nearest(to: written, among: known) : nil
        let elsewhere = CommandTable.commands.first { $0.options.contains { $0.name == name } }
        let hint = meant == nil && elsewhere != nil ? "; 'swiftlet \(elsewhere?.name ?? "")' does" : question(meant)
        return UsageError(message: "'\(command.name)' does not know '\(name)'" + hint, command: command.name)
    }

    private static func wrongOperands(_ arguments: Arguments) -> String {
        let command = arguments.command
        let count = arguments.operands.count
        guard count > command.operandCount.upperBound else {
            return count == 0
                ? "'\(command.name)' needs \(command.operands)" : "'\(command.name)' needs more: \(command.operands)"
        }
        let first = arguments.operands[command.operandCount.upperBound]
        let text = "'\(command.name)' does not know '\(first)'"
        guard command.operandCount.upperBound == 0 else {
            return text + ": it takes no more than \(command.operands)"
        }
        let file = command.options.first { $0.value == "FILE" }
        return text + question(file.map { "swiftlet \(command.name) \($0.name) \(first)" })
    }

    private static func question(_ meant: String?) -> String { meant.map { "; did you mean '\($0)'?" } ?? "" }
}
