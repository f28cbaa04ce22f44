/// What a module told of itself at start-up; nil where it did not.
package struct XBeeModule: Equatable, Sendable {
    /// AP: 1, or 2 with escapes.
    package var apiMode: UInt64?
    /// NP: the most octets of payload in one packet.
    package var maximumPayloadByteCount: UInt64?
    /// SH.
    package var serialNumberHigh: UInt64?
    /// SL.
    package var serialNumberLow: UInt64?
    /// HV.
    package var hardwareVersion: UInt64?
    /// VR.
    package var firmwareVersion: UInt64?
    /// EE: 0 where the network does not encrypt.
    package var encryption: UInt64?
    /// KY: 0 where no link key was set; many modules do not tell.
    package var linkKey: UInt64?
    /// AR in tens of seconds: 0xFF for never.
    package var routeBroadcastTime: UInt64?

    // The network that it is in, read again whenever it is in one.

    /// NJ in seconds: 0xFF for ever.
    package var joinTime: UInt64?
    /// ID.
    package var networkID: UInt64?
    /// OP.
    package var operatingNetworkID: UInt64?
    /// CH.
    package var channel: UInt64?
    /// MY.
    package var networkAddress: UInt64?
    /// AI: 0 in a network.
    package var associationIndication: UInt64?

    package init() {}

    /// AR of a module that asks for no routes to itself.
    static let neverBroadcastsRoutes: UInt64 = 0xFF

    /// SH and SL together.
    package var address: XBeeAddress64? {
        guard let serialNumberHigh, let serialNumberLow else { return nil }
        return XBeeAddress64(serialNumberHigh << 32 | serialNumberLow & 0xFFFF_FFFF)
    }

    /// Whether the firmware is known to be a Zigbee one, which alone puts payloads beyond NP together again.
    ///
    /// The same first digit of VR means different protocols on different hardware (HV's upper octet).
    package var isZigbee: Bool {
        guard let hardwareVersion, let firmwareVersion else { return false }
        let family = (firmwareVersion >> 12) & 0xF
        switch hardwareVersion >> 8 {
        // S2 and S2B.
        case 0x19, 0x1A, 0x1E: return family == 2
        // S2C, surface-mounted and through-hole.
        case 0x21, 0x22, 0x2D, 0x2E, 0x30: return family == 4
        // XBee 3.
        case 0x41, 0x42, 0x43: return family == 1
        default: return false
        }
    }

    /// Whether the module said that it is in no network; one that knows no such setting always is in its own.
    var isDisassociated: Bool { (associationIndication ?? 0) != 0 }

    /// Notes the answer to a command; nil where there was none.
    mutating func note(_ number: UInt64?, for step: XBeeStartup.Step) {
        switch step {
        case .apiMode: apiMode = number
        case .apiOptions: break
        case .maximumPayload: maximumPayloadByteCount = number
        case .serialNumberHigh: serialNumberHigh = number
        case .serialNumberLow: serialNumberLow = number
        case .hardwareVersion: hardwareVersion = number
        case .firmwareVersion: firmwareVersion = number
        case .encryption: encryption = number
        case .linkKey: linkKey = number
        case .routeBroadcastTime: routeBroadcastTime = number
        case .joinTime: joinTime = number
        case .networkID: networkID = number
        case .operatingNetworkID: operatingNetworkID = number
        case .channel: channel = number
        case .networkAddress: networkAddress = number
        case .associationIndication: associationIndication = number
        }
    }
}

extension XBeeModule {
    /// What a first-generation 802.15.4 module carries, which knows no NP.
    private static let maximumPayloadWithoutNP = 100
    /// What Zigbee modules put together of several packets.
    private static let maximumZigbeePayload = 255
    /// What one packet of a Zigbee broadcast holds, whatever NP says of datagrams to one node.
    private static let maximumZigbeeBroadcast = 84

    /// The most octets of a datagram to one node, and to all, which is never taken apart.
    func limits(_ configuration: XBeeLinkConfiguration) -> (unicast: Int, broadcast: Int) {
        let largest = configuration.largestDatagramByteCount
        let told = maximumPayloadByteCount.map { Int(clamping: $0) } ?? Self.maximumPayloadWithoutNP
        let packet = min(max(told, 1), largest)
        let broadcast = isZigbee ? min(packet, Self.maximumZigbeeBroadcast) : packet
        switch configuration.maximumPayload {
        case .automatic: return (isZigbee ? min(Self.maximumZigbeePayload, largest) : packet, broadcast)
        case .byteCount(let byteCount):
            let unicast = min(max(byteCount, 1), largest)
            return (unicast, min(unicast, broadcast))
        }
    }
}
