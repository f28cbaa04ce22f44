import Configuration
import Transports

/// `swiftlet check FILE`: everything wrong in a configuration file, without starting anything.
struct CheckCommand {
    var file: String

    func execute() -> ExitStatus {
        switch ConfigurationFile.read(file) {
        case .success:
            Terminal.print("\(file): no errors")
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

    static func read(_ path: String) -> Result<Settings, ConfigurationFailure> {
        do throws(IOError) {
            let bytes = try FileReader.read(path: path, maximumByteCount: maximumByteCount)
            return SettingsReader.read(bytes, file: path).mapError { .wrong($0) }
        } catch {
            return .failure(.unreadable(path, error))
        }
    }
}
