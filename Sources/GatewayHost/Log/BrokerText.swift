import Describe
import GatewayCore
import MQTT

/// What the broker does, in words, with what the owner can do about it.
enum BrokerText {
    /// MQTT 3.1.1 §3.2.2.3, MQTT 5.0 §3.2.2.2.
    static func refusal(_ code: ConnectReturnCode) -> String {
        if let reason = ReasonCode(rawValue: code.rawValue), reason.isFailure {
            return "\(reason.words(in: .connectAcknowledgement)), by CONNACK of MQTT 5.0\(advice(reason))"
        }
        let (words, advice) =
            switch code {
            case .unacceptableProtocolVersion: ("it does not speak MQTT 3.1.1", "")
            case .identifierRejected:
                ("identifier rejected", ": look at broker.client_id_prefix and the broker's own lists")
            case .serverUnavailable: ("unavailable for the moment", "")
            case .badCredentials: ("bad user name or password", ": look at broker.username and broker.password")
            case .notAuthorized:
                ("not authorised", ": look at broker.username and broker.password, or at the broker's own lists")
            default: ("for a reason that MQTT 3.1.1 does not know", "")
            }
        return "\(words) (CONNACK return code \(code.rawValue))\(advice)"
    }

    /// What of the owner's has to do with a reason of MQTT 5.0; empty where nothing has.
    static func advice(_ reason: ReasonCode) -> String {
        switch reason {
        case .unsupportedProtocolVersion: ": look at broker.protocol"
        case .badUserNameOrPassword: ": look at broker.username and broker.password"
        case .notAuthorized, .banned: ": look at broker.username and broker.password, or at the broker's own lists"
        case .clientIdentifierNotValid: ": look at broker.client_id_prefix and the broker's own lists"
        case .sessionTakenOver:
            ": another connection has its name, perhaps one of another gateway; look at broker.client_id_prefix"
        case .qosNotSupported: ": look at broker.maximum_qos"
        case .retainNotSupported: ": the broker takes no retained messages, such as those below status.topic"
        default: ""
        }
    }

    static func refusedThing(_ type: PacketType) -> String {
        switch type {
        case .subscribeAcknowledgement: "a subscription"
        case .unsubscribeAcknowledgement: "the end of a subscription"
        default: "a message"
        }
    }

    /// What the broker does with connections; empty for anything else.
    static func words(for occurrence: Occurrence, _ topic: String) -> String {
        switch occurrence {
        case .brokerReachable: "broker reachable"
        case .brokerUnreachable: "broker unreachable: clients are told to wait"
        case .brokerRefusing: "broker answers, but refuses us: the gateway does not offer itself to clients"
        case .upstreamOpened: "broker connection open"
        case .upstreamLost(let loss): "client's broker connection lost: \(words(for: loss, topic)); restoring it"
        case .upstreamLostRepeatedly(let loss): suspicion(after: loss, topic)
        case .brokerIgnoresExactlyOnce(let seconds): ignoresExactlyOnce(seconds)
        case .connectUnanswered(let end): connectUnanswered(end)
        case .brokerSpeaksOtherProtocol(let foreign): broker(speaks: foreign)
        case .messageExceedsBroker(let limit, let octets):
            "message of \(octets) octets refused: it is \(limit.words), as the broker has said when it was connected to"
        case .messageExpired(_, let octets):
            "message of \(octets) octets dropped: its time was up before the client could have it"
        case .upstreamRestored: "client's broker connection restored"
        case .upstreamPaused: "broker connection paused: the client cannot keep up"
        case .upstreamResumed: "broker connection resumed"
        case .connectionQueued(let bound):
            "connections to the broker wait for their turn: "
                + (bound == .handshakes
                    ? "limits.broker_handshakes are being made already"
                    : "limits.broker_connects_per_second have begun in this second")
        case .brokerGivenUp(let former, let next):
            "broker \(former + 1) of broker.url cannot be reached: connections go to broker \(next + 1) from now on"
        case .brokerRegained:
            "the first broker of broker.url has been there for broker.steady_seconds: connections go there from now on"
        case .brokerVersionRefused: "broker does not know MQTT 5.0: it is spoken to in 3.1.1"
        case .brokerDisconnected(let reason):
            "broker ends the connection: \(reason.words(in: .disconnect))\(advice(reason))"
        case .brokerRefused(let type, let reason):
            "broker refused \(refusedThing(type)): \(reason.words(in: type))\(advice(reason))"
        default: ""
        }
    }

