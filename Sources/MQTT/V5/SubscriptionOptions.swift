/// What SUBSCRIBE says of one Topic Filter (MQTT 5.0 §3.8.3.1); in 3.1.1 it is the QoS alone.
public struct SubscriptionOptions: Equatable, Sendable {
    /// Whether retained messages are sent at the subscription.
    public enum RetainHandling: UInt8, Equatable, Sendable, CaseIterable {
        case send = 0
        case sendIfNew = 1
        case doNotSend = 2
    }

    /// The highest QoS with which the client takes messages.
    public var qos: DeliveryQoS
    /// Whether the client's own messages do not come back to it.
    public var noLocal: Bool
    /// Whether messages keep the RETAIN with which they were published.
    public var retainAsPublished: Bool
    public var retainHandling: RetainHandling

    /// As in 3.1.1, unless told otherwise.
    public init(
        qos: DeliveryQoS, noLocal: Bool = false, retainAsPublished: Bool = false, retainHandling: RetainHandling = .send
    ) {
        self.qos = qos
        self.noLocal = noLocal
        self.retainAsPublished = retainAsPublished
        self.retainHandling = retainHandling
    }

    /// The options in an octet; nil for a reserved QoS or Retain Handling. The reserved bits are not looked at.
    init?(_ octet: UInt8) {
        guard let qos = DeliveryQoS(rawValue: octet & 0b11),
            let retainHandling = RetainHandling(rawValue: octet >> 4 & 0b11)
        else { return nil }
        self.init(
            qos: qos, noLocal: octet & 0b100 != 0, retainAsPublished: octet & 0b1000 != 0,
            retainHandling: retainHandling)
    }

    /// Takes an octet from the wire, once it is found to say something.
    init(checking octet: UInt8) throws(PacketError) {
        guard octet & 0xC0 == 0 else { throw .reservedSubscriptionBits }
        guard octet & 0b11 != 3 else { throw .reservedQoS }
        guard let options = SubscriptionOptions(octet) else { throw .reservedRetainHandling }
        self = options
    }

    /// The octet on the wire.
    public var rawValue: UInt8 {
        qos.rawValue | (noLocal ? 0b100 : 0) | (retainAsPublished ? 0b1000 : 0) | retainHandling.rawValue << 4
    }
}
