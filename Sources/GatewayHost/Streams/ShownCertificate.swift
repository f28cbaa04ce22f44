import Bytes
import Configuration
import GatewayCore
package import Transports

/// The certificate that a client's connection shows the broker, as its rule names it.
package struct ShownCertificate {
    /// For people.
    package var client: String
    /// Counted from 1.
    package var rule: Int
    package var pair: TLSClients.Pair

    /// Of what the core says, whose ranges index `arena`; nil for the gateway's own.
    init?(_ certificate: StreamCertificate, _ arena: RawSpan, _ settings: HostSettings) {
        guard certificate.rule > 0 else { return nil }
        func text(_ range: Range<Int>) -> String { String(decoding: arena.copy(of: range), as: UTF8.self) }
        client = ClientIDText.text(of: arena.copy(of: certificate.clientID))
        rule = Int(certificate.rule)
        pair = TLSClients.Pair(
            certificateFile: text(certificate.certificateFile), keyFile: text(certificate.keyFile),
            keyPassphrase: settings.keyPassphrase(ofRule: rule - 1))
    }

    /// Whose it is and where it lies.
    var words: String {
        "the certificate of client \(LogText.quoted(client.utf8)) in \(LogText.quoted(pair.certificateFile.utf8))"
            + " (client.certificate_file of rule \(rule))"
    }
}
