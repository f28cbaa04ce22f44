import GatewayCore
import Testing
import Time

@testable import Configuration

/// Proves what `[[serial]]` takes, what it makes of the links, and that mistakes are found at their place.
@Suite struct SerialTests {
    @Test func aRadioAloneMakesAGatewayWithoutUDP() throws {
        let read = try settings("[[serial]]\ndevice = \"/dev/ttyUSB0\"").get()
        #expect(read.host.listeners.isEmpty)
        #expect(read.host.serialPorts == [SerialPort(device: "/dev/ttyUSB0")])
        // What the smallest module carries, until the one that is there says more.
        #expect(read.gateway.links.map(\.maximumDatagramByteCount) == [100])
    }

    @Test func linksOfSerialLinesFollowThoseOfListeners() throws {
        let text = """
            [[serial]]
            device = "/dev/ttyUSB0"
            framing = "cobs"
            checksum = false
            speed = 115200
            mode = "8e2"
            flow_control = "hardware"
            retry_interval_seconds = 3
            retry_count = 1
            forwarding = true
            broadcast = false
            [[udp]]
            listen = "udp://127.0.0.1"
            retry_interval_seconds = 5
            [[serial]]
            device = "/dev/ttyUSB1"
            speed = [9600, 115_200]
            maximum_datagram_bytes = 84
            transmit = "explicit"
            extended_timeout = true
            broadcast_radius = 3
            outstanding = 7
            api_mode = 2
            queued_messages = 500
            queued_messages_per_node = 40
            nodes = 1000
            aps_encryption = true
            require_encryption = true
            announcements = true
            source_routing_nodes = 20
            signal_interval_seconds = 60
            """
        let read = try settings(text).get()
        #expect(read.gateway.links.map(\.retryInterval) == [.seconds(5), .seconds(3), .seconds(10)])
        #expect(read.gateway.links.map(\.maximumDatagramByteCount) == [1_400, 1_024, 84])
        let (wire, radio) = (read.host.serialPorts[0], read.host.serialPorts[1])
        #expect(wire.framing == .cobs && !wire.hasChecksum && wire.allowsForwarding && !wire.broadcasts)
        #expect(wire.mode == SerialMode(parity: .even, stopBitCount: 2) && wire.flowControl == .hardware)
        #expect(radio.speeds == [9_600, 115_200])
        #expect(radio.xbee.transmission == .explicit && radio.xbee.hasExtendedTimeout)
        #expect(radio.xbee.maximumMessageCount == 500 && radio.xbee.maximumMessageCountPerNode == 40)
        #expect(radio.xbee.maximumNodeCount == 1_000 && radio.xbee.sourceRoutingNodeCount == 20)
        #expect(radio.xbee.hasAPSEncryption && radio.xbee.requiresEncryption && radio.xbee.hasAnnouncements)
        #expect(radio.xbee.signalInterval == .seconds(60))
        #expect(radio.xbee.broadcastRadius == 3 && radio.xbee.maximumOutstanding == 7 && radio.xbee.apiMode == 2)
    }

    @Test func noListenersAreGoodEnoughBesideASerialLine() throws {
        let read = try settings("udp = []\n[[serial]]\ndevice = \"/dev/ttyS0\"").get()
        #expect(read.host.listeners.isEmpty && read.gateway.links.count == 1)
        #expect(errors("udp = []") == "f.toml:1:1: there must be 1 to 64 [[udp]] listeners; found 0")
    }

    @Test func sixteenLinesAndNoMore() {
        func file(_ count: Int) -> String {
            (0..<count).map { "[[serial]]\ndevice = \"/dev/ttyUSB\($0)\"\n" }.joined()
        }
        #expect(errors(file(16)) == "")
        #expect(errors(file(17)) == "f.toml:1:3: there must be 1 to 16 [[serial]] lines; found 17")
    }

    private static let possible = SerialPort.possibleSpeeds.map(String.init).joined(separator: ", ")

    @Test(arguments: [
        ("speed = 9601", "3:9: 'serial.speed' must be one of \(possible); found 9601"),
        (
            "speed = [9600, \"fast\", 9600]",
            "3:16: an element of 'serial.speed' must be one of \(possible); found a string\n"
                + "f.toml:3:24: an element of 'serial.speed' must not come again; found 9600"
        ),
        (
            "speed = []",
            "3:9: 'serial.speed' must be a number of bits per second, or a list of up to 8;"
                + " found 0 elements"
        ),
        (
            "mode = \"7E1\"",
            "3:8: 'serial.mode' must have 8 data bits, since datagrams hold octets of every value;"
                + " found '7E1'"
        ),
        ("mode = \"8N3\"", "3:8: 'serial.mode' must be one of 8N1, 8N2, 8E1, 8E2, 8O1, 8O2; found '8N3'"),
        (
            "framing = \"zigbee\"",
            "3:11: 'serial.framing' must be one of \"xbee\", \"slip\", \"hdlc\", \"cobs\","
                + " \"length-prefixed\"; found 'zigbee'"
        ),
        ("baud = 9600", "3:1: unknown key 'serial.baud'"),
        ("apimode = 2", "3:1: unknown key 'serial.apimode'; did you mean 'serial.api_mode'?"),
        ("api_mode = 3", "3:12: 'serial.api_mode' must be an integer from 0 to 2 (AP; 0 takes either); found 3"),
        ("maximum_datagram_bytes = 31", "3:26: 'serial.maximum_datagram_bytes' must be 0, or at least 32; found 31"),
        (
            "maximum_datagram_bytes = 257",
            "3:26: 'serial.maximum_datagram_bytes' must be at most 256 for an XBee; found 257"
        ),
        ("checksum = false", "3:12: 'serial.checksum' has a meaning with 'serial.framing = \"cobs\"' only"),
        (
            "queued_messages = 256",
            "3:19: 'serial.nodes' must be more than 'serial.queued_messages', which is 256; found 256"
        ),
        ("nodes = 64", "3:9: 'serial.nodes' must be more than 'serial.queued_messages', which is 64; found 64"),
        ("nodes = 1\nqueued_messages = 5", "3:9: 'serial.nodes' must be an integer from 2 to 65536 nodes; found 1"),
        (
            "framing = \"slip\"\noutstanding = 5",
            "4:15: 'serial.outstanding' has a meaning with 'serial.framing = \"xbee\"' only"
        ),
        (
            "framing = \"slip\"\nspeed = [9600, 19200]",
            "4:9: 'serial.speed' must be one number unless 'serial.framing' is \"xbee\""
        ),
        (
            "framing = \"slip\"\nmaximum_datagram_bytes = 9000",
            "4:26: 'serial.maximum_datagram_bytes' needs 'serial.queued_bytes' of at least 18016, which is 16384"
        ),
        (
            "[[serial]]\ndevice = \"/dev/ttyUSB0\"",
            "4:10: two serial lines at '/dev/ttyUSB0'; the first one is at line 2, column 10"
        ),
        (
            "[[serial]]\ndevice = \"ttyUSB0\"",
            "4:10: 'serial.device' must be a path from the root on, as in /dev/ttyUSB0; found 'ttyUSB0'"
        ),
        ("[[serial]]", "3:1: this [[serial]] lacks the key 'serial.device'"),
    ])
    func mistakesAreFoundWhereTheyStand(line: String, error: String) {
        #expect(errors("[[serial]]\ndevice = \"/dev/ttyUSB0\"\n" + line) == "f.toml:" + error)
    }
}