    /// The broker has named another server.
    static func reference(to server: String) -> String {
        "broker refers to another server, '\(server)': the gateway goes where broker.url says, so write it there if you"
            + " trust it"
    }

    /// Such as `closed by the broker 3 ms after PUBLISH farm/x QoS 1`.
    static func words(for loss: BrokerLoss, _ topic: String) -> String {
        let end =
            switch loss.end {
            case .closedByBroker: "closed by the broker"
            case .failed: "broken"
            case .insecure: "ended by TLS"
            case .noPassage: "ended by WebSocket"
            case .timedOut: "no answer in time,"
            case .queueOverflow: "closed, as the broker took octets too slowly,"
            case .unresolved, .refused, .localFailure, .noCertificate: "not opened again,"
            case nil: "closed, as the broker broke the protocol,"
            }
        return "\(end) \(time(loss.milliseconds)) after \(packet(loss.said, topic))"
    }

    private static func packet(_ said: BrokerLoss.Said, _ topic: String) -> String {
        let name = topic.isEmpty ? "" : " " + LogText.quoted(topic.utf8)
        return switch said {
        case .connect: "CONNECT was accepted"
        case .publishAtMostOnce: "PUBLISH\(name) QoS 0"
        case .publishAtLeastOnce: "PUBLISH\(name) QoS 1"
        case .publishExactlyOnce: "PUBLISH\(name) QoS 2"
        case .subscribe: "SUBSCRIBE\(name)"
        case .unsubscribe: "UNSUBSCRIBE\(name)"
        }
    }

    private static func time(_ milliseconds: UInt32) -> String {
        milliseconds < 10_000 ? "\(milliseconds) ms" : "\(milliseconds / 1_000) s"
    }

    /// What the third loss in a minute looks like.
    static func suspicion(after loss: BrokerLoss, _ topic: String) -> String {
        let beginning = "client's broker connection lost for the third time in a minute"
        guard loss.said != .connect, loss.milliseconds < 5_000 else {
            return beginning
                + ": another client may use its name at the broker, which then cuts one for the other"
                + " (MQTT 3.1.1 section 3.1.4); give the clients of each gateway their own broker.client_id_prefix"
        }
        return beginning + ", \(time(loss.milliseconds)) after \(packet(loss.said, topic)): does the broker forbid it?"
            + " Look at its access lists for this topic and client, at the QoS and at retained messages"
    }

    static func ignoresExactlyOnce(_ seconds: UInt16) -> String {
        if seconds == 0 {
            return "the broker takes QoS 2 for QoS 1, and the client is told that it is not supported; some brokers do,"
                + " such as RabbitMQ: with broker.maximum_qos = 1 they are not asked"
        }
        return "the broker has not answered QoS 2 for \(seconds) s, and the client waits in vain; some brokers never"
            + " do, such as AWS IoT: with broker.maximum_qos = 1 the client is told that QoS 2 is not supported"
    }

    static func connectUnanswered(_ end: StreamEnd) -> String {
        if end == .insecure { return "the broker cannot be spoken to, as there is no TLS with it" }
        if end == .noPassage { return "the broker cannot be spoken to, as there is no way through to it" }
        let what =
            end == .timedOut ? "has not answered CONNECT in time" : "ended the connection instead of answering CONNECT"
        return "whoever listens at broker.url \(what): is it an MQTT broker, and does that port want TLS (mqtts://)?"
    }

    static func broker(speaks foreign: ForeignProtocol) -> String {
        switch foreign {
        case .tls:
            "whoever listens at broker.url speaks TLS: write mqtts://, or name the broker's port without TLS"
        case .http: "a web server listens at broker.url, and answers in HTTP: name the broker's port for MQTT"
        case .mqtt: "whoever listens at broker.url speaks as an MQTT client, and is no broker"
        }
    }

    static func datagram(of foreign: ForeignProtocol) -> String {
        switch foreign {
        case .tls: "it looks like TLS or DTLS, which is not supported yet"
        case .http: "it looks like HTTP, sent by UDP to the port for MQTT-SN"
        case .mqtt: "it looks like plain MQTT sent by UDP: this port is for MQTT-SN"
        }
    }
}
