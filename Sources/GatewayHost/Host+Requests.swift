// What the owner asks of a running gateway: by a signal, or in another way later.

import Configuration
import GatewayCore

extension Host {
    /// To read the configuration again (SIGHUP); the log tells what came of it.
    ///
    /// - Returns: the same for whoever has asked; nil where there is nothing to read.
    @discardableResult
    package func askForReload() -> Result<String, ReloadRefusal>? {
        let outcome = reload?()
        switch outcome {
        case .success(let words): log.tell(LogLine(.info, words, event: "reloaded"))
        case .failure(let refusal):
            for error in refusal.errors.split(separator: "\n") {
                log.tell(LogLine(.error, "not reloaded, going on as before: \(error)", event: "reload_refused"))
            }
        case nil:
            log.tell(LogLine(.warning, "not reloaded: there is nothing to read again", event: "reload_refused"))
        }
        return outcome
    }

    /// To say now what is held and what was counted (SIGUSR1).
    package func tellCounts() {
        reporter.tellCensus(census)
        reporter.tellCounts(links)
    }

    /// To be one level more talkative, or as talkative as configured again (SIGUSR2).
    package func switchTalkativeness() { reporter.log.switchTalkativeness() }
}

/// Why a configuration was not taken: the errors in words, one on each line.
package struct ReloadRefusal: Error {
    package var errors: String

    package init(errors: String) { self.errors = errors }
}
