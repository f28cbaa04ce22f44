import Configuration

/// `swiftlet completion`: what lets a shell complete command lines.
enum CompletionCommand {
    static let entry = CommandEntry(
        "completion", operands: "bash|zsh|fish", count: 1...1, "print what lets a shell complete command lines",
        examples: [(#"eval "$(swiftlet completion bash)""#, "for this shell")],
        execute: { (arguments) throws(UsageError) in
            let name = arguments.operands[0]
            guard let shell = Completion.Shell(rawValue: name) else {
                let names = Completion.Shell.allCases.map(\.rawValue)
                throw arguments.wrong("there is completion for \(names.joined(separator: ", ")), not for '\(name)'")
            }
            Terminal.print(Completion.script(for: shell))
            return .success
        })
}
