import Configuration
import Glibc
import LinkFraming
import MQTT
import MQTTSN
import SimulatorSupport
import Testing
import Transports

extension RealSocketTests {
    /// The built gateway with serial lines, which are pseudo-terminals, in front of a real broker.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct SerialLinkTests {
        private let mosquitto: MosquittoProcess
        private let terminal: PseudoTerminal

        init() throws {
            mosquitto = try MosquittoProcess()
            terminal = try PseudoTerminal()
        }

        /// A gateway with one serial line beside its UDP socket, once it is connected to the broker.
        private func gateway(_ keys: String, device: String? = nil) throws -> GatewayProcess {
            let configuration = """
                [[serial]]
                device = "\(device ?? terminal.path)"
                retry_interval_seconds = 1
                \(keys)
                """
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, configuration)
            try #require(gateway.logs("broker connection open"))
            return gateway
        }

        private func observer(of filter: String) throws -> BrokerSideClient {
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe(filter)
            return observer
        }

        // MARK: One device

        private static let framings: [(Framing, String)] = [
            (.slip, "framing = \"slip\""), (.hdlc, "framing = \"hdlc\"\nspeed = 115200"),
            (.cobs(hasChecksum: true), "framing = \"cobs\""),
            (.cobs(hasChecksum: false), "framing = \"cobs\"\nchecksum = false"),
            (.lengthPrefixed, "framing = \"length-prefixed\""),
        ]

        @Test(arguments: framings) func aDeviceOnAWireIsAClientLikeAnyOther(framing: Framing, keys: String) throws {
            let gateway = try gateway(keys)
            try #require(gateway.logs("serial line \(terminal.path) open"))
            let observer = try observer(of: "up/#")
            let sensor = Sensor(on: SerialWire(terminal, framing))
            try sensor.connect("wired")
            let topicID = try sensor.register("up/a")

            try sensor.send(Datagram.publish(topicID, octets("zero")))
            #expect(try observer.expectMessage().payload == octets("zero"))
            // Octets that are anything but plain text to a terminal or a framing.
            let odd: [UInt8] = [0, 3, 4, 0x0A, 0x0D, 0x11, 0x13, 0x1A, 0x7D, 0x7E, 0xC0, 0xDB, 0xDC, 0xDD, 0xFF]
            try sensor.publishAtLeastOnce(topicID, odd, messageID: 8)
            #expect(try observer.expectMessage() == BrokerPublish(topic: "up/a", payload: odd, qos: .atLeastOnce))
            try sensor.send(Datagram.publish(topicID, octets("two"), qos: .exactlyOnce, messageID: 9))
            try sensor.expect(Datagram.publishReceived(9))
            try sensor.send(Datagram.publishRelease(9))
            try sensor.expect(Datagram.publishComplete(9))
            #expect(try observer.expectMessage().qos == .exactlyOnce)

            let downID = try sensor.subscribe("down", qos: .atLeastOnce)
            try observer.publish(BrokerPublish(topic: "down", payload: odd, qos: .atLeastOnce))
            let heard = try sensor.expectPublish()
            #expect(heard.topicID == downID && heard.payload == odd)
            try sensor.send(Datagram.publishAcknowledgement(downID, heard.messageID, .accepted))
        }

        @Test(arguments: [true, false]) func theGatewayAdvertisesOnTheWireUnlessToldNotTo(broadcast: Bool) throws {
            let gateway = try gateway("framing = \"slip\"\nbroadcast = \(broadcast)")
            let wire = SerialWire(terminal, .slip)
            let sensor = Sensor(on: wire)
            try sensor.connect("wired")
            #expect(gateway.logs("advertised"))
            // What follows the ADVERTISE on the line.
            try sensor.send(Datagram.pingRequest(""))
            #expect(try sensor.hear() == [2, 0x17])
            #expect(wire.advertisementCount == (broadcast ? 1 : 0))
        }

        // MARK: Many nodes behind one wire

        @Test func nodesBehindAForwarderOnAWireAreClientsOfTheirOwn() throws {
            let gateway = try gateway("framing = \"hdlc\"\nforwarding = true")
            try #require(gateway.logs("serial line \(terminal.path) open"))
            let observer = try observer(of: "up/#")
            let forwarder = SerialForwarder(SerialWire(terminal, .hdlc))
            let nodes = (1...5).map { Sensor(on: forwarder.node(UInt8($0))) }
            for (index, node) in nodes.enumerated() { try node.connect("node\(index)") }
            for (index, node) in nodes.enumerated() {
                let topicID = try node.register("up/\(index)")
                try node.publishAtLeastOnce(topicID, [UInt8(index)], messageID: 7)
                #expect(try observer.expectMessage().topic == "up/\(index)")
            }
        }

        @Test func nobodyForwardsOnAWireWhereTheOwnerDoesNotSaySo() throws {
            let gateway = try gateway("framing = \"hdlc\"")
            try #require(gateway.logs("serial line \(terminal.path) open"))
            let wire = SerialWire(terminal, .hdlc)
            let node = Sensor(on: SerialForwarder(wire).node(1))
            try node.send(Datagram.connect("node", cleanSession: true, keepAlive: 60))
            #expect(gateway.logs("encapsulated message dropped: its sender may not forward"))
            // The wire's own device is a client all the same.
            try Sensor(on: wire).connect("device")
        }

        // MARK: The device comes and goes

        @Test func whatWasAcknowledgedSurvivesTheLossOfTheLine() throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/by-id"
            #expect(symlink(terminal.path, path) == 0)
            let gateway = try gateway("framing = \"slip\"", device: path)
            try #require(gateway.logs("serial line \(path) open"))
            let observer = try observer(of: "up/#")
            let wire = SerialWire(terminal, .slip)
            let sensor = Sensor(on: wire)
            try sensor.connect("wired", cleanSession: false)
            let downID = try sensor.subscribe("down", qos: .atLeastOnce)
            let upID = try sensor.register("up/a")

            // In mid-exchange: the gateway has a message for the device, and the device has heard it.
            try observer.publish(BrokerPublish(topic: "down", payload: octets("1"), qos: .atLeastOnce))
            let first = try sensor.expectPublish()
            terminal.hangUp()
            try #require(gateway.logs("serial line \(path) lost"))
            try observer.publish(BrokerPublish(topic: "down", payload: octets("2"), qos: .atLeastOnce))

            // The adapter comes back as another device of the same name.
            wire.terminal = try PseudoTerminal()
            #expect(unlink(path) == 0 && symlink(wire.terminal.path, path) == 0)
            try #require(eventually { Self.openingCount(of: path, in: gateway) == 2 })
            let again = try sensor.expectPublish()
            #expect(again.payload == octets("1") && again.duplicate && again.messageID == first.messageID)
            try sensor.send(Datagram.publishAcknowledgement(downID, again.messageID, .accepted))
            var second = try sensor.expectPublish()
            while second.payload == octets("1") { second = try sensor.expectPublish() }
            #expect(second.payload == octets("2"))
            try sensor.send(Datagram.publishAcknowledgement(downID, second.messageID, .accepted))
            // The session is the same: the topic id still holds.
            try sensor.publishAtLeastOnce(upID, octets("3"), messageID: 9)
            #expect(try observer.expectMessage().payload == octets("3"))
            #expect(!gateway.process.errorOutput.contains("client lost"))
        }

        private static func openingCount(of path: String, in gateway: GatewayProcess) -> Int {
            gateway.log.count { $0.contains("serial line \(path) open") }
        }

        @Test func aDeviceThatIsMissingAtTheStartIsFoundLater() throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/tty"
            let gateway = try gateway("framing = \"cobs\"", device: path)
            #expect(
                gateway.logs("warn  serial line \(path) not open: open \(path): no such file or directory (ENOENT)"))
            // UDP clients have no part in it.
            try Sensor(gateway.address).connect("udp")
            #expect(symlink(terminal.path, path) == 0)
            try #require(gateway.logs("serial line \(path) open"))
            try Sensor(on: SerialWire(terminal, .cobs(hasChecksum: true))).connect("wired")
        }

        @Test func whatCannotBeASerialLineIsNamedAndTheGatewayRuns() throws {
            let gateway = try gateway("framing = \"slip\"", device: "/dev/null")
            #expect(gateway.logs("error serial line /dev/null not open: /dev/null is not a terminal"))
            try Sensor(gateway.address).connect("udp")
        }

        @Test func aLineInUseIsNamed() throws {
            let other = open(terminal.path, O_RDWR | O_NOCTTY | O_CLOEXEC)
            try #require(flock(other, LOCK_EX | LOCK_NB) == 0)
            defer { close(other) }
            let gateway = try gateway("framing = \"slip\"")
            #expect(gateway.logs("\(terminal.path) is in use by another program"))
            #expect(flock(other, LOCK_UN) == 0)
            #expect(gateway.logs("serial line \(terminal.path) open"))
        }

        @Test func noXBeeAtAnySpeedIsSaidOnce() throws {
            let gateway = try gateway("speed = [115200, 9600]")
            #expect(
                gateway.logs(
                    "warn  no XBee in API mode on \(terminal.path) at any configured speed (115200, 9600):"
                        + " set AP=1 or 2"))
        }

        // MARK: XBee

        /// NP narrows the link for the core too: what does not fit is acknowledged to the broker and never sent.
        @Test func theModuleSaysWhatTheLinkCarries() throws {
            let gateway = try gateway("api_mode = 1\nmaximum_datagram_bytes = 0")
            let module = AnsweringXBee(terminal, packetByteCount: 60)
            try #require(
                eventually {
                    try module.work()
                    return gateway.logs("\(terminal.path) is ready", within: .zero)
                })
            #expect(gateway.logs("XBee on \(terminal.path): address=0013A20040000001"))
            #expect(gateway.logs("\(terminal.path) carries datagrams of 60 octets, 60 to everybody"))
            #expect(gateway.logs("warn  the XBee on \(terminal.path) is in API mode 2, not 1 as serial.api_mode says"))
            let sensor = Sensor(on: module)
            try sensor.connect("radio")
            #expect(
                gateway.logs("client connected client=radio address=\"xbee 0013A20040522BAA on \(terminal.path)\""))
            let topicID = try sensor.subscribe("down", qos: .atLeastOnce)
            let observer = try observer(of: "nothing")
            try observer.publish(
                BrokerPublish(topic: "down", payload: [UInt8](repeating: 1, count: 54), qos: .atLeastOnce))
            #expect(gateway.logs("message of 54 octets dropped: it does not fit the client's link"))
            try observer.publish(
                BrokerPublish(topic: "down", payload: [UInt8](repeating: 2, count: 53), qos: .atLeastOnce))
            let heard = try sensor.expectPublish()
            #expect(heard.topicID == topicID && heard.payload == [UInt8](repeating: 2, count: 53))
            try sensor.send(Datagram.publishAcknowledgement(topicID, heard.messageID, .accepted))
            try sensor.publishAtLeastOnce(try sensor.register("up"), [3], messageID: 5)
            #expect(Set(module.destinations) == [AnsweringXBee.nodeAddress])
        }

        @Test func searchesOverTheRadioAreAnsweredToEverybody() throws {
            let gateway = try gateway("broadcast_radius = 2")
            let module = AnsweringXBee(terminal, packetByteCount: 84, apiMode: 1)
            try #require(
                eventually {
                    try module.work()
                    return gateway.logs("\(terminal.path) is ready", within: .zero)
                })
            try module.send([3, 1, 0])
            #expect(try Sensor(on: module).hear() == [3, 2, 1])
            #expect(
                try eventually {
                    try module.work()
                    return module.broadcasts.contains([3, 2, 1])
                })
        }

        // MARK: Limits

        /// Nobody reads the wire: what it and the system hold is delivered, and the rest is refused, said and counted.
        @Test func whatAStuckWireDoesNotTakeIsSaidAndNotDelivered() throws {
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                """
                [[serial]]
                device = "\(terminal.path)"
                framing = "slip"
                queued_bytes = 1024
                maximum_datagram_bytes = 400
                """, level: "trace")
            try #require(gateway.logs("serial line \(terminal.path) open"))
            let sensor = Sensor(on: SerialWire(terminal, .slip))
            try sensor.connect("wired")
            try sensor.subscribe("down", qos: .atMostOnce)
            let sent = "to \(terminal.path): PUBLISH QoS 0, topic id "
            let observer = try observer(of: "nothing")
            for number in UInt8(0)..<200 {
                try observer.publish(BrokerPublish(topic: "down", payload: [UInt8](repeating: number, count: 298)))
            }
            #expect(eventually { gateway.log.count { $0.contains(sent) && $0.contains("trace") } == 200 })
            let warnings = gateway.log.filter { $0.contains("warn  datagrams dropped") }
            #expect(warnings.count == 1 && warnings[0].contains("serial.queued_bytes"), "\(warnings)")
            var heardCount = 0
            while try sensor.hear(within: .milliseconds(500)) != nil { heardCount += 1 }
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(heardCount > 0 && gateway.logs("counted message_delivered=\(heardCount)\n"))
            #expect(gateway.logs("counted message_refused_by_link=\(200 - heardCount)\n"))
        }

        // MARK: Noise

        @Test func aStormOfGarbageOnTheWireIsCountedAndDisturbsNobody() throws {
            let gateway = try gateway("framing = \"hdlc\"")
            try #require(gateway.logs("serial line \(terminal.path) open"))
            let sensor = try Sensor(gateway.address)
            try sensor.connect("udp")
            let topicID = try sensor.register("up/a")
            let wire = SerialWire(terminal, .hdlc)
            var state: UInt64 = 1
            for round in 0..<200 {
                var noise: [UInt8] = []
                for _ in 0..<2_000 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    noise.append(UInt8(truncatingIfNeeded: state >> 56))
                }
                try terminal.write(noise)
                // Frames that are whole and mean nothing.
                try wire.send(Array(noise[..<20]))
                try sensor.publishAtLeastOnce(topicID, [UInt8(round)], messageID: UInt16(round + 1))
            }
            // A delimiter ends what the noise began.
            try terminal.write([0x7E])
            try Sensor(on: wire).connect("wired")
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            let summary = gateway.log.first { $0.contains("counted on \(terminal.path)") }
            #expect(summary?.contains("bad_checksums=") == true, "\(summary ?? "")")
        }

        // MARK: The end

        @Test func theGoodbyeReachesTheWire() throws {
            let gateway = try gateway("framing = \"slip\"")
            try #require(gateway.logs("serial line \(terminal.path) open"))
            let sensor = Sensor(on: SerialWire(terminal, .slip))
            try sensor.connect("wired")
            gateway.process.kill(SIGTERM)
            #expect(try sensor.hear() == [2, 0x18])
            #expect(gateway.process.waitForExit() == .exited(0))
        }
    }

    /// What the configuration allows, the transport knows.
    @Test func everyConfiguredSpeedIsOneOfLinux() {
        #expect(SerialPort.possibleSpeeds == SerialLineSettings.speeds)
    }
}
