import MQTT
import MQTTSN
import Testing

@testable import GatewayCore

extension GatewayConfiguration {
    /// A dialogue's, with these rules for clients; the links 0 and 1.
    static func ruled(
        _ rules: [ClientRule], _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) -> GatewayConfiguration {
        .dialogue {
            $0.links = [LinkConfiguration(), LinkConfiguration()]
            $0.clientRules = rules
            change(&$0)
        }
    }
}

extension ClientRule {
    /// A rule as a test writes it.
    static func rule(_ clientID: String = "*", _ change: (inout ClientRule) -> Void = { _ in }) -> ClientRule {
        var rule = ClientRule()
        rule.clientID = Array(clientID.utf8)
        change(&rule)
        return rule
    }
}

/// What a stream is asked to show of a client's certificate.
struct ShownFiles: Equatable {
    var rule: UInt16
    var clientID: String
    var certificate: String
    var key: String
}

extension ShownFiles {
    /// Nil where it is the gateway's own.
    init?(_ certificate: StreamCertificate, in bytes: [UInt8]) {
        guard certificate != .gateways else { return nil }
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        self.init(
            rule: certificate.rule, clientID: text(certificate.clientID),
            certificate: text(certificate.certificateFile),
            key: text(certificate.keyFile))
    }
}

extension TestClient {
    /// Connects where the gateway must say this of it at the broker.
    @discardableResult
    func connects(
        as name: String, username: String? = nil, password: String? = nil, clean: Bool = true, present: Bool = false,
        at location: SourceLocation = #_sourceLocation
    ) -> TestUpstream {
        sends(.connect(clientID, clean: clean), at: location)
        let upstream = dialogue.opensStream(at: location)
        upstream.opens(at: location)
        upstream.receives(.connect(name, clean: clean, username: username, password: password), at: location)
        upstream.sends(.connectAcknowledgement(present: present), at: location)
        receives(.connectAcknowledgement(), at: location)
        return upstream
    }

    /// Is told 0x03 for its CONNECT, as no rule admits it.
    func isNotAdmitted(
        because refusal: ClientRefusal, clean: Bool = true, at location: SourceLocation = #_sourceLocation
    ) {
        sends(.connect(clientID, clean: clean), at: location)
        receives(.connectAcknowledgement(.notSupported), at: location)
        dialogue.observes(.clientNotAdmitted, of: clientID, at: location)
        dialogue.observes(exactly: .clientRefused(.notSupported, because: refusal), of: clientID, at: location)
    }
}

extension String {
    var octets: [UInt8] { Array(utf8) }
}
