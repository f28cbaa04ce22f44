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
    /// MY.
    package var networkAddress: UInt64?
    /// HV.
    package var hardwareVersion: UInt64?
    /// VR.
    package var firmwareVersion: UInt64?
    /// AI: 0 in a network.
    package var associationIndication: UInt64?

    package init() {}

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
}
