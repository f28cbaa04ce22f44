import Describe
import GatewayCore
import MQTT

/// Why a client was refused, in words that name the limit and its key.
enum RefusalText {
    static func words(for refusal: ClientRefusal) -> String {
        switch refusal {
        case .otherProtocol: "its ProtocolId is not 0x01, that of MQTT-SN 1.2"
        case .clientIDTooLong(let octets, let limit):
            "its ClientId of \(octets) octets is longer than clients.id_bytes=\(limit)"
        case .noClientID: "it has no ClientId, which clients.empty_id = \"assign\" takes with a clean session"
        case .unacceptableClientID: "its ClientId is no UTF-8, or holds what brokers close for"
        case .gatewaysOwnName: "its ClientId is that of the gateway's own connection, broker.shared_client_id"
        case .addressChange: "it is connected at another address, and sleep.allow_address_change is false"
        case .noPlace(let limit): "clients.maximum=\(limit) are connected"
        case .noSetUp(let limit): "clients.set_ups=\(limit) new clients are being connected already"
        case .willTopic: "the topic or QoS of its Will is none"
        case .willQoS(let maximum): "the QoS of its Will is above broker.maximum_qos=\(maximum)"
        case .willMessageTooLong(let octets, let limit):
            "its Will of \(octets) octets is longer than clients.will_message_bytes=\(limit)"
        case .brokerAway: "the broker cannot be reached"
        case .noTurn:
            "its turn to be connected to the broker has not come in time; limits.broker_handshakes and"
                + " limits.broker_connects_per_second say how fast that goes"
        case .brokerGone: "the broker ended the connection instead of answering"
        case .broker(let code): "the broker refuses it: \(BrokerText.refusal(ConnectReturnCode(rawValue: code)))"
        case .gatewayStops: "the gateway is stopping"
        case .notAdmitted: "no [[client]] rule is for it"
        case .rule(let refusal, let number): "[[client]] rule \(number) does not take it: \(refusal.words)"
        case .willBeyondRule: "client.publish or client.maximum_qos of its rule does not allow its Will"
        case .noCertificate: "the certificate that its rule names cannot be used, as another line says"
        }
    }

    /// A pre-defined topic that a client does not get.
    static func leftOut(_ topicID: UInt16) -> String {
        "topic id \(topicID) means nothing to the client: its ClientId, in the place of ${client_id} in topic.name,"
            + " does not make a topic name; it must hold no '/', '+' and '#', not begin with '$', and leave room in"
            + " clients.topic_name_bytes"
    }

    /// What the rules for clients do not let pass.
    static func byRule(_ occurrence: Occurrence, _ topic: String) -> String {
        switch occurrence {
        case .clientExceedsRule:
            "client asks for '\(topic)', which its [[client]] rule does not allow, or not at that QoS, and is told 0x03"
                + ": see client.publish, client.subscribe and client.maximum_qos; further ones are only counted"
        case .clientNotAdmitted: "client not admitted by the [[client]] rules"
        case .messageDroppedByRule(_, let octets):
            "message of \(octets) octets dropped: the client's [[client]] rule does not let it have the topic"
        case .brokerExceedsRule:
            "broker sends the client '\(topic)', which its [[client]] rule does not let it have: dropped; its session"
                + " at the broker may be older than client.subscribe; further ones are only counted"
        case .sessionDisowned:
            "the client's session of before the start is forgotten: by the [[client]] rules of now it is somebody else"
                + " at the broker where it connects"
        default: "request refused: the client's [[client]] rule does not allow it"
        }
    }

    /// The key that would take the client; nil where none does.
    static func key(for refusal: ClientRefusal) -> String? {
        switch refusal {
        case .clientIDTooLong: "clients.id_bytes"
        case .noClientID: "clients.empty_id"
        case .gatewaysOwnName: "broker.shared_client_id"
        case .addressChange: "sleep.allow_address_change"
        case .noPlace: "clients.maximum"
        case .noSetUp: "clients.set_ups"
        case .willQoS: "broker.maximum_qos"
        case .willMessageTooLong: "clients.will_message_bytes"
        case .brokerAway, .brokerGone: "broker.url"
        case .noTurn: "limits.broker_connects_per_second"
        case .broker(let code): TroubleText.key(for: ConnectReturnCode(rawValue: code))
        case .notAdmitted: "client.id"
        case .rule(let refusal, _): key(for: refusal)
        case .willBeyondRule: "client.publish"
        case .noCertificate: "client.certificate_file"
        case .otherProtocol, .unacceptableClientID, .willTopic, .gatewayStops: nil
        }
    }

    private static func key(for refusal: RuleRefusal) -> String {
        switch refusal {
        case .denied: "client.deny"
        case .noNode, .tooLong, .otherIdentity, .brokerClientIDTaken: "client.broker_client_id"
        case .elsewhere: "client.networks"
        case .unsafeClientID: "client.publish"
        case .noFileName: "client.certificate_file"
        }
    }

    /// The same for programs: a reason, and the numbers that belong to it.
    static func figures(for refusal: ClientRefusal) -> [LogField] {
        func reason(_ name: String, _ numbers: [(String, Int)] = []) -> [LogField] {
            [LogField("reason", name)] + numbers.map { LogField($0.0, $0.1) }
        }
        return switch refusal {
        case .otherProtocol: reason("other_protocol")
        case .clientIDTooLong(let octets, let limit):
            reason("client_id_too_long", [("octets", Int(octets)), ("limit", Int(limit))])
        case .noClientID: reason("no_client_id")
        case .unacceptableClientID: reason("unacceptable_client_id")
        case .gatewaysOwnName: reason("gateways_own_name")
        case .addressChange: reason("address_change")
        case .noPlace(let limit): reason("clients_maximum", [("limit", Int(limit))])
        case .noSetUp(let limit): reason("clients_set_ups", [("limit", Int(limit))])
        case .willTopic: reason("will_topic")
        case .willQoS(let maximum): reason("will_qos", [("limit", Int(maximum))])
        case .willMessageTooLong(let octets, let limit):
            reason("will_message_too_long", [("octets", Int(octets)), ("limit", Int(limit))])
        case .brokerAway: reason("broker_away")
        case .noTurn: reason("no_turn")
        case .brokerGone: reason("broker_gone")
        case .broker(let code): reason("broker_refused", [("code", Int(code))])
        case .gatewayStops: reason("gateway_stops")
        case .notAdmitted: reason("not_admitted")
        case .rule(let refusal, let number): reason("rule_" + "\(refusal)".snakeCased, [("rule", Int(number))])
        case .willBeyondRule: reason("will_beyond_rule")
        case .noCertificate: reason("no_certificate")
        }
    }
}
