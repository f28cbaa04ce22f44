import Bytes
import Configuration
import LinkFraming

/// How XBee modules, their networks and what happens to them are told to a person.
enum XBeeText {
    static func level(of state: LineState) -> LogLevel {
        switch state {
        case .closed, .starting, .noRadio, .wrongMode: .debug
        case .ready: .info
        case .disassociated: .warning
        }
    }

    static func words(for state: LineState, _ device: String) -> String {
        switch state {
        case .closed: "\(device) is closed"
        case .starting: "\(device): asking the XBee what it is"
        case .ready: "\(device) is ready"
        case .noRadio: "\(device) has no XBee that answers"
        case .wrongMode: "\(device) has an XBee in a mode without datagrams"
        case .disassociated:
            "the XBee on \(device) is in no network (AI); on Zigbee a gateway is the coordinator: set CE=1"
        }
    }

    // MARK: The module

    static func words(for module: XBeeModule, _ device: String) -> String {
        let address = module.address.map { Hexadecimal.number($0.rawValue, digitCount: 16) } ?? "unknown"
        return "XBee on \(device): address=\(address) hardware=\(number(module.hardwareVersion))"
            + " firmware=\(number(module.firmwareVersion)) api_mode=\(number(module.apiMode))"
            + " packet=\(module.maximumPayloadByteCount.map { "\($0)" } ?? "unknown")"
            + " encryption=\(choice(module.encryption, "off", "on")) link_key=\(choice(module.linkKey, "none", "set"))"
    }

    /// The setting's name stands where the meaning is not the same on all firmware.
    static func network(of module: XBeeModule, _ device: String) -> String {
        var line = "radio network of \(device): id=\(number(module.networkID))"
        if let operating = module.operatingNetworkID { line += " operating_id=\(Hexadecimal.number(operating))" }
        line += " channel=\(number(module.channel)) network_address=\(number(module.networkAddress))"
        if let time = module.joinTime { line += " open_to_join=\(time == 0xFF ? "always" : "\(time)s")" }
        return line
    }

    private static func number(_ value: UInt64?) -> String { value.map { Hexadecimal.number($0) } ?? "unknown" }

    private static func choice(_ value: UInt64?, _ zero: String, _ other: String) -> String {
        guard let value else { return "unknown" }
        return value == 0 ? zero : other
    }

    // MARK: What happens to it

    static func level(of status: XBeeModemStatus) -> LogLevel {
        switch status {
        case .watchdogReset, .supplyVoltageTooHigh, .accessFault, .fatalError, .secureSessionFailed, .networkIDConflict,
            .networkIDChanged, .networkIDChangedByCoordinator, .networkWatchdog:
            .warning
        case .hardwareReset, .joined, .disassociated, .coordinatorStarted, .networkKeyUpdated,
            .configurationChangedWhileJoining, .networkWokeUp, .networkWentToSleep, .secureSessionBegan,
            .secureSessionEnded, .joinWindowOpened, .joinWindowClosed, .networkKeyRotationBegan, .unknown:
            .info
        }
    }

    static func words(for status: XBeeModemStatus) -> String {
        switch status {
        case .hardwareReset: "it has started"
        case .watchdogReset: "it has started again, as it hung"
        case .joined: "it is in a network"
        case .disassociated: "it is in no network any more"
        case .coordinatorStarted: "it has formed a network"
        case .networkKeyUpdated: "the network has another key"
        case .supplyVoltageTooHigh: "its supply voltage is too high"
        case .configurationChangedWhileJoining: "its settings changed while it was joining"
        case .networkWokeUp: "the network has woken up"
        case .networkWentToSleep: "the network sleeps"
        case .accessFault: "it has an access fault"
        case .fatalError: "it has a fatal error"
        case .secureSessionBegan: "a secure session has begun"
        case .secureSessionEnded: "a secure session has ended"
        case .secureSessionFailed: "a secure session was refused"
        case .networkIDConflict:
            "another network near by has the same PAN ID, and it keeps its own (CR=0): give one of them another ID"
        case .networkIDChanged: "another network near by had the same PAN ID, so it gave its own another one"
        case .networkIDChangedByCoordinator:
            "another network near by had the same PAN ID, so the coordinator gave this one another"
        case .networkWatchdog: "it has not heard the coordinator for three times the network watchdog (NW)"
        case .joinWindowOpened: "nodes may join from now on"
        case .joinWindowClosed: "nodes may not join any more"
        case .networkKeyRotationBegan: "the network is about to have another key"
        case .unknown(let octet): "status \(Hexadecimal.number(UInt64(octet), digitCount: 2))"
        }
    }
}
