/// A command as the table holds it: its words, its options, and what carries it out.
struct CommandEntry: Sendable {
    let name: String
    /// Such as `FILE|-`, after the options; empty where nothing may stand there.
    let operands: String
    /// How many of them there must be.
    let operandCount: ClosedRange<Int>
    /// What it does, as the rest of a sentence that begins with its name: lower case, no full stop.
    let summary: String
    /// More about it, in paragraphs with lines of up to 100 characters.
    let details: String
    /// Without `--help`, which all have.
    let options: [Option]
    /// What exit code 0 means.
    let success: String
    /// The other exit codes that it may end with.
    let failures: [ExitStatus]
    /// Command lines that show it, each with what it is for.
    let examples: [(line: String, purpose: String)]
    /// Words of other programs for the same, which are told this one.
    let synonyms: [String]
    let execute: @Sendable (Arguments) throws(UsageError) -> ExitStatus

    init(
        _ name: String, operands: String = "", count: ClosedRange<Int> = 0...0, _ summary: String, details: String = "",
        options: [Option] = [], success: String = "done", failures: [ExitStatus] = [],
        examples: [(line: String, purpose: String)] = [], synonyms: [String] = [],
        execute: @escaping @Sendable (Arguments) throws(UsageError) -> ExitStatus
    ) {
        (self.name, self.operands, operandCount) = (name, operands, count)
        (self.summary, self.details, self.options) = (summary, details, options)
        (self.success, self.failures, self.examples, self.synonyms) = (success, failures, examples, synonyms)
        self.execute = execute
    }

    /// Its own options and `--help`.
    var allOptions: [Option] { options + [.help] }

    /// Such as `swiftlet check [options] FILE|-`.
    var usage: String {
        (["swiftlet", name] + (options.isEmpty ? [] : ["[options]"]) + (operands.isEmpty ? [] : [operands]))
            .joined(separator: " ")
    }
}
