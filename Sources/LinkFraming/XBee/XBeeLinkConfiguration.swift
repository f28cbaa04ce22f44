package import Time

/// How an XBee link behaves where its users may choose.
package struct XBeeLinkConfiguration: Equatable, Sendable {
    /// The most octets of a datagram on the radio network.
    package enum MaximumPayload: Hashable, Sendable {
        /// 255 on Zigbee firmware, which takes long payloads apart; else what NP says, or 100 where there is no NP.
        case automatic
        case byteCount(Int)
    }

    /// The frames in which datagrams are given to the module.
    package enum Transmission: Hashable, Sendable {
        /// 0x10; nodes that were heard through frames 0x80 or 0x81 are answered with 0x00 or 0x01.
        case request
        /// 0x11, for this application.
        case explicit(XBeeApplication)
        /// 0x00 and 0x01, as first-generation 802.15.4 modules need.
        case legacy
    }

    /// No frame of ours and none we read may be longer than a frame of 512 octets holds.
    package static let datagramByteCounts = 1...492

    package var maximumPayload = MaximumPayload.automatic
    package var transmission = Transmission.request
    /// The options octet of every transmission; 0x40 gives sleeping end devices more time.
    package var transmitOptions: UInt8 = 0
    /// Whether datagrams to one node are encrypted from end to end (transmit option 0x20); broadcasts cannot be.
    package var usesAPSEncryption = false
    /// Whether packets that were not are dropped.
    package var requiresEncryption = false
    /// Whether the module is told to pass on announcements of nodes that join (AO=1), which lengthens all its frames.
    package var wantsAnnouncements = false
    /// With so many nodes heard or written to, a Zigbee module is told to ask for source routes; 0 for never.
    package var sourceRoutingNodeCount = 0
    /// The least time between two questions for the signal of the latest packet; zero for never.
    package var signalInterval = TimeSpan.zero
    /// Transmissions whose status is awaited at the same time, 1 to 32; one node never has more than one.
    package var maximumOutstanding = 4
    /// Datagrams that wait or are under way, for all nodes; also how many buffers are held.
    package var maximumMessageCount = 64
    package var maximumMessageCountPerNode = 8
    /// Nodes whose 16-bit address is remembered; more than `maximumMessageCount`.
    package var maximumNodeCount = 256
    /// The longest datagram in either direction, in `datagramByteCounts`; the size of a buffer.
    package var largestDatagramByteCount = 256

    package var commandTimeout = TimeSpan.milliseconds(1000)
    package var commandTryCount = 3
    /// A status may take the retries times the searches of a large network.
    package var statusTimeout = TimeSpan.milliseconds(10_000)
    /// A node that is heard is not searched for: the status is overdue so long afterwards.
    package var statusGrace = TimeSpan.milliseconds(1_000)
    /// Older datagrams were overtaken by the retries of MQTT-SN.
    package var messageLifetime = TimeSpan.milliseconds(30_000)
    /// How long nothing is sent when the module has no room; the second and third time twice and thrice as long.
    package var pause = TimeSpan.milliseconds(100)
    /// How often one datagram is given to the module again for want of room.
    package var maximumResendCount = 5
    /// The wait before the second try for a node that did not acknowledge.
    package var retryDelay = TimeSpan.milliseconds(500)
    /// The first wait for a sleeping node that did not ask for what was kept for it; it doubles up to four times.
    package var pollDelay = TimeSpan.milliseconds(1000)
    /// Within such a time at most two start-ups begin.
    package var restartInterval = TimeSpan.milliseconds(5000)
    /// How often a module without a network is asked whether it has one.
    package var associationPollInterval = TimeSpan.milliseconds(5000)
    /// How often a module in a mode that carries no datagrams is asked whether it is in another.
    package var modePollInterval = TimeSpan.milliseconds(5000)
    /// A line without an octet for so long is silent.
    package var interByteTimeout = TimeSpan.milliseconds(100)

    package init() {}
}
