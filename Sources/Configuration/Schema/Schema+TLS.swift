// The keys of `[tls]`.

extension Schema {
    static let tls: [Key<Settings>] = [
        .endpoint(
            "tls.ca_file", "PATH", parse: EndpointParser.file,
            write: { $1.host.tls.authorityFile = $0 }, read: { $0.host.tls.authorityFile },
            "Certificates of those who may vouch for the broker, PEM; without the key the system's authorities."
        ).withVariables,
        .endpoint(
            "tls.server_name", "NAME", parse: EndpointParser.hostName,
            write: { $1.host.tls.serverName = $0 }, read: { $0.host.tls.serverName },
            "Name that the broker's certificate must have, also asked for (SNI); without the key the one in broker.url."
        ),
        .endpoint(
            "tls.certificate_file", "PATH", parse: EndpointParser.file,
            write: { $1.host.tls.certificateFile = $0 }, read: { $0.host.tls.certificateFile },
            "The gateway's own certificate, with those between it and its authority, PEM; needs key_file."
        ).withVariables,
        .endpoint(
            "tls.key_file", "PATH", parse: EndpointParser.file,
            write: { $1.host.tls.keyFile = $0 }, read: { $0.host.tls.keyFile },
            "The key of that certificate, PEM; both are read again when they change, for new connections."
        ).withVariables,
        .optionalText(
            "tls.key_passphrase", \.host.tls.keyPassphrase, 1...1_023,
            "What that key is encrypted with, or \"env:NAME\" or \"file:PATH\"."
        ).secret,
        .list(
            "tls.alpn", \.host.tls.applicationProtocols, upTo: TLSSettings.maximumProtocolCount, "protocols",
            parse: EndpointParser.applicationProtocol, write: { $0 },
            "Protocols that are offered (ALPN), the preferred first; brokers that share port 443 need it."),
        .choice(
            "tls.minimum_version", \.host.tls.minimumVersion,
            "The oldest version of TLS that will do."),
        .endpoint(
            "tls.ciphers", "LIST", parse: EndpointParser.ciphers,
            write: { $1.host.tls.ciphers = $0 }, read: { $0.host.tls.ciphers },
            "Ciphers for TLS 1.2 in OpenSSL's notation; without the key OpenSSL's own choice."),
        .endpoint(
            "tls.ciphersuites", "LIST", parse: EndpointParser.ciphers,
            write: { $1.host.tls.ciphersuites = $0 }, read: { $0.host.tls.ciphersuites },
            "The same for TLS 1.3."),
        .boolean(
            "tls.insecure_skip_verify", \.host.tls.skipsVerification,
            "Whether anybody may pass for the broker; for a try on a table, and each start complains of it."),
    ]
}
