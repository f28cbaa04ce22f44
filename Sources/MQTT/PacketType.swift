/// The kind of a packet: the upper four bits of its first octet (MQTT 3.1.1 §2.2.1).
public enum PacketType: UInt8, CaseIterable, Equatable, Hashable, Sendable {
    case connect = 1
    case connectAcknowledgement = 2
    case publish = 3
    case publishAcknowledgement = 4
    case publishReceived = 5
    case publishRelease = 6
    case publishComplete = 7
    case subscribe = 8
    case subscribeAcknowledgement = 9
    case unsubscribe = 10
    case unsubscribeAcknowledgement = 11
    case pingRequest = 12
    case pingResponse = 13
    case disconnect = 14
    /// Of MQTT 5.0 only (5.0 §3.15).
    case authentication = 15

    /// The lower four bits that §2.2.2 prescribes, or nil where they carry information (PUBLISH).
    var prescribedFlags: UInt8? {
        switch self {
        case .publish: nil
        case .publishRelease, .subscribe, .unsubscribe: 0b0010
        case .connect, .connectAcknowledgement, .publishAcknowledgement, .publishReceived, .publishComplete,
            .subscribeAcknowledgement, .unsubscribeAcknowledgement, .pingRequest, .pingResponse, .disconnect,
            .authentication:
            0
        }
    }

    /// The type in a packet's first octet, once its flags are found to be allowed for that type.
    init(firstOctet: UInt8, version: ProtocolVersion) throws(PacketError) {
        guard let type = PacketType(rawValue: firstOctet >> 4), type != .authentication || version == .v5_0 else {
            throw .reservedPacketType
        }
        if let prescribed = type.prescribedFlags {
            guard firstOctet & 0x0F == prescribed else { throw .reservedFlags }
        } else {
            try PublishFlags(rawValue: firstOctet & 0x0F).check()
        }
        self = type
    }
}
