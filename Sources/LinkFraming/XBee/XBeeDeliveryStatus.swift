/// What a module says has become of a transmission (frames 0x8B and 0x89).
package enum XBeeDeliveryStatus: Hashable, Sendable {
    case success
    case noMACAcknowledgement
    /// The channel was busy (CCA).
    case channelBusy
    /// 802.15.4: thrown out of the module's queue.
    case purged
    case invalidEndpoint
    /// 0x18, 0x2C, 0x32: the module has no room for a transmission now.
    case noBuffers(UInt8)
    case noNetworkAcknowledgement
    case notJoined
    case selfAddressed
    case addressNotFound
    case routeNotFound
    case broadcastNotRelayed
    case invalidBinding
    case broadcastWithAPS
    case apsWithoutEncryption
    case internalError
    case noSecureSession
    case encryptionFailure
    case payloadTooLarge
    /// A sleeping child did not ask for what was kept for it.
    case notRequested
    case keyNotAuthorized
    case unknown(UInt8)

    package init(_ octet: UInt8) {
        switch octet {
        case 0x00: self = .success
        case 0x01: self = .noMACAcknowledgement
        case 0x02: self = .channelBusy
        case 0x03: self = .purged
        case 0x15: self = .invalidEndpoint
        case 0x18, 0x2C, 0x32: self = .noBuffers(octet)
        case 0x21: self = .noNetworkAcknowledgement
        case 0x22: self = .notJoined
        case 0x23: self = .selfAddressed
        case 0x24: self = .addressNotFound
        case 0x25: self = .routeNotFound
        case 0x26: self = .broadcastNotRelayed
        case 0x2B: self = .invalidBinding
        case 0x2D: self = .broadcastWithAPS
        case 0x2E: self = .apsWithoutEncryption
        case 0x31: self = .internalError
        case 0x34: self = .noSecureSession
        case 0x35: self = .encryptionFailure
        case 0x74: self = .payloadTooLarge
        case 0x75: self = .notRequested
        case 0xBB: self = .keyNotAuthorized
        default: self = .unknown(octet)
        }
    }

    package var octet: UInt8 {
        switch self {
        case .success: 0x00
        case .noMACAcknowledgement: 0x01
        case .channelBusy: 0x02
        case .purged: 0x03
        case .invalidEndpoint: 0x15
        case .noBuffers(let octet): octet
        case .noNetworkAcknowledgement: 0x21
        case .notJoined: 0x22
        case .selfAddressed: 0x23
        case .addressNotFound: 0x24
        case .routeNotFound: 0x25
        case .broadcastNotRelayed: 0x26
        case .invalidBinding: 0x2B
        case .broadcastWithAPS: 0x2D
        case .apsWithoutEncryption: 0x2E
        case .internalError: 0x31
        case .noSecureSession: 0x34
        case .encryptionFailure: 0x35
        case .payloadTooLarge: 0x74
        case .notRequested: 0x75
        case .keyNotAuthorized: 0xBB
        case .unknown(let octet): octet
        }
    }
}
