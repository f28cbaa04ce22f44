/// What a TLS client wants of its connections to one server.
package struct TLSOptions: Equatable, Sendable {
    package enum Version: Equatable, Sendable {
        case tls12
        case tls13
    }

    /// Whom the server's certificate must have, a name or an IP address; sent as SNI where it is a name (RFC 6066 §3).
    package var serverName: String
    /// The authorities that are trusted, PEM; nil: those of the system.
    package var authorityFile: String?
    /// The client's own certificate with those between it and its authority, PEM; nil: none.
    package var certificateFile: String?
    /// The key of that certificate, PEM.
    package var keyFile: String?
    /// What that key is encrypted with.
    package var keyPassphrase: [UInt8]?
    /// Names of protocols, of 1 to 255 octets each, the preferred first (RFC 7301); none: the extension is not sent.
    package var applicationProtocols: [String] = []
    package var minimumVersion = Version.tls12
    /// For TLS 1.2, in OpenSSL's notation; nil: OpenSSL's own.
    package var ciphers: String?
    /// The same for TLS 1.3.
    package var ciphersuites: String?
    /// Whether the server must prove who it is.
    package var verifiesServer = true

    package init(serverName: String) { self.serverName = serverName }
}

/// What is wrong with one of the options, for their owner.
package struct TLSProblem: Error, Equatable, Sendable {
    /// Which one it is.
    package enum Option: Equatable, Sendable {
        case serverName, authorityFile, certificateFile, keyFile, keyPassphrase, applicationProtocols, ciphers
        case ciphersuites
    }

    package var option: Option
    /// A predicate, such as `names the file "/a", which cannot be read: …`.
    package var message: String
    /// Whether connections are possible all the same.
    package var isWarning = false
}
