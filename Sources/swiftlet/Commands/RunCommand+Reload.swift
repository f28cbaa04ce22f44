// How a running gateway reads its configuration again.

import Configuration
import GatewayHost
import Transports

extension RunCommand {
    /// Reads the file, checks everything in it and goes on with it; any error leaves all as it is.
    ///
    /// - Returns: what has changed in one sentence, or the errors.
    func reload(_ host: Host, _ manager: ServiceNotifier?, _ log: Log) -> Result<String, ReloadRefusal> {
        manager?.reloading()
        defer { manager?.ready() }
        guard let path = options.configurationFile, path != ConfigurationFile.standardInput else {
            return .failure(
                ReloadRefusal(errors: "there is no file to read again: the gateway was started without --config FILE"))
        }
        switch fileSettings() {
        case .failure(let failure): return .failure(ReloadRefusal(errors: failure.words))
        case .success(let file):
            do throws(HostError) {
                let changes = try host.reload(settings(from: file))
                warnOfSecrets(file, log)
                return .success(Self.words(changes))
            } catch {
                return .failure(ReloadRefusal(errors: "\(error)"))
            }
        }
    }

    /// Secrets that others may read are a warning at each reading of the file.
    func warnOfSecrets(_ file: Settings, _ log: Log) {
        guard let path = options.configurationFile else { return }
        for warning in file.host.fileWarnings { log.write(.warning, "\(warning)", event: "certificate_warning") }
        for warning in ConfigurationFile.warnings(path, file) {
            log.write(.warning, warning, event: "secret_in_the_open")
        }
    }

    /// Such as `reloaded: 2 changes (topic 12 added, clients.maximum 500 → 800); broker.url … needs a restart`.
    private static func words(_ changes: SettingsChanges) -> String {
        var words = "reloaded: nothing has changed"
        if !changes.live.isEmpty {
            let count = changes.live.count
            words = "reloaded: \(count) change\(count == 1 ? "" : "s") (\(changes.live.joined(separator: ", ")))"
        }
        guard !changes.needingRestart.isEmpty else { return words }
        let restart = changes.needingRestart.count == 1 ? "needs a restart" : "need a restart"
        return words + "; \(changes.needingRestart.joined(separator: ", ")) \(restart)"
    }
}
