public import Bytes

/// A control packet of MQTT 5.0: what it has in common with one of 3.1.1, and what 5.0 adds (MQTT 5.0 §3).
///
/// In `packet` a PUBLISH may have an empty Topic Name, where a Topic Alias stands for it; the filters of a SUBSCRIBE
/// have options (`Subscribe.nextSubscription`); return codes are Reason Codes. Like the packet it owns no memory.
public struct Packet5: Equatable, Sendable {
    /// What it has in common with a packet of 3.1.1.
    public var packet: Packet
    /// What 5.0 adds.
    public var added: AddedFields

    /// The parts of a packet; see the properties.
    public init(_ packet: Packet, _ added: AddedFields = AddedFields()) {
        self.packet = packet
        self.added = added
    }
}

/// What MQTT 5.0 adds to the packets of 3.1.1; every part is as empty as in a packet that does not say it.
public struct AddedFields: Equatable, Sendable {
    /// The outcome that the packet tells, in CONNACK the same as its return code; SUBACK and UNSUBACK have one for each
    /// filter instead.
    public var reasonCode: ReasonCode
    /// The packet's properties without their length, checked: see `Packet5.nextProperty`.
    public var properties: ByteRange
    /// The properties of the Will in CONNECT without their length (§3.1.3.2).
    public var willProperties: ByteRange
    /// UNSUBACK: one Reason Code for each filter, at least one (§3.11.3). Those of SUBACK are in the packet itself.
    public var reasonCodes: ByteRange

    /// The parts that are added; see the properties.
    public init(
        reasonCode: ReasonCode = .success, properties: ByteRange = 0..<0, willProperties: ByteRange = 0..<0,
        reasonCodes: ByteRange = 0..<0
    ) {
        self.reasonCode = reasonCode
        self.properties = properties
        self.willProperties = willProperties
        self.reasonCodes = reasonCodes
    }
}
