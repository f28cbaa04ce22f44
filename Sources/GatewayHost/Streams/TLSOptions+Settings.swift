// The configuration's words for TLS, and the transport's.

package import Configuration
import GatewayCore
package import Transports

extension TLSOptions {
    /// What the owner wants of connections to the broker.
    package init(_ settings: HostSettings) {
        let tls = settings.tls
        self.init(serverName: tls.serverName ?? settings.broker.host)
        authorityFile = tls.authorityFile
        certificateFile = tls.certificateFile
        keyFile = tls.keyFile
        keyPassphrase = tls.keyPassphrase
        applicationProtocols = tls.applicationProtocols
        minimumVersion = tls.minimumVersion == .tls12 ? .tls12 : .tls13
        ciphers = tls.ciphers
        ciphersuites = tls.ciphersuites
        verifiesServer = !tls.skipsVerification
    }
}

extension TLSProblem {
    /// The key of the configuration that it is about.
    package var key: String {
        switch option {
        case .serverName: "tls.server_name"
        case .authorityFile: "tls.ca_file"
        case .certificateFile: "tls.certificate_file"
        case .keyFile: "tls.key_file"
        case .keyPassphrase: "tls.key_passphrase"
        case .applicationProtocols: "tls.alpn"
        case .ciphers: "tls.ciphers"
        case .ciphersuites: "tls.ciphersuites"
        }
    }

    /// Whether it is about a certificate that is shown, and its key.
    private var isOfPair: Bool {
        switch option {
        case .certificateFile, .keyFile, .keyPassphrase: true
        case .serverName, .authorityFile, .applicationProtocols, .ciphers, .ciphersuites: false
        }
    }

    /// With the key's name.
    package var sentence: String { "'\(key)' \(message)" }

    /// The same for the key of a client's rule.
    package var keyOfRule: String { key.hasPrefix("tls.") ? "client" + key.dropFirst(3) : key }
    package var sentenceOfRule: String { "'\(keyOfRule)' \(message)" }

    /// What is wrong with the files of these settings, as far as this machine can tell; for `SettingsReader`. Where a
    /// gateway is to run, those of clients' rules are no reason for not starting it.
    package static func findings(_ settings: Settings, toRun: Bool) -> [TLSFinding] {
        do throws(TLSUnavailable) {
            var options = TLSOptions(settings.host)
            var findings = try TLSClient.problems(options).map {
                TLSFinding(key: $0.key, message: $0.message, isWarning: $0.isWarning)
            }
            for (index, rule) in settings.gateway.clientRules.enumerated() {
                guard let files = rule.fixedCertificate(gatewayID: settings.gateway.gatewayID) else { continue }
                options.certificateFile = String(decoding: files.certificate, as: UTF8.self)
                options.keyFile = String(decoding: files.key, as: UTF8.self)
                options.keyPassphrase = settings.host.keyPassphrase(ofRule: index)
                for problem in try TLSClient.problems(options) where problem.isOfPair {
                    let isWarning = problem.isWarning || toRun
                    findings.append(
                        TLSFinding(key: problem.keyOfRule, message: problem.message, isWarning: isWarning, rule: index))
                }
            }
            return findings
        } catch {
            let message = "asks for TLS, and no certificate was looked at: \(error)"
            return [TLSFinding(key: "broker.url", message: message, isWarning: true)]
        }
    }
}
