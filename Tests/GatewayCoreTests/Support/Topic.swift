import MQTTSN

/// A topic as an MQTT-SN message refers to it: by its name, by an id, or by the two octets that are its name.
enum Topic: Equatable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case name(String)
    case id(TopicID)
    case predefined(TopicID)
    case short(String)
    /// TopicIdType 0b11, which no message may use.
    case reserved(TopicID)

    init(stringLiteral name: String) { self = .name(name) }

    init(integerLiteral id: TopicID) { self = .id(id) }

    init(_ type: TopicIDType, _ value: TopicID) {
        switch type {
        case .normal: self = .id(value)
        case .predefined: self = .predefined(value)
        case .shortName: self = .short(String(decoding: value.octets, as: UTF8.self))
        case .reserved: self = .reserved(value)
        }
    }

    /// As SUBSCRIBE and UNSUBSCRIBE carry it: a whole name where the others carry a normal id.
    init(_ type: TopicIDType, _ octets: [UInt8]) {
        let text = String(decoding: octets, as: UTF8.self)
        switch type {
        case .normal: self = .name(text)
        case .shortName: self = .short(text)
        case .predefined, .reserved: self.init(type, octets.reduce(0) { $0 << 8 | TopicID($1) })
        }
    }

    var type: TopicIDType {
        switch self {
        case .name, .id: .normal
        case .predefined: .predefined
        case .short: .shortName
        case .reserved: .reserved
        }
    }

    /// What travels: the name's octets, or two octets.
    var octets: [UInt8] {
        switch self {
        case .name(let name), .short(let name): Array(name.utf8)
        case .id(let id), .predefined(let id), .reserved(let id): id.octets
        }
    }

    /// The TopicId field of a PUBLISH and of what answers it.
    var topicID: TopicID {
        let octets = octets
        return octets.count == 2 ? TopicID(octets[0]) << 8 | TopicID(octets[1]) : 0
    }
}

extension UInt16 {
    fileprivate var octets: [UInt8] { [UInt8(truncatingIfNeeded: self >> 8), UInt8(truncatingIfNeeded: self)] }
}
