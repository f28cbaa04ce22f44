/// The Flags octet as it was received (MQTT-SN 1.2 §5.3.4).
///
/// All eight bits are kept; which of them a message uses is decided by who reads them. Encoding sends the bits that
/// the message does not use as 0 (GW-07).
public struct Flags: Equatable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public init(
        duplicate: Bool = false, qos: QualityOfService = .atMostOnce, retain: Bool = false, will: Bool = false,
        cleanSession: Bool = false, topicIDType: TopicIDType = .normal
    ) {
        rawValue =
            (duplicate ? Bits.duplicate : 0) | (qos.rawValue << Bits.qosShift) | (retain ? Bits.retain : 0)
            | (will ? Bits.will : 0) | (cleanSession ? Bits.cleanSession : 0) | topicIDType.rawValue
    }

    public var duplicate: Bool { rawValue & Bits.duplicate != 0 }

    public var qos: QualityOfService {
        switch (rawValue & Bits.qos) >> Bits.qosShift {
        case 0: .atMostOnce
        case 1: .atLeastOnce
        case 2: .exactlyOnce
        default: .minusOne
        }
    }

    public var retain: Bool { rawValue & Bits.retain != 0 }
    public var will: Bool { rawValue & Bits.will != 0 }
    public var cleanSession: Bool { rawValue & Bits.cleanSession != 0 }

    public var topicIDType: TopicIDType {
        switch rawValue & Bits.topicIDType {
        case 0: .normal
        case 1: .predefined
        case 2: .shortName
        default: .reserved
        }
    }

    /// The octet to send in a message that uses only the bits of `mask` (GW-07).
    func octet(using mask: UInt8) -> UInt8 { rawValue & mask }

    /// Where each flag lies in the octet.
    enum Bits {
        static let duplicate: UInt8 = 0x80
        static let qos: UInt8 = 0x60
        static let qosShift: UInt8 = 5
        static let retain: UInt8 = 0x10
        static let will: UInt8 = 0x08
        static let cleanSession: UInt8 = 0x04
        static let topicIDType: UInt8 = 0x03
    }
}
