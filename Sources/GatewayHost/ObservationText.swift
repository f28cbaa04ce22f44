import Configuration
import GatewayCore
import MQTT
import MQTTSN

/// How an observation is told to a person, and how loudly.
struct ObservationText {
    let level: LogLevel
    /// What happened, in words.
    let what: String
    /// Whether anybody who can send a datagram can cause it, so that its lines are limited in number.
    let isCausedByStrangers: Bool

    private init(_ level: LogLevel, _ what: String) {
        (self.level, self.what, isCausedByStrangers) = (level, what, false)
    }

    private init(anybody level: LogLevel, _ what: String) {
        (self.level, self.what, isCausedByStrangers) = (level, what, true)
    }

    /// nil for what is only counted. One table, so that a new kind is given its words here.
    static func of(_ observation: Observation) -> ObservationText? {
        let detail = observation.detail
        func dropped(_ reason: String) -> ObservationText {
            ObservationText(anybody: .debug, "message of \(detail) octets dropped: \(reason)")
        }
        switch observation.kind {
        case .messageForwarded, .messageDelivered, .messageDroppedQueueFull, .qosMinusOneForwarded, .strangerAnswered,
            .searchAnswered:
            return nil
        case .queueDropsReported:
            return .init(.warning, "messages dropped, too many wait for the client: count=\(detail)")
        case .willPublished: return .init(.info, "Will of the lost client published")
        case .willNotPublished: return .init(.warning, "Will of the lost client not published: the broker is away")
        case .advertised: return .init(.debug, "advertised")
        case .forwarderRefused:
            return .init(anybody: .debug, "encapsulated message dropped: its sender may not forward")
        case .clientConnected: return .init(.info, "client connected")
        case .clientResumed: return .init(.info, "client connected, session resumed")
        case .clientMoved: return .init(.info, "client connects from another address")
        case .clientDisconnected: return .init(.info, "client disconnected")
        case .clientLost: return .init(.warning, "client lost: it was silent for too long")
        case .clientRefused: return .init(anybody: .warning, "client refused: \(returnCode(detail))")
        case .clientSetUpAbandoned: return .init(anybody: .warning, "client did not finish connecting")
        case .clientDismissed: return .init(.warning, "client told to connect anew: its session is gone")
        case .sessionEvicted: return .init(.info, "absent client's session forgotten to make room")
        case .messageDroppedTooLong: return dropped("it does not fit the client's link")
        case .messageDroppedNotRegistered: return dropped("the client did not accept its topic")
        case .messageDroppedUpstreamDown: return dropped("the broker is not connected")
        case .messageDroppedUpstreamBlocked: return dropped("the broker takes no more")
        case .qosMinusOneDropped:
            return .init(anybody: .debug, "publish without connection dropped: topic \(detail) is not open to all")
        case .malformedDatagram: return .init(anybody: .debug, "malformed datagram dropped: \(decodeReason(detail))")
        case .truncatedDatagram: return .init(anybody: .debug, "datagram dropped: longer than the gateway receives")
        case .unexpectedMessage: return .init(anybody: .debug, "\(messageName(detail)) ignored: it has no place here")
        case .strangerMessage:
            return .init(anybody: .debug, "\(messageName(detail)) from a sender without a connection")
        case .requestRefusedCongestion: return .init(anybody: .debug, "request refused: congestion")
        case .requestRefusedInvalidTopic: return .init(anybody: .debug, "request refused: invalid topic id")
        case .requestRefusedNotSupported: return .init(anybody: .debug, "request refused: not supported")
        case .brokerReachable: return .init(.info, "broker reachable")
        case .brokerUnreachable: return .init(.warning, "broker unreachable: clients are told to wait")
        case .upstreamOpened: return .init(.debug, "broker connection open")
        case .upstreamLost: return .init(.warning, "client's broker connection lost: restoring it")
        case .upstreamRestored: return .init(.info, "client's broker connection restored")
        case .upstreamRefused: return .init(.warning, "broker refused a connection: MQTT return code \(detail)")
        case .upstreamUnavailable: return .init(.debug, "broker connection failed: \(streamEnd(detail))")
        case .malformedPacket:
            return .init(.warning, "malformed packet from the broker, connection closed: \(packetError(detail))")
        case .unexpectedPacket:
            return .init(.debug, "packet of type \(detail) from the broker ignored: nothing waits for it")
        case .upstreamPaused: return .init(.debug, "broker connection paused: the client cannot keep up")
        case .upstreamResumed: return .init(.debug, "broker connection resumed")
        }
    }

    private static func messageName(_ type: Int) -> String {
        MessageType(rawValue: UInt8(clamping: type))?.specificationName ?? "message of type \(type)"
    }

    private static func decodeReason(_ reason: Int) -> String {
        DecodeReason(rawValue: UInt8(clamping: reason)).map { "\($0)" } ?? "\(reason)"
    }

    private static func packetError(_ reason: Int) -> String {
        PacketErrorReason(rawValue: UInt8(clamping: reason)).map { "\($0.description)" } ?? "\(reason)"
    }

    private static func streamEnd(_ end: Int) -> String {
        StreamEnd(rawValue: UInt8(clamping: end)).map { "\($0)" } ?? "\(end)"
    }

    private static func returnCode(_ code: Int) -> String {
        let code = ReturnCode(rawValue: UInt8(clamping: code))
        if code == .congestion { return "congestion" }
        if code == .notSupported { return "not supported" }
        return "code \(code.rawValue)"
    }
}
