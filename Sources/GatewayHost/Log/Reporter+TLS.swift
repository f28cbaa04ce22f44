import Configuration
import Transports

// What is told of certificates while the gateway runs.

extension Reporter {
    /// Files with certificates or keys have changed: new connections use them, or a problem keeps them from it.
    func certificatesChanged(_ problem: TLSProblem?) {
        guard let problem else {
            log.write(.info, "certificates read again, for new connections to the broker", event: "certificates_read")
            return
        }
        log.write(
            .error, "certificates have changed, and those from before are used on: \(problem.sentence)",
            event: "certificates_not_read")
    }
}
