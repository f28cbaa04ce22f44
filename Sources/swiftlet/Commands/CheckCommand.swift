import Configuration
import Transports

/// `swiftlet check`: everything wrong in a configuration file, without starting anything.
enum CheckCommand {
    static let entry = CommandEntry(
        "check", operands: "FILE|-", count: 0...1, "say what is wrong in a configuration file",
        details: """
            Reads a configuration file, or standard input where the file is '-', and reports everything wrong in
            it as file:line:column: message.
            """,
        options: [config], success: "the file is good", failures: [.noInput, .configuration],
        examples: [("swiftlet check gateway.toml", "before the gateway is started with it")],
        synonyms: ["validate", "verify", "lint", "test"], execute: execute)

    /// As `run` has it, so that one command line becomes the other.
    private static let config = Option(
        "--config", "-c", value: "FILE", help: "The file, for whoever names it as 'run' does.")

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let files = arguments.operands + arguments.values(config)
        guard files.count == 1 else {
            throw arguments.wrong(files.isEmpty ? "'check' needs FILE|-" : "'check' takes one file, not two")
        }
        switch ConfigurationFile.read(files[0]) {
        case .success:
            Terminal.print("\(ConfigurationFile.name(of: files[0])): no errors")
            return .success
        case .failure(let failure): return failure.report()
        }
    }
}

/// Why a configuration file gives no settings.
enum ConfigurationFailure: Error {
    case unreadable(String, IOError)
    case wrong(ConfigurationErrors)

    /// Tells the person, and the exit status that fits.
    func report() -> ExitStatus {
        switch self {
        case .unreadable(let file, let error):
            Terminal.complain("cannot read the configuration file '\(file)': \(error)")
            return .noInput
        case .wrong(let errors):
            let bytes = Array("\(errors)\n".utf8)
            StandardError.write(bytes.span.bytes)
            return .configuration
        }
    }
}

/// A configuration file on disk.
enum ConfigurationFile {
    /// One octet more than a good file has, so that a longer one is refused by its reader.
    private static let maximumByteCount = 1_048_577

    /// What stands for standard input.
    static let standardInput = "-"

    /// How messages call the file at `path`.
    static func name(of path: String) -> String { path == standardInput ? "standard input" : path }

    static func read(_ path: String) -> Result<Settings, ConfigurationFailure> {
        do throws(IOError) {
            let bytes =
                path == standardInput
                ? try StandardInput.readAll(maximumByteCount: maximumByteCount)
                : try FileReader.read(path: path, maximumByteCount: maximumByteCount)
            return SettingsReader.read(bytes, file: name(of: path)).mapError { .wrong($0) }
        } catch {
            return .failure(.unreadable(name(of: path), error))
        }
    }
}
