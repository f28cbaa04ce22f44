/// An MQTT control packet, of a client's side and a server's alike (MQTT 3.1.1 §3).
///
/// Variable parts are offsets into the frame that the packet was decoded from, or into the source that is passed when
/// it is encoded: the packet owns no memory.
public enum Packet: Equatable, Sendable {
    case connect(Connect)
    case connectAcknowledgement(ConnectAcknowledgement)
    case publish(Publish)
    case publishAcknowledgement(PacketID)
    case publishReceived(PacketID)
    case publishRelease(PacketID)
    case publishComplete(PacketID)
    case subscribe(Subscribe)
    case subscribeAcknowledgement(SubscribeAcknowledgement)
    case unsubscribe(Unsubscribe)
    case unsubscribeAcknowledgement(PacketID)
    case pingRequest
    case pingResponse
    case disconnect
    /// Of MQTT 5.0 only (5.0 §3.15).
    case authentication

    /// The kind of the packet.
    public var type: PacketType {
        switch self {
        case .connect: .connect
        case .connectAcknowledgement: .connectAcknowledgement
        case .publish: .publish
        case .publishAcknowledgement: .publishAcknowledgement
        case .publishReceived: .publishReceived
        case .publishRelease: .publishRelease
        case .publishComplete: .publishComplete
        case .subscribe: .subscribe
        case .subscribeAcknowledgement: .subscribeAcknowledgement
        case .unsubscribe: .unsubscribe
        case .unsubscribeAcknowledgement: .unsubscribeAcknowledgement
        case .pingRequest: .pingRequest
        case .pingResponse: .pingResponse
        case .disconnect: .disconnect
        case .authentication: .authentication
        }
    }
}
