package import Time

/// A serial line on which clients reach the gateway: a radio module, or a device at the other end of a wire.
package struct SerialPort: Equatable, Sendable {
    /// The device's path, opened anew each time: `/dev/serial/by-id/…` follows an adapter from socket to socket.
    package var device: String
    /// Bits per second; several are tried in turn until an XBee module answers. 1 to `maximumSpeedCount`.
    package var speeds = [9_600]
    package var mode = SerialMode()
    package var flowControl = SerialFlowControl.none
    package var framing = SerialFraming.xbee
    /// Whether COBS frames carry a CRC-16.
    package var hasChecksum = true
    /// The longest datagram in either direction, in octets; 0 for what an XBee module says, else 1,024.
    package var maximumDatagramByteCount = 0
    /// Whether encapsulated messages are accepted (MQTT-SN 1.2 §5.5).
    package var allowsForwarding = false
    /// Whether ADVERTISE and GWINFO for everybody are sent here (MQTT-SN 1.2 §6.1).
    package var broadcasts = true
    /// Octets that wait for a slow line; what goes beyond is dropped.
    package var queuedByteCount = 16_384
    package var xbee = XBeeSettings()

    package static let maximumSpeedCount = 8
    /// What every octet of a datagram can take on an XBee link at most.
    package static let maximumXBeeDatagramByteCount = 256
    /// The speeds that Linux has a name for.
    package static let possibleSpeeds = [
        1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000, 576_000, 921_600,
        1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
    ]

    package init(device: String) { self.device = device }

    /// What the gateway may send before a module has said what it carries; 100 octets is what the smallest one does.
    package var initialMaximumDatagramByteCount: Int {
        guard maximumDatagramByteCount == 0 else { return maximumDatagramByteCount }
        return framing == .xbee ? 100 : 1_024
    }
}

/// What only a link with an XBee module has.
package struct XBeeSettings: Equatable, Sendable {
    /// AP as it is expected: 1 or 2; 0 takes either.
    package var apiMode = 0
    /// Transmissions whose status is awaited at the same time.
    package var maximumOutstanding = 4
    /// Datagrams that wait or are under way, for all nodes together; less than `maximumNodeCount`.
    package var maximumMessageCount = 64
    package var maximumMessageCountPerNode = 8
    /// Nodes of which the way is remembered.
    package var maximumNodeCount = 256
    package var transmission = XBeeTransmission.request
    /// Whether the module keeps trying longer, for end devices that sleep (transmit option 0x40).
    package var hasExtendedTimeout = false
    /// The hops that broadcasts go at most; 0 for the whole network.
    package var broadcastRadius: UInt8 = 0
    /// Whether datagrams to one node are encrypted from end to end (transmit option 0x20).
    package var hasAPSEncryption = false
    /// Whether packets that are not are dropped.
    package var requiresEncryption = false
    /// Whether the module passes on what nodes say as they join (AO=1).
    package var hasAnnouncements = false
    /// From so many nodes on the module asks for source routes (AR); 0 for never.
    package var sourceRoutingNodeCount = 40
    /// The least time between two questions for the signal of a packet (DB); zero for never.
    package var signalInterval = TimeSpan.seconds(10)

    package init() {}
}

/// How datagrams are told apart on a serial line.
package enum SerialFraming: Hashable, Sendable, CaseIterable {
    case xbee
    case slip
    case hdlc
    case cobs
    case lengthPrefixed
}

/// The API frames in which an XBee module is given datagrams.
package enum XBeeTransmission: Hashable, Sendable, CaseIterable {
    /// 0x10.
    case request
    /// 0x11, with Digi's data endpoint and cluster.
    case explicit
    /// 0x00 and 0x01, for first-generation 802.15.4 modules.
    case legacy
}

/// Who may stop the line.
package enum SerialFlowControl: Hashable, Sendable, CaseIterable {
    case none
    /// RTS and CTS.
    case hardware
}

/// The form of an octet on the wire; there are always 8 data bits, as datagrams hold octets of every value.
package struct SerialMode: Equatable, Sendable {
    /// The bit that makes errors visible.
    package enum Parity: Hashable, Sendable, CaseIterable {
        case none
        case even
        case odd
    }

    package var parity = Parity.none
    /// 1 or 2.
    package var stopBitCount = 1

    package init(parity: Parity = .none, stopBitCount: Int = 1) {
        self.parity = parity
        self.stopBitCount = stopBitCount
    }

    /// As written in the configuration: `8N1`.
    package var name: String { "8\(Self.letter(of: parity))\(stopBitCount)" }

    /// Every mode there is.
    static let all = Parity.allCases.flatMap { parity in
        [1, 2].map { SerialMode(parity: parity, stopBitCount: $0) }
    }

    private static func letter(of parity: Parity) -> Character {
        switch parity {
        case .none: "N"
        case .even: "E"
        case .odd: "O"
        }
    }
}
