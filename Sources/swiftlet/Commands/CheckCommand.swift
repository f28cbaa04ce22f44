import Configuration
import GatewayHost
import Transports

/// `swiftlet check`: everything wrong in a configuration file, without starting anything.
enum CheckCommand {
    static let entry = CommandEntry(
        "check", operands: "FILE|-", count: 0...1, "say what is wrong in a configuration file",
        details: """
            Reads a configuration file, or standard input where the file is '-', and reports everything wrong in
            it as file:line:column: message. With --here it also looks whether this machine has what the file
            asks for: ports, interfaces, groups, serial devices, open files, and the broker, which gets one
            CONNECT under a ClientId of its own. What a running gateway holds is no mistake.
            """,
        options: [config, here, .json], success: "the file is good, and with --here nothing stands in the way",
        failures: [.noInput, .systemFailure, .configuration],
        examples: [
            ("swiftlet check gateway.toml", "before the gateway is started with it"),
            ("swiftlet check gateway.toml --here", "on the machine where it will run"),
        ],
        synonyms: ["validate", "verify", "lint", "test"], execute: execute)

    /// As `run` has it, so that one command line becomes the other.
    private static let config = Option(
        "--config", "-c", value: "FILE", help: "The file, for whoever names it as 'run' does.")

    private static let here = Option("--here", help: "Look at this machine too, and ask the broker.")

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let files = arguments.operands + arguments.values(config)
        guard arguments.has(here) || !arguments.has(.json) else {
            throw arguments.wrong("'--json' is for '--here', which is not given")
        }
        guard files.count == 1 else {
            throw arguments.wrong(files.isEmpty ? "'check' needs FILE|-" : "'check' takes one file, not two")
        }
        switch ConfigurationFile.read(files[0], toRun: false) {
        case .success(let settings):
            if !arguments.has(.json) {
                for warning in settings.host.fileWarnings { Terminal.print("warning: \(warning)") }
                for warning in ConfigurationFile.warnings(files[0], settings) { Terminal.print("warning: \(warning)") }
                Terminal.print("\(ConfigurationFile.name(of: files[0])): no errors")
            }
            return arguments.has(here) ? lookAround(settings, files[0], asJSON: arguments.has(.json)) : .success
        case .failure(let failure): return failure.report()
        }
    }
}

extension CheckCommand {
    /// Tells everything that was looked at; bad where a gateway would not start, or would serve nobody.
    private static func lookAround(_ settings: Settings, _ file: String, asJSON: Bool) -> ExitStatus {
        do throws(IOError) {
            let path = file == ConfigurationFile.standardInput ? nil : file
            let findings = try HereCheck(settings, path: path).findings()
            let column = min(40, (findings.map(\.subject.count).max() ?? 0) + 3)
            for finding in findings { Terminal.print(asJSON ? finding.json : finding.line(column: column)) }
            return findings.contains { $0.verdict == .bad } ? .configuration : .success
        } catch {
            Terminal.complain("\(error)")
            return .systemFailure
        }
    }
}

/// Why a configuration file gives no settings.
enum ConfigurationFailure: Error {
    case unreadable(String, IOError)
    case wrong(ConfigurationErrors)

    /// What is wrong, one line for each error.
    var words: String {
        switch self {
        case .unreadable(let file, let error): "cannot read the configuration file '\(file)': \(error)"
        case .wrong(let errors): "\(errors)"
        }
    }

    /// Tells the person, and the exit status that fits.
    func report() -> ExitStatus {
        switch self {
        case .unreadable:
            Terminal.complain(words)
            return .noInput
        case .wrong:
            let bytes = Array("\(words)\n".utf8)
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

    /// Secrets are as short as passwords.
    private static let maximumSecretByteCount = 65_536

    private static let secrets = SecretSource {
        ProcessEnvironment.value($0)
    } file: { path in
        do throws(IOError) {
            return .success(try FileReader.read(path: path, maximumByteCount: maximumSecretByteCount))
        } catch {
            return .failure(SecretError("cannot be read: \(error)"))
        }
    }

    /// What its owner should know of the file at `path` although the gateway can run with it: who may read its secrets.
    static func warnings(_ path: String, _ settings: Settings) -> [String] {
        var warnings: [String] = []
        if settings.host.hasSecretInTheOpen, FileReader.isReadableByOthers(path: path) {
            warnings.append(
                "\(path) holds a password, and everybody on this machine may read it: chmod 640, or write"
                    + " \"file:PATH\" in place of the password")
        }
        let keyFiles = [settings.host.tls.keyFile].compactMap(\.self) + settings.clientKeyFiles
        let open = (settings.host.secretFiles + keyFiles).filter(FileReader.isReadableByOthers)
        return warnings + open.map { "everybody on this machine may read the secret in \($0): chmod 640" }
    }

    /// Reads what the file says; where it is `toRun` a gateway, that some client's certificate cannot be used is no
    /// error, as others can be served.
    static func read(_ path: String, toRun: Bool) -> Result<Settings, ConfigurationFailure> {
        do throws(IOError) {
            let bytes =
                path == standardInput
                ? try StandardInput.readAll(maximumByteCount: maximumByteCount)
                : try FileReader.read(path: path, maximumByteCount: maximumByteCount)
            return SettingsReader.read(
                bytes, file: name(of: path), secrets: secrets,
                inspectTLS: { TLSProblem.findings($0, toRun: toRun) }
            ).mapError { .wrong($0) }
        } catch {
            return .failure(.unreadable(name(of: path), error))
        }
    }
}
