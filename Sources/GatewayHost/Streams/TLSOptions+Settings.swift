// The configuration's words for TLS, and the transport's.

package import Configuration
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

    /// With the key's name.
    package var sentence: String { "'\(key)' \(message)" }

    /// What is wrong with the files of these settings, as far as this machine can tell; for `SettingsReader`.
    package static func findings(_ settings: HostSettings) -> [TLSFinding] {
        do throws(TLSUnavailable) {
            return try TLSClient.problems(TLSOptions(settings)).map {
                TLSFinding(key: $0.key, message: $0.message, isWarning: $0.isWarning)
            }
        } catch {
            let message = "asks for TLS, and no certificate was looked at: \(error)"
            return [TLSFinding(key: "broker.url", message: message, isWarning: true)]
        }
    }
}
