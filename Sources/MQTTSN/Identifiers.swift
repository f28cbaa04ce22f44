// The two-octet numbers that tie replies to requests and topics to names.

/// Matches a reply to its request; 0x0000 where none is needed (MQTT-SN 1.2 §5.3.11).
public typealias MessageID = UInt16

/// Stands for a topic name; 0x0000 and 0xFFFF are reserved (MQTT-SN 1.2 §5.3.13).
public typealias TopicID = UInt16
