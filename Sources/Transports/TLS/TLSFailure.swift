/// Why TLS did not come about, or did not go on.
package struct TLSFailure: Error, Equatable, Sendable {
    package enum Reason: Error, Equatable, Sendable {
        /// The server did not prove who it is; OpenSSL's words say what was wrong.
        case certificate(CertificateFault, words: String)
        /// The server has ended it, with the number of an alert (RFC 8446 §6).
        case alert(UInt8)
        /// What came is no TLS at all.
        case notTLS
        /// The server has ended the connection without a word.
        case ended
        /// The handshake took too long.
        case timedOut
        /// The server speaks older versions only.
        case versionTooOld
        /// The certificate that was to be shown, or its key, cannot be used.
        case ownCertificate(TLSProblem)
        /// There is no room for one more certificate: others have streams with so many.
        case tooManyCertificates(limit: Int)
        /// Anything else, in OpenSSL's words.
        case other(String)

        /// Whether it was not even tried, for a certificate that is not there.
        package var isWantOfCertificate: Bool {
            switch self {
            case .ownCertificate, .tooManyCertificates: true
            case .certificate, .alert, .notTLS, .ended, .timedOut, .versionTooOld, .other: false
            }
        }
    }

    /// What is wrong with a certificate.
    package enum CertificateFault: Equatable, Sendable {
        case unknownAuthority
        case selfSigned
        case wrongName
        case expired
        case notYetValid
        case other
    }

    package var reason: Reason
    /// Whether the connection had not been made yet.
    package var isInHandshake: Bool

    package init(reason: Reason, isInHandshake: Bool) { (self.reason, self.isInHandshake) = (reason, isInHandshake) }
}

extension TLSFailure.Reason {
    /// What OpenSSL says of the connection's last call, which has failed.
    init(_ connection: OpenSSL.Pointer, _ library: OpenSSL) {
        let error = library.firstError()
        guard error.library == OpenSSL.Constant.sslErrors else {
            self = .other(error.words)
            return
        }
        switch error.reason {
        // SSL_AD_REASON_OFFSET and the alert.
        case 1_000...1_255: self = .alert(UInt8(error.reason - 1_000))
        // SSL_R_CERTIFICATE_VERIFY_FAILED.
        case 134:
            let code = library.verificationResult(connection)
            let words = library.wordsOfVerification(code).map { String(cString: $0) } ?? "code \(code)"
            self = .certificate(TLSFailure.CertificateFault(verification: code), words: words)
        // SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_WRONG_VERSION_NUMBER.
        case 258, 266, 267: self = .versionTooOld
        default: self = .other(error.words)
        }
    }
}

extension TLSFailure.CertificateFault {
    /// By the numbers of x509_vfy.h.
    init(verification code: Int) {
        self =
            switch code {
            case 2, 19, 20, 21: .unknownAuthority
            case 18: .selfSigned
            case 9: .notYetValid
            case 10: .expired
            case 62, 64: .wrongName
            default: .other
            }
    }
}
