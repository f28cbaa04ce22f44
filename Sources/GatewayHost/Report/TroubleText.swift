import Describe
import GatewayCore
import MQTT
import MQTTSN

/// What needs a look, in sentences: what happened, to whom, with the numbers, and the key that changes it.
enum TroubleText {
    /// A sentence for the owner.
    struct Look {
        var sentence: String
        /// The key of the configuration that would change it; nil where none does.
        var key: String?
        var isError = false
    }

    /// Whether an observation may need the owner, so that the latest of its kind is kept.
    static func concerns(_ kind: ObservationKind) -> Bool {
        switch kind {
        case .clientRefused, .messageDroppedTooLong, .messageDroppedQueueFull, .messageDroppedNotRegistered,
            .messageDroppedUpstreamBlocked, .messageUndeliverable, .qosMinusOneRefused, .qosMinusOneBufferFull,
            .qosMinusOneDropped, .forwarderRefused, .gatewayIDTaken, .sharedConnectionContested, .upstreamRefused,
            .subscriptionRefused, .malformedDatagram, .sessionEvicted, .willNotPublished, .upstreamLostRepeatedly,
            .brokerIgnoresExactlyOnce, .connectUnanswered, .brokerSpeaksOtherProtocol, .messageExceedsBroker,
            .brokerDisconnected, .brokerRefersElsewhere, .brokerRefused, .clientExceedsRule, .brokerExceedsRule:
            true
        default: false
        }
    }

    /// What is to be told of the latest of a kind, of which there were `count`, with the longest datagram of the
    /// client's link; nil for what does not need the owner.
    static func look(
        _ occurrence: Occurrence, count: UInt64, who: String?, maximumByteCount: Int?
    ) -> Look? {
        let of = who.map { " of \($0)" } ?? ""
        let times = count == 1 ? "once" : "\(count) times"
        switch occurrence {
        case .clientRefused(_, let refusal): return refused(refusal, times, who)
        case .messageDroppedTooLong(_, let octets):
            let room = maximumByteCount.map { ", whose link takes datagrams of \($0)" } ?? ""
            return Look(
                sentence: "\(messages(count)) dropped as too long; the last had \(octets) octets, for"
                    + " \(who ?? "a client")\(room).",
                key: "maximum_datagram_bytes")
        case .messageDroppedQueueFull:
            return Look(
                sentence: "\(messages(count)) at QoS 0 dropped, as too many wait; the last\(of).",
                key: "clients.queued_messages")
        case .messageDroppedNotRegistered:
            return Look(sentence: "\(messages(count)) dropped, as the client did not accept the topic; the last\(of).")
        case .messageUndeliverable:
            return Look(
                sentence: "\(messages(count)) given up, as the client does not take them; the last\(of).",
                key: "clients.undeliverable")
        case .messageDroppedUpstreamBlocked:
            return Look(
                sentence: "\(messages(count)) turned away, as the broker takes octets too slowly.",
                key: "limits.upstream_queued_bytes")
        case .clientExceedsRule:
            return Look(
                sentence:
                    "\(who ?? "A client") asks for a topic, or a QoS on it, that its [[client]] rule does not allow.",
                key: "client.publish")
        case .brokerExceedsRule:
            return Look(
                sentence: "The broker sends \(who ?? "a client") what its [[client]] rule does not let it have.",
                key: "client.subscribe")
        case .qosMinusOneRefused:
            return Look(
                sentence: "A publish without connection was refused \(times): the configuration does not allow it.",
                key: "gateway.qos_minus_one")
        case .qosMinusOneBufferFull:
            return Look(
                sentence: "\(messages(count)) without connection dropped, as too much waits for the broker.",
                key: "limits.qos_minus_one_bytes")
        case .qosMinusOneDropped:
            return Look(sentence: "\(messages(count)) without connection dropped, as the broker was away.")
        case .forwarderRefused:
            return Look(
                sentence: "A sender that may not forward has sent encapsulated messages, \(times).",
                key: "udp.forwarders")
        case .malformedDatagram(let reason, let foreign):
            let seems = foreign.map { "; " + BrokerText.datagram(of: $0) } ?? ""
            return Look(
                sentence: "\(count) datagrams could not be read; the last: \(reason.words)\(seems)."
                    + " `swiftlet watch` shows them.")
        case .sessionEvicted:
            return Look(
                sentence: "A client lost its place to a newer one \(times); the last\(of).", key: "clients.maximum")
        case .willNotPublished:
            return Look(
                sentence:
                    "The Will of a lost client was not published \(times), as the broker was away; the last\(of).",
                key: "will.update")
        default: return brokerLook(occurrence, times: times, who: who)
        }
    }

