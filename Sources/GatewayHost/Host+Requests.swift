// What the owner asks of a running gateway: by a signal, or in another way later.

import Configuration
import GatewayCore

extension Host {
    /// To read the configuration again (SIGHUP).
    package func reload() {
        reporter.log.tell(
            LogLine(.warning, "no reload yet, going on with the configuration of the start", event: "reload_refused"))
    }

    /// To say now what is held and what was counted (SIGUSR1).
    package func tellCounts() {
        reporter.tellCensus(census)
        reporter.tellCounts(links)
    }

    /// To be one level more talkative, or as talkative as configured again (SIGUSR2).
    package func switchTalkativeness() { reporter.log.switchTalkativeness() }
}
