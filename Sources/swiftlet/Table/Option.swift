/// An option of a command: what it is called, what value it takes, and one sentence about it.
struct Option: Sendable {
    /// With its dashes: `--config`.
    let name: String
    /// The same in one letter, with its dash: `-c`.
    let letter: String?
    /// What its value is, in capitals as in `FILE`, or as a form; nil: it takes none.
    let value: String?
    /// What it does, in one or a few sentences.
    let help: String
    /// The values that it may have; empty: any.
    let choices: [String]
    /// Other words for some of them.
    let aliases: [String: String]
    /// Whether it may be given more than once.
    let isRepeatable: Bool

    init(
        _ name: String, _ letter: String? = nil, value: String? = nil, choices: [String] = [],
        aliases: [String: String] = [:], isRepeatable: Bool = false, help: String
    ) {
        (self.name, self.letter, self.help) = (name, letter, help)
        self.value = value ?? (choices.isEmpty ? nil : choices.joined(separator: "|"))
        (self.choices, self.aliases, self.isRepeatable) = (choices, aliases, isRepeatable)
    }

    /// Whether its value is the path of a file.
    var takesFile: Bool { value == "FILE" || value == "PATH" }

    /// As help texts show it: `-c, --config FILE`.
    var form: String {
        (letter.map { $0 + ", " } ?? "") + name + (value.map { " " + $0 } ?? "")
    }

    // MARK: Options of many commands

    /// What every command knows.
    static let help = Option("--help", "-h", help: "Say what this command does and which options it has.")
    /// For commands that tell something a program may want to read.
    static let json = Option("--json", help: "Print JSON, one object or one line for each thing, for programs.")
}
