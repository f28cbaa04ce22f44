import Bytes
import MQTT

/// What a test sees on a connection from the broker: a packet, or the end of the connection.
enum BrokerPacket: Equatable, Sendable {
    case connectAcknowledgement(ConnectReturnCode = .accepted, present: Bool = false)
    case publish(
        String, String, qos: DeliveryQoS = .atMostOnce, id: PacketID = 0, duplicate: Bool = false, retain: Bool = false)
    case publishAcknowledgement(PacketID)
    case publishReceived(PacketID)
    case publishRelease(PacketID)
    case publishComplete(PacketID)
    case subscribeAcknowledgement(PacketID, [UInt8])
    case unsubscribeAcknowledgement(PacketID)
    case pingResponse
    /// The broker closed the connection.
    case close
    /// Something that no broker may send.
    case wrong

    /// Reads exactly one packet.
    init(reading bytes: [UInt8]) {
        let span = bytes.span
        self = (try? BrokerPacket(decoding: span.bytes)) ?? .wrong
    }

    private init(decoding frame: RawSpan) throws(PacketError) {
        switch try Packet.decode(frame) {
        case .connectAcknowledgement(let answer):
            self = .connectAcknowledgement(answer.returnCode, present: answer.sessionPresent)
        case .publish(let publish):
            self = .publish(
                String(decoding: frame.copy(of: publish.topicName), as: UTF8.self),
                String(decoding: frame.copy(of: publish.payload), as: UTF8.self), qos: publish.qos,
                id: publish.packetID, duplicate: publish.duplicate, retain: publish.retain)
        case .publishAcknowledgement(let id): self = .publishAcknowledgement(id)
        case .publishReceived(let id): self = .publishReceived(id)
        case .publishRelease(let id): self = .publishRelease(id)
        case .publishComplete(let id): self = .publishComplete(id)
        case .subscribeAcknowledgement(let answer):
            self = .subscribeAcknowledgement(answer.packetID, frame.copy(of: answer.returnCodes))
        case .unsubscribeAcknowledgement(let id): self = .unsubscribeAcknowledgement(id)
        case .pingResponse: self = .pingResponse
        case .connect, .subscribe, .unsubscribe, .pingRequest, .disconnect, .authentication: self = .wrong
        }
    }
}
