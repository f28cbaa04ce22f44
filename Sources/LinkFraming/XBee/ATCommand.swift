/// The two letters by which a module's settings are read and written.
package struct ATCommand: Hashable, Sendable {
    /// The letters in ASCII, the first one more significant.
    package var rawValue: UInt16

    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// AP: the API mode.
    package static let apiMode = ATCommand(0x4150)
    /// AO: how received packets are presented.
    package static let apiOptions = ATCommand(0x414F)
    /// NP: the most octets in one packet.
    package static let maximumPayload = ATCommand(0x4E50)
    /// SH: the upper half of the 64-bit address.
    package static let serialNumberHigh = ATCommand(0x5348)
    /// SL: the lower half of the 64-bit address.
    package static let serialNumberLow = ATCommand(0x534C)
    /// MY: the 16-bit address.
    package static let networkAddress = ATCommand(0x4D59)
    /// HV: the kind of module.
    package static let hardwareVersion = ATCommand(0x4856)
    /// VR: the firmware.
    package static let firmwareVersion = ATCommand(0x5652)
    /// EE: whether the network encrypts.
    package static let encryption = ATCommand(0x4545)
    /// KY: the link key, of which a module tells at most whether it has been set.
    package static let linkKey = ATCommand(0x4B59)
    /// ID: the network that the module forms or looks for.
    package static let networkID = ATCommand(0x4944)
    /// OP: the network that the module is in.
    package static let operatingNetworkID = ATCommand(0x4F50)
    /// CH: the radio channel.
    package static let channel = ATCommand(0x4348)
    /// NJ: for how long the network lets nodes join.
    package static let joinTime = ATCommand(0x4E4A)
    /// AR: how often the module asks for routes to itself, which makes nodes tell theirs.
    package static let routeBroadcastTime = ATCommand(0x4152)
    /// DB: the strength at which the latest packet came in.
    package static let signalStrength = ATCommand(0x4442)
    /// AI: how joining the network went; 0 when the module is in a network.
    package static let associationIndication = ATCommand(0x4149)
}

/// What a module answers to a command (frame 0x88).
package enum ATStatus: Hashable, Sendable {
    case ok
    case error
    case invalidCommand
    case invalidParameter
    case transmissionFailure
    case unknown(UInt8)

    package init(_ octet: UInt8) {
        switch octet {
        case 0: self = .ok
        case 1: self = .error
        case 2: self = .invalidCommand
        case 3: self = .invalidParameter
        case 4: self = .transmissionFailure
        default: self = .unknown(octet)
        }
    }

    package var octet: UInt8 {
        switch self {
        case .ok: 0
        case .error: 1
        case .invalidCommand: 2
        case .invalidParameter: 3
        case .transmissionFailure: 4
        case .unknown(let octet): octet
        }
    }
}
