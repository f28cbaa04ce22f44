package import LinkFraming
package import Time

/// What a simulated module is, and what goes wrong in it and in its network; without faults unless told otherwise.
package struct SimulatedRadioConfiguration: Sendable {
    /// The kinds of modules, which differ in what they answer and how long a payload they carry.
    package enum Firmware: CaseIterable, Sendable {
        case zigbee3
        case zigbeeS2C
        case digiMesh
        case ieee802154

        var isZigbee: Bool {
            switch self {
            case .zigbee3, .zigbeeS2C: true
            case .digiMesh, .ieee802154: false
            }
        }

        /// HV.
        var hardwareVersion: UInt16 {
            switch self {
            case .zigbee3, .digiMesh: 0x4142
            case .zigbeeS2C: 0x2E41
            case .ieee802154: 0x1741
            }
        }

        /// VR.
        var firmwareVersion: UInt16 {
            switch self {
            case .zigbee3: 0x100D
            case .digiMesh: 0x3002
            case .zigbeeS2C: 0x4061
            case .ieee802154: 0x10EC
            }
        }

        /// NP, which the oldest firmware does not know.
        var maximumPayloadByteCount: Int {
            switch self {
            case .zigbee3, .zigbeeS2C: 84
            case .digiMesh: 73
            case .ieee802154: 100
            }
        }

        /// Only Zigbee takes longer payloads apart.
        var longestPayloadByteCount: Int {
            switch self {
            case .zigbee3, .zigbeeS2C: 255
            case .digiMesh, .ieee802154: maximumPayloadByteCount
            }
        }
    }

    package var firmware = Firmware.zigbee3
    /// AP: 1, or 2 with escapes; in any other mode nothing is said.
    package var apiMode: UInt8 = 2
    /// AO as it is after a reset: with 1 packets are presented in frames 0x91.
    package var apiOptions: UInt8 = 0
    /// SH and SL.
    package var address = XBeeAddress64(0x0013_A200_4052_0001)
    /// Transmissions that the module can have at once; more are refused.
    package var bufferCount = 8
    /// A refusal for want of buffers: 0x18, 0x2C or 0x32.
    package var noBuffersStatus: UInt8 = 0x18

    // Of a thousand, how many.

    /// Packets that are lost in the air, in either direction.
    package var lossPerMille = 0
    /// Packets that arrive while their acknowledgement is lost, so that the module calls them undelivered.
    package var lostAcknowledgementPerMille = 0
    /// Statuses that never reach the line.
    package var lostStatusPerMille = 0
    /// Statuses that take up to `slowStatusTime`.
    package var slowStatusPerMille = 0
    /// Transmissions that find the channel busy.
    package var busyChannelPerMille = 0

    package var slowStatusTime = TimeSpan.seconds(9)
    /// How long the module tries to reach a node that does not answer, at least and at most.
    package var shortestSearch = TimeSpan.seconds(3)
    package var longestSearch = TimeSpan.seconds(9)
    /// The longest way of a packet through the network.
    package var longestFlight = TimeSpan.milliseconds(50)

    package init() {}
}
