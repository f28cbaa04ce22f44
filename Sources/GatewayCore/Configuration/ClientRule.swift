import Bytes
import MQTT

/// What the owner allows the clients of a pattern, and as whom they are known at the broker: the first rule that fits
/// a client holds for it.
///
/// Texts that are called templates may hold `${client_id}`, `${gateway_id}` (in decimal digits) and `${node}` (the
/// name of a node behind a forwarder, in hexadecimal digits; a rule with it is of no use to other clients).
package struct ClientRule: Equatable, Sendable {
    /// Which ClientIds it is for: `*` stands for any characters, `?` for one. A publisher without a connection has
    /// none.
    package var clientID: [UInt8] = Array("*".utf8)
    /// The links it is for; nil for all.
    package var links: [UInt16]?
    /// The numbers of the networks it is for, as the host tells them with each datagram; nil for all.
    package var networks: [UInt16]?
    /// Whether those clients are refused, whatever else it says.
    package var isDenied = false
    /// Template: the client's identifier at the broker, 1 to 65,535 octets; nil: its own behind the prefix of all.
    package var brokerClientID: [UInt8]?
    /// Template; nil: as the gateway, with the gateway's password.
    package var username: [UInt8]?
    /// Template; only with a user name.
    package var password: [UInt8]?
    /// Template: the path of the file with the certificate that the client's connections to the broker show, at most
    /// `maximumPathByteCount` octets; nil: the gateway's own. What stands for a variable must be no more than a part of
    /// a file's name.
    package var certificateFile: [UInt8]?
    /// The same for the certificate's key; there where the certificate is.
    package var keyFile: [UInt8]?
    /// Template: what stands before their topics at the broker, with a `/` at its end (`isTopicPrefix`); nil for
    /// nothing. Clients never see it, nor topics without it, and the filters below are for what clients say.
    package var topicPrefix: [UInt8]?
    /// Templates: filters of the topics that may be published to; nil for all.
    package var publish: [[UInt8]]?
    /// Templates: filters, each with all that select no more; nil for all.
    package var subscribe: [[UInt8]]?
    /// The highest QoS: 0…2.
    package var maximumQoS: UInt8 = 2
    /// Whether what is published retained goes to the broker so; else it goes as any other message.
    package var passesRetain = true

    package init() {}

    package static let maximumCount = 1_000
    package static let maximumFilterCount = 64
    /// Octets of a pattern, a filter or a template; passwords and identifiers at the broker may have more.
    package static let maximumTextByteCount = 1_024
    /// Octets of a path, also when all of its variables are replaced.
    package static let maximumPathByteCount = 4_000

    /// Whether a text with variables is a topic filter, whatever single level stands for them.
    package static func isFilter(_ text: [UInt8]) -> Bool {
        let sample = try? IdentityTemplate(text).text { _ in [UInt8(ascii: "a")] }
        return sample.map { TopicFilter.isValidFilter($0.span.bytes) } ?? false
    }

    /// The paths of certificate and key where they are the same for every client; nil where they are not, and where
    /// there are none.
    package func fixedCertificate(gatewayID: UInt8) -> (certificate: [UInt8], key: [UInt8])? {
        guard let certificateFile, let keyFile else { return nil }
        func text(_ template: [UInt8]) -> [UInt8]? {
            try? IdentityTemplate(template).text { $0 == .gatewayID ? Array("\(gatewayID)".utf8) : nil }
        }
        guard let certificate = text(certificateFile), let key = text(keyFile) else { return nil }
        return (certificate, key)
    }

    /// Whether a text with variables may stand before topic names and filters, whatever single level stands for them:
    /// wildcards must fill a level, and no filter becomes a shared one (MQTT 3.1.1 §4.7.1, 5.0 §4.8.2).
    package static func isTopicPrefix(_ text: [UInt8]) -> Bool {
        guard let sample = try? IdentityTemplate(text).text({ _ in [UInt8(ascii: "a")] }) else { return false }
        let bytes = sample.span.bytes
        return sample.last == UInt8(ascii: "/") && TopicFilter.isValidName(bytes) && !TopicFilter.isShared(bytes)
            && !bytes.holdsDiscouragedCharacter
    }
}

extension GatewayConfiguration {
    /// The same without what nobody may see: each octet of a secret is another, so that all has the same length.
    package var withoutSecrets: GatewayConfiguration {
        var configuration = self
        configuration.upstream.password = upstream.password.map { Secrets.placeholder(byteCount: $0.count) }
        for index in clientRules.indices {
            let template = clientRules[index].password.map { IdentityTemplate($0) }
            configuration.clientRules[index].password = template.map(\.withoutLiterals)
        }
        return configuration
    }
}

/// What stands in place of secrets where others may look.
package enum Secrets {
    package static let placeholder = UInt8(ascii: "*")

    static func placeholder(byteCount: Int) -> [UInt8] { [UInt8](repeating: placeholder, count: byteCount) }
}
