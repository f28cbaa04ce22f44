/// The help texts, made from the table.
enum HelpText {
    /// Where the texts of options begin at the latest.
    private static let column = 30
    private static let width = 110

    /// What `swiftlet --help` prints.
    static var program: String {
        let commands = CommandTable.commands.filter { $0.name != HelpCommand.entry.name }
        let width = (commands.map(\.name.count).max() ?? 0) + 2
        let list = commands.map { "  swiftlet \(padded($0.name, to: width))\($0.summary)" }
        return """
            \(CommandTable.description)

            usage: swiftlet COMMAND [options]

            \(list.joined(separator: "\n"))

            'swiftlet COMMAND --help' says more about a command, 'swiftlet help exit-codes' what it may end with.
            Without a configuration the gateway listens on UDP port 1884 and expects a broker at mqtt://127.0.0.1:1883.
            """
    }

    /// What `swiftlet COMMAND --help` prints.
    static func command(_ command: CommandEntry) -> String {
        var parts = ["usage: \(command.usage)\n\n\(command.name): \(command.summary)."]
        if !command.details.isEmpty { parts.append(command.details) }
        parts.append(command.allOptions.map(option).joined(separator: "\n"))
        if !command.examples.isEmpty {
            let width = (command.examples.map(\.line.count).max() ?? 0) + 2
            parts.append(
                command.examples.map { "  \(padded($0.line, to: width))# \($0.purpose)" }.joined(separator: "\n"))
        }
        parts.append(wrapped("Exit codes: \(exits(of: command)).", indented: 0, first: 0))
        return parts.joined(separator: "\n\n")
    }

    /// What `swiftlet help exit-codes` prints.
    static var exitCodes: String {
        ExitStatus.allCases
            .map { "  \(padded("\($0.rawValue)", to: 5))\(padded($0.name ?? "", to: 16))\($0.meaning)" }
            .joined(separator: "\n")
    }

    /// Such as `0 done, 64 the arguments are wrong`.
    static func exits(of command: CommandEntry) -> String {
        (["0 \(command.success)"] + ([.usage] + command.failures).map { "\($0.rawValue) \($0.meaning)" })
            .joined(separator: "; ")
    }

    private static func option(_ option: Option) -> String {
        let form = "  " + (option.letter == nil ? "    " : "") + option.form
        let repeated = option.isRepeatable ? " May be repeated." : ""
        let fits = form.count + 2 <= column
        let text = wrapped(option.help + repeated, indented: column, first: fits ? column : 0)
        return fits ? padded(form, to: column) + text.dropFirst(column) : form + "\n" + indented(text)
    }

    private static func indented(_ text: String) -> String {
        String(repeating: " ", count: column) + text
    }

    /// The words in lines of up to `width` characters, all but the first of them after so many spaces.
    private static func wrapped(_ text: String, indented count: Int, first: Int) -> String {
        var lines: [String] = []
        var line = String(repeating: " ", count: first)
        var isEmpty = true
        let room = first == 0 && count > 0 ? width - count : width
        for word in text.split(separator: " ") {
            let limit = lines.isEmpty ? room : width
            if !isEmpty, line.count + 1 + word.count > limit {
                lines.append(line)
                (line, isEmpty) = (String(repeating: " ", count: count), true)
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return (lines + [line]).joined(separator: "\n")
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
