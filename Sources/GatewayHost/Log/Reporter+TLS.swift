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

    /// The same of a client's: its connections use the new ones, or there are none until that is mended.
    mutating func clientCertificateChanged(_ pair: TLSClients.Pair, _ problem: TLSProblem?) {
        let file = LogText.quoted(pair.certificateFile.utf8)
        guard let problem else {
            return writeAboutClient(.info, "client's certificate in \(file) read again, for new connections")
        }
        writeAboutClient(.warning, "client's certificate in \(file) has changed: \(problem.sentenceOfRule)")
    }

    /// One that no connection used has made room for another.
    mutating func clientCertificateLetGo(limit: Int, at now: UInt64) {
        certificatesLetGoCount += 1
        guard let count = certificatesLetGo.happened(at: now) else { return }
        log.write(
            .info,
            "client's certificate that no connection uses let go, and read again for its next one, as no more than"
                + " limits.client_certificates=\(limit) are held" + Recurrence.suffix(count),
            event: "client_certificate_let_go")
    }

    /// There is no TLS with the broker, or no more; or it was not even tried, for a client's certificate.
    mutating func streamIsInsecure(_ text: TLSText, isWantOfCertificate: Bool) {
        guard text.isAboutClient else { return connectionFailed(text.words) }
        if isWantOfCertificate { certificatesMissedCount += 1 }
        writeAboutClient(.warning, "no broker connection for a client: \(text.words)")
    }
}
