/// How connections to a broker at `mqtts://` are protected.
package struct TLSSettings: Equatable, Sendable {
    package enum Version: String, Equatable, Sendable, CaseIterable, CustomStringConvertible {
        case tls12 = "1.2"
        case tls13 = "1.3"

        package var description: String { rawValue }
    }

    /// Whose certificates are trusted, PEM; nil: the system's authorities.
    package var authorityFile: String?
    /// The gateway's own certificate and those between it and its authority, PEM; nil: none.
    package var certificateFile: String?
    /// The key of that certificate, PEM; there where the certificate is.
    package var keyFile: String?
    /// What that key is encrypted with, 1 to 1,023 octets.
    package var keyPassphrase: [UInt8]?
    /// The name that the broker's certificate must have; nil: the host of its address.
    package var serverName: String?
    /// Names of protocols for ALPN (RFC 7301), the preferred first; at most `maximumProtocolCount`.
    package var applicationProtocols: [String] = []
    package var minimumVersion = Version.tls12
    /// For TLS 1.2 and for TLS 1.3, in OpenSSL's notation; nil: OpenSSL's own.
    package var ciphers: String?
    package var ciphersuites: String?
    /// Whether anybody may pass for the broker.
    package var skipsVerification = false

    package static let maximumProtocolCount = 8

    package init() {}
}

/// What somebody who may look at files has found wrong with the settings for TLS.
package struct TLSFinding: Equatable, Sendable {
    /// Such as `tls.key_file`.
    package var key: String
    /// Follows the key's name.
    package var message: String
    /// Whether the gateway can run all the same.
    package var isWarning: Bool
    /// The index of the rule for clients that it is about; nil for `[tls]`.
    package var rule: Int?

    package init(key: String, message: String, isWarning: Bool, rule: Int? = nil) {
        (self.key, self.message, self.isWarning, self.rule) = (key, message, isWarning, rule)
    }
}
