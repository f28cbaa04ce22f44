import AnnotatedConfiguration
import Configuration
import Transports

/// `swiftlet config`: every key with its default, or what holds with a file and a command line.
enum ConfigCommand {
    static let entry = CommandEntry(
        "config", operands: "[FILE|-]", count: 0...1, "print a configuration: every key, or what holds",
        details: """
            Without options it prints a file with every key, its default, what is allowed and what it is for.
            With --effective it prints what 'run' would use with FILE and the same options, as TOML that 'check'
            accepts; passwords are masked.
            """,
        options: [effective, RunCommand.config, RunCommand.listen, RunCommand.broker, RunCommand.logLevel],
        failures: [.noInput, .configuration],
        examples: [
            ("swiftlet config > gateway.toml", "to begin with"),
            ("swiftlet config --effective gateway.toml", "what holds"),
        ],
        synonyms: ["defaults", "configuration", "settings"], execute: execute)

    static let effective = Option(
        "--effective", "-e", help: "What holds with FILE, defaults and the options of the command line.")

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        guard arguments.has(effective) else {
            if let option = [RunCommand.config, RunCommand.listen, RunCommand.broker, RunCommand.logLevel]
                .first(where: arguments.has)
            {
                throw arguments.wrong("'\(option.name)' is for '--effective', which is not given")
            }
            guard arguments.operands.isEmpty else {
                throw arguments.wrong("did you mean 'swiftlet config --effective \(arguments.operands[0])'?")
            }
            return StandardOutput.write(AnnotatedConfiguration.text.span.bytes) ? .success : .systemFailure
        }
        var options = try RunCommand.options(arguments)
        if let file = arguments.operands.first {
            guard !arguments.has(RunCommand.config) else { throw arguments.wrong("'config' takes one file, not two") }
            options.configurationFile = file
        }
        switch RunCommand(options).effectiveSettings() {
        case .success(let settings):
            return StandardOutput.write(Array(SettingsWriter.toml(settings).utf8).span.bytes)
                ? .success : .systemFailure
        case .failure(let failure): return failure.report()
        }
    }
}
