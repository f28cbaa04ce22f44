/// The manual page, made from the table, in the roff of man(7).
enum ManualPage {
    static func text(version: String) -> String {
        var lines = [
            ".TH SWIFTLET 1 \"\" \"swiftlet \(escaped(version))\" \"User Commands\"",
            ".SH NAME", escaped("swiftlet - MQTT-SN 1.2 gateway"),
            ".SH SYNOPSIS",
        ]
        for command in CommandTable.commands { lines += [".B " + escaped(command.usage), ".br"] }
        lines += [".SH DESCRIPTION"] + paragraphs(CommandTable.description)
        lines.append(".SH COMMANDS")
        for command in CommandTable.commands { lines += section(command) }
        lines += [".SH EXIT STATUS"]
        for status in ExitStatus.allCases {
            lines += [".TP", ".B \(status.rawValue)", escaped(status.meaning + (status.name.map { " (\($0))" } ?? ""))]
        }
        lines += [".SH FILES", ".TP", ".I " + escaped(RunCommand.usualFile)]
        lines.append("the configuration of the gateway where no other one is named")
        return lines.joined(separator: "\n")
    }

    private static func section(_ command: CommandEntry) -> [String] {
        var lines = [".SS " + escaped(command.usage), escaped(command.name + ": " + command.summary + ".")]
        if !command.details.isEmpty { lines += [".PP"] + paragraphs(command.details) }
        for option in command.options {
            lines += [".TP", ".B " + escaped(option.form)]
            lines.append(escaped(option.help + (option.isRepeatable ? " May be repeated." : "")))
        }
        if !command.examples.isEmpty {
            lines += [".PP", ".nf"]
            lines += command.examples.map { escaped("    \($0.line)    # \($0.purpose)") } + [".fi"]
        }
        return lines + [".PP", escaped("Exit status: " + HelpText.exits(of: command) + ".")]
    }

    /// Lines that begin with spaces stay lines; an empty one parts two paragraphs.
    private static func paragraphs(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
            if line.isEmpty { return [".PP"] }
            return line.hasPrefix(" ") ? [".br", escaped(String(line))] : [escaped(String(line))]
        }
    }

    /// What roff would take for its own.
    private static func escaped(_ text: String) -> String {
        let body = text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            default: result.append(character)
            }
        }
        return body.hasPrefix(".") || body.hasPrefix("'") ? "\\&" + body : body
    }
}
