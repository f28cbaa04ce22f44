package import Configuration
package import Transports

/// Why there is no TLS with the broker, in words, with the key that may change it.
package struct TLSText {
    package private(set) var words: String
    /// The key of the configuration to look at.
    private(set) var key: String
    /// Whether it is about one client, and not about the broker.
    private(set) var isAboutClient = false

    private init(_ words: String, _ key: String) { (self.words, self.key) = (words, key) }

    static let withoutVerification =
        "TLS WITHOUT VERIFICATION: whoever is between here and the broker can pass for it, read everything and change"
        + " everything, passwords too (tls.insecure_skip_verify)"

    /// `certificate` is what the connection was to show; nil for the gateway's own.
    package init(_ failure: TLSFailure, _ settings: HostSettings, _ certificate: ShownCertificate?) {
        let broker = settings.broker.name
        switch failure.reason {
        case .certificate(let fault, let words): self = Self.certificate(fault, words, settings)
        case .alert(let number): self = Self.alert(number, settings, certificate)
        case .notTLS:
            self.init(
                "\(broker) answers, but not in TLS: name its port for TLS, often"
                    + " \(settings.broker.webSocketPath == nil ? 8883 : 443), or write"
                    + " \(settings.broker.scheme(isEncrypted: false)):// where there is to be none", "broker.url")
        case .ended:
            self.init(
                "\(broker) ended the connection instead of finishing the TLS handshake: is that its port for TLS?",
                "broker.url")
        case .timedOut:
            self.init(
                "\(broker) takes connections, but does not finish the TLS handshake in time: is that its port for TLS?",
                "broker.url")
        case .versionTooOld:
            self.init(
                "\(broker) speaks no version of TLS from \(settings.tls.minimumVersion) on, as tls.minimum_version"
                    + " wants", "tls.minimum_version")
        case .ownCertificate(let problem):
            let whose = certificate?.words ?? "our certificate"
            self.init("\(whose) cannot be used: \(problem.sentenceOfRule)", problem.keyOfRule)
            isAboutClient = true
        case .tooManyCertificates(let limit):
            let whose = certificate?.words ?? "our certificate"
            let key = "limits.client_certificates"
            self.init("\(whose) is one too many: connections with others hold \(key)=\(limit)", key)
            isAboutClient = true
        case .other(let words): self.init("TLS with \(broker) failed: \(words)", "broker.url")
        }
        if !failure.isInHandshake { words = "TLS ended after it was made: " + words }
    }

    // MARK: What we do not accept

    private static func certificate(
        _ fault: TLSFailure.CertificateFault, _ words: String, _ settings: HostSettings
    ) -> TLSText {
        let certificate = "the certificate of \(settings.broker.name)"
        switch fault {
        case .unknownAuthority, .selfSigned:
            let what = fault == .selfSigned ? "is signed by itself alone" : "is vouched for by an unknown authority"
            guard let file = settings.tls.authorityFile else {
                return TLSText(
                    "\(certificate) \(what): put the authority's certificate into a file and name that with tls.ca_file"
                        + " (or install ca-certificates, where it is a public one): \(words)", "tls.ca_file")
            }
            return TLSText(
                "\(certificate) \(what): none in \(LogText.quoted(file.utf8)) (tls.ca_file) signed it: \(words)",
                "tls.ca_file")
        case .wrongName:
            let name = LogText.quoted((settings.tls.serverName ?? settings.broker.host).utf8)
            return TLSText(
                "\(certificate) is not for \(name): write a name that it has into broker.url, or name it with"
                    + " tls.server_name ('openssl s_client -connect' and 'openssl x509 -text' show which it has):"
                    + " \(words)", "tls.server_name")
        case .expired:
            return TLSText(
                "\(certificate) has expired: have it renewed, or look at this machine's clock: \(words)", "broker.url")
        case .notYetValid:
            return TLSText(
                "\(certificate) does not hold yet: look at this machine's clock, and at the broker's certificate:"
                    + " \(words)", "broker.url")
        case .other: return TLSText("\(certificate) was not accepted: \(words)", "tls.ca_file")
        }
    }

    // MARK: What the broker does not accept

    /// By the numbers of RFC 8446 §6.
    private static func alert(
        _ number: UInt8, _ settings: HostSettings, _ certificate: ShownCertificate?
    ) -> TLSText {
        let broker = settings.broker.name
        func told(_ words: String, _ name: String, _ key: String) -> TLSText {
            let isOfPair = key == "tls.certificate_file" || key == "tls.key_file"
            guard certificate != nil, isOfPair else {
                return TLSText("\(broker) \(words) (TLS alert \(name), \(number))", key)
            }
            var text = TLSText("\(broker) \(words) (TLS alert \(name), \(number))", "client" + key.dropFirst(3))
            text.isAboutClient = true
            return text
        }
        let own = certificate?.words ?? "our certificate (tls.certificate_file)"
        let hasOwn = certificate != nil || settings.tls.certificateFile != nil
        let wantsOne = "wants a certificate of ours: name it with tls.certificate_file, and its key with tls.key_file"
        switch number {
        case 40 where !hasOwn:
            return told(
                "refuses the handshake: it may want a certificate of ours (tls.certificate_file), or there is no cipher"
                    + " that both have", "handshake_failure", "tls.certificate_file")
        case 40:
            return told(
                "refuses the handshake: there may be no cipher that both have; look at tls.ciphers,"
                    + " tls.ciphersuites and the broker's own", "handshake_failure", "tls.ciphers")
        case 42 where !hasOwn: return told(wantsOne, "bad_certificate", "tls.certificate_file")
        case 42: return told("takes \(own) for a bad one", "bad_certificate", "tls.certificate_file")
        case 43: return told("cannot use \(own)", "unsupported_certificate", "tls.certificate_file")
        case 44: return told("says that \(own) was revoked", "certificate_revoked", "tls.certificate_file")
        case 45:
            return told(
                "says that \(own) has expired, or does not hold yet: have it renewed", "certificate_expired",
                "tls.certificate_file")
        case 46: return told("does not accept \(own)", "certificate_unknown", "tls.certificate_file")
        case 48:
            return told(
                "does not know the authority of \(own): it must know who signed it", "unknown_ca",
                "tls.certificate_file")
        case 49: return told("denies access to \(own)", "access_denied", "tls.certificate_file")
        case 51: return told("cannot verify that we have the key of \(own)", "decrypt_error", "tls.key_file")
        case 70:
            return told(
                "speaks no version of TLS from \(settings.tls.minimumVersion) on, as tls.minimum_version wants",
                "protocol_version", "tls.minimum_version")
        case 71: return told("wants stronger ciphers", "insufficient_security", "tls.ciphers")
        case 112:
            return told(
                "does not know the name that it was asked for: look at tls.server_name", "unrecognized_name",
                "tls.server_name")
        case 116: return told(wantsOne, "certificate_required", "tls.certificate_file")
        case 120:
            return told(
                "speaks none of the protocols that are offered: look at tls.alpn", "no_application_protocol",
                "tls.alpn")
        default: return TLSText("\(broker) ended it with TLS alert \(number) (RFC 8446 section 6)", "broker.url")
        }
    }
}
