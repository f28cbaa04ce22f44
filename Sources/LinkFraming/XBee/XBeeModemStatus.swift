/// What a module says has happened to itself (frame 0x8A).
package enum XBeeModemStatus: Hashable, Sendable {
    case hardwareReset
    case watchdogReset
    case joined
    case disassociated
    case coordinatorStarted
    case networkKeyUpdated
    case supplyVoltageTooHigh
    case configurationChangedWhileJoining
    case unknown(UInt8)

    package init(_ octet: UInt8) {
        switch octet {
        case 0x00: self = .hardwareReset
        case 0x01: self = .watchdogReset
        case 0x02: self = .joined
        case 0x03: self = .disassociated
        case 0x06: self = .coordinatorStarted
        case 0x07: self = .networkKeyUpdated
        case 0x0D: self = .supplyVoltageTooHigh
        case 0x11: self = .configurationChangedWhileJoining
        default: self = .unknown(octet)
        }
    }

    package var octet: UInt8 {
        switch self {
        case .hardwareReset: 0x00
        case .watchdogReset: 0x01
        case .joined: 0x02
        case .disassociated: 0x03
        case .coordinatorStarted: 0x06
        case .networkKeyUpdated: 0x07
        case .supplyVoltageTooHigh: 0x0D
        case .configurationChangedWhileJoining: 0x11
        case .unknown(let octet): octet
        }
    }
}
