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
    case networkWokeUp
    case networkWentToSleep
    case accessFault
    case fatalError
    case secureSessionBegan
    case secureSessionEnded
    case secureSessionFailed
    /// Another network near by has the same ID, and the coordinator has kept it (CR=0).
    case networkIDConflict
    /// The coordinator has given its network another ID, as it was somebody else's too.
    case networkIDChanged
    /// The same, on a router.
    case networkIDChangedByCoordinator
    case networkWatchdog
    case joinWindowOpened
    case joinWindowClosed
    case networkKeyRotationBegan
    case unknown(UInt8)

    package init(_ octet: UInt8) {
        switch octet {
        case 0x00: self = .hardwareReset
        case 0x01: self = .watchdogReset
        case 0x02: self = .joined
        case 0x03: self = .disassociated
        case 0x06: self = .coordinatorStarted
        case 0x07: self = .networkKeyUpdated
        case 0x0B: self = .networkWokeUp
        case 0x0C: self = .networkWentToSleep
        case 0x0D: self = .supplyVoltageTooHigh
        case 0x11: self = .configurationChangedWhileJoining
        case 0x12: self = .accessFault
        case 0x13: self = .fatalError
        case 0x3B: self = .secureSessionBegan
        case 0x3C: self = .secureSessionEnded
        case 0x3D: self = .secureSessionFailed
        case 0x3E: self = .networkIDConflict
        case 0x3F: self = .networkIDChanged
        case 0x40: self = .networkIDChangedByCoordinator
        case 0x42: self = .networkWatchdog
        case 0x43: self = .joinWindowOpened
        case 0x44: self = .joinWindowClosed
        case 0x45: self = .networkKeyRotationBegan
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
        case .networkWokeUp: 0x0B
        case .networkWentToSleep: 0x0C
        case .accessFault: 0x12
        case .fatalError: 0x13
        case .secureSessionBegan: 0x3B
        case .secureSessionEnded: 0x3C
        case .secureSessionFailed: 0x3D
        case .networkIDConflict: 0x3E
        case .networkIDChanged: 0x3F
        case .networkIDChangedByCoordinator: 0x40
        case .networkWatchdog: 0x42
        case .joinWindowOpened: 0x43
        case .joinWindowClosed: 0x44
        case .networkKeyRotationBegan: 0x45
        case .unknown(let octet): octet
        }
    }
}
