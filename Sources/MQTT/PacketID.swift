/// A Packet Identifier: it ties an acknowledgement to its packet on one connection and is never 0 (MQTT 3.1.1 §2.3.1).
public typealias PacketID = UInt16
