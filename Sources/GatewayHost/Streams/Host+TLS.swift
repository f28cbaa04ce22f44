import Configuration
import GatewayCore
import Transports

// TLS towards the broker: whether there is any, and what is told of it.

extension Host {
    /// What makes connections to each broker at `mqtts://` or `wss://`; nil for one without TLS.
    func makeTLSClients(ofEach settings: HostSettings) throws(HostError) -> [TLSClients?] {
        var clients: [TLSClients?] = []
        for place in settings.brokers.indices { clients.append(try makeTLSClients(settings.at(broker: place), place)) }
        return clients
    }

    private func makeTLSClients(_ settings: HostSettings, _ place: Int) throws(HostError) -> TLSClients? {
        guard settings.broker.isEncrypted else { return nil }
        let options = TLSOptions(settings)
        // What is held is used on, its sessions among it.
        if let held = streams.tls(ofBroker: place), held.own.options == options { return held }
        let clients: TLSClients
        do throws(TLSSetUpError) {
            clients = try TLSClients(options, limit: settings.clientCertificateCount, loop: loop)
        } catch {
            switch error {
            case .unavailable(let reason): throw .noTLS(broker: settings.broker.name, "\(reason)")
            case .problem(let problem): throw .noTLS(broker: settings.broker.name, problem.sentence)
            }
        }
        clients.own.filesChanged = { [unowned self] in reporter.certificatesChanged($0) }
        clients.filesChanged = { [unowned self] in reporter.clientCertificateChanged($0, $1) }
        clients.letGo = { [unowned self] in
            reporter.clientCertificateLetGo(limit: self.settings.host.clientCertificateCount, at: loop.now)
        }
        return clients
    }

    /// Nobody is to forget it.
    func warnOfMissingVerification() {
        guard settings.host.isAnyBrokerEncrypted, settings.host.tls.skipsVerification else { return }
        log.write(.error, TLSText.withoutVerification, event: "tls_without_verification")
    }

    /// What needs a look for being as it is configured.
    var verificationLook: TroubleText.Look? {
        guard settings.host.isAnyBrokerEncrypted, settings.host.tls.skipsVerification else { return nil }
        return TroubleText.Look(
            sentence: "Anybody may pass for the broker: its certificate is not verified.",
            key: "tls.insecure_skip_verify", isError: true)
    }

    /// Why there is no TLS with the broker, where that is the trouble.
    func tlsLook(_ occurrence: Occurrence) -> TroubleText.Look? {
        guard occurrence == .connectUnanswered(.insecure), let text = streams.lastTLSFailure else { return nil }
        return TroubleText.Look(sentence: "No TLS with the broker: \(text.words).", key: text.key, isError: true)
    }
}