    private static func brokerLook(_ occurrence: Occurrence, times: String, who: String?) -> Look? {
        switch occurrence {
        case .gatewayIDTaken(let number):
            Look(
                sentence: "Another gateway in the network has the number \(number) too: clients take the two for one.",
                key: "gateway.id", isError: true)
        case .sharedConnectionContested:
            Look(
                sentence: "Another client takes the gateway's name at the broker again and again.",
                key: "broker.shared_client_id", isError: true)
        case .upstreamRefused(let code):
            Look(
                sentence:
                    "The broker refused \(who.map { "the connection of \($0)" } ?? "the gateway's own connection")"
                    + " \(times), with code \(code.rawValue): \(words(for: code)).",
                key: key(for: code), isError: who == nil)
        case .subscriptionRefused where who == nil:
            Look(
                sentence: "The broker does not let the gateway look for the availability of former clients below its"
                    + " status topic: what no longer holds stays there.",
                key: "status.topic")
        case .subscriptionRefused:
            Look(sentence: "The broker refused a subscription \(times); the last of \(who ?? "a client").")
        case .upstreamLostRepeatedly(let loss):
            Look(
                sentence: "The broker closes the connection of \(who ?? "a client") again and again, the last time"
                    + " \(loss.milliseconds) ms after it was told something: it may forbid that, or another client may"
                    + " have the name.", key: loss.said == .connect ? "broker.client_id_prefix" : nil)
        case .brokerIgnoresExactlyOnce(let seconds):
            Look(
                sentence: seconds == 0
                    ? "The broker takes QoS 2 of \(who ?? "a client") for QoS 1: it has none."
                    : "The broker has not answered QoS 2 of \(who ?? "a client") for \(seconds) s: it may take none.",
                key: "broker.maximum_qos")
        case .messageExceedsBroker(let limit, let octets):
            Look(
                sentence: "A client's message was refused \(times): the last, of \(octets) octets from"
                    + " \(who ?? "a client"), was \(limit.words), as the broker has said.",
                key: limit == .qos ? "broker.maximum_qos" : nil)
        case .brokerDisconnected(let reason):
            Look(
                sentence: "The broker has ended \(who.map { "the connection of \($0)" } ?? "the gateway's connection")"
                    + " \(times): \(reason.words(in: .disconnect)).")
        case .brokerRefersElsewhere:
            Look(
                sentence:
                    "The broker has referred \(who ?? "the gateway") to another server \(times), which the log names.",
                key: "broker.url")
        case .brokerRefused(let type, let reason):
            Look(
                sentence: "The broker refused \(BrokerText.refusedThing(type)) \(times); the last of"
                    + " \(who ?? "a client"): \(reason.words(in: type)).")
        case .connectUnanswered:
            Look(
                sentence:
                    "Whoever listens at broker.url did not answer CONNECT \(times): is it an MQTT broker, and does that"
                    + " port want TLS (mqtts://)?",
                key: "broker.url", isError: true)
        case .brokerSpeaksOtherProtocol(let foreign):
            Look(sentence: "No broker: \(BrokerText.broker(speaks: foreign)).", key: "broker.url", isError: true)
        default: nil
        }
    }

    private static func refused(_ refusal: ClientRefusal?, _ times: String, _ who: String?) -> Look {
        let reason = refusal.map { ": " + RefusalText.words(for: $0) } ?? ""
        return Look(
            sentence: "A CONNECT was refused \(times); the last of \(who ?? "a client")\(reason).",
            key: refusal.flatMap(RefusalText.key))
    }

    private static func messages(_ count: UInt64) -> String { count == 1 ? "1 message" : "\(count) messages" }

    /// MQTT 3.1.1 §3.2.2.3.
    private static func words(for code: ConnectReturnCode) -> String {
        switch code {
        case .unacceptableProtocolVersion: "it does not speak MQTT 3.1.1"
        case .identifierRejected: "it does not accept the client identifier"
        case .serverUnavailable: "it is unavailable for the moment"
        case .badCredentials: "bad user name or password"
        case .notAuthorized: "not authorized"
        default:
            ReasonCode(rawValue: code.rawValue)?.words(in: .connectAcknowledgement)
                ?? "for a reason that MQTT 3.1.1 does not know"
        }
    }

    /// The key that has to do with a refusal of CONNECT.
    static func key(for code: ConnectReturnCode) -> String? {
        switch code {
        case .identifierRejected: "broker.client_id_prefix"
        case .badCredentials, .notAuthorized: "broker.username"
        default:
            switch ReasonCode(rawValue: code.rawValue) {
            case .badUserNameOrPassword, .notAuthorized: "broker.username"
            case .clientIdentifierNotValid: "broker.client_id_prefix"
            case .unsupportedProtocolVersion: "broker.protocol"
            default: nil
            }
        }
    }

    /// A span for a person: `40 s`, `32 min`, `5 h`, `3 d`.
    static func words(forSeconds seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(Int(seconds)) s"
        case ..<7_200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3_600)) h"
        default: "\(Int(seconds / 86_400)) d"
        }
    }
}
