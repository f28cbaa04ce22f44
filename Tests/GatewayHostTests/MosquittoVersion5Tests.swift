import Bytes
import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// The built gateway in front of a real broker that it speaks MQTT 5.0 with.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoVersion5Tests {
        private func gateway(_ mosquitto: MosquittoProcess, _ version: String = "5.0") throws -> GatewayProcess {
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, "broker.protocol = \"\(version)\"")
            try #require(gateway.logs("broker connection open"))
            return gateway
        }

        @Test("Messages of each level go up and down, in the version configured", arguments: ["5.0", "auto", "3.1.1"])
        func upAndDown(version: String) throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try gateway(mosquitto, version)
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("up/#")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("up/a")
            try sensor.send(Datagram.publish(topicID, [0]))
            #expect(try observer.expectMessage() == BrokerPublish(topic: "up/a", payload: [0]))
            try sensor.publishAtLeastOnce(topicID, [1], messageID: 8)
            #expect(try observer.expectMessage() == BrokerPublish(topic: "up/a", payload: [1], qos: .atLeastOnce))
            try sensor.send(Datagram.publish(topicID, [2], qos: .exactlyOnce, messageID: 9))
            try sensor.expect(Datagram.publishReceived(9))
            try sensor.send(Datagram.publishRelease(9))
            try sensor.expect(Datagram.publishComplete(9))
            #expect(try observer.expectMessage() == BrokerPublish(topic: "up/a", payload: [2], qos: .exactlyOnce))
            let down = try sensor.subscribe("down", qos: .atLeastOnce)
            try observer.publish(BrokerPublish(topic: "down", payload: [3], qos: .atLeastOnce))
            let heard = try sensor.expectPublish()
            #expect(heard.payload == [3] && heard.topicID == down)
            try sensor.send(Datagram.publishAcknowledgement(down, heard.messageID))
            let told = version == "3.1.1" ? "as s (p2, c1" : "as s (p5, c1"
            #expect(mosquitto.log.contains(told), "\(mosquitto.log)")
        }

        @Test("A lasting session outlives a gateway that is killed, by its Session Expiry")
        func lastingSession() throws {
            let mosquitto = try MosquittoProcess()
            let first = try gateway(mosquitto)
            let sensor = try Sensor(first.address)
            try sensor.connect("s", cleanSession: false)
            try sensor.subscribe("t", qos: .atLeastOnce)
            first.process.kill(SIGKILL)
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            try publisher.publish(BrokerPublish(topic: "t", payload: [7], qos: .atLeastOnce))
            let second = try gateway(mosquitto)
            let again = try Sensor(second.address)
            try again.connect("s", cleanSession: false)
            let topicID = try again.acceptRegister("t")
            let heard = try again.expectPublish()
            #expect(heard.payload == [7] && heard.topicID == topicID)
        }

        @Test("What the access list forbids is told to the sensor, and why to the owner")
        func accessList() throws {
            let mosquitto = try MosquittoProcess(accessList: "topic readwrite ok/#\n")
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("forbidden")
            for (qos, messageID) in [(QualityOfService.atLeastOnce, UInt16(3)), (.exactlyOnce, 4)] {
                try sensor.send(Datagram.publish(topicID, [1], qos: qos, messageID: messageID))
                try sensor.expect(Datagram.publishAcknowledgement(topicID, messageID, .notSupported))
            }
            #expect(gateway.logs("broker refused a message: not authorized (0x87)"))
            let allowed = try sensor.register("ok/x")
            try sensor.publishAtLeastOnce(allowed, [1], messageID: 5)
        }

        @Test(
            "What the broker has said it does not take is told 0x03, and the connection stays",
            arguments: [
                ("max_qos 1", QualityOfService.exactlyOnce, false, 1),
                ("retain_available false", .atLeastOnce, true, 1),
                ("max_packet_size 80", .atLeastOnce, false, 100),
            ])
        func limits(option: String, qos: QualityOfService, retain: Bool, byteCount: Int) throws {
            let mosquitto = try MosquittoProcess(options: option)
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("t")
            let payload = [UInt8](repeating: 1, count: byteCount)
            try sensor.send(Datagram.publish(topicID, payload, qos: qos, retain: retain, messageID: 3))
            try sensor.expect(Datagram.publishAcknowledgement(topicID, 3, .notSupported))
            #expect(gateway.logs("as the broker has said when it was connected to"))
            try sensor.publishAtLeastOnce(topicID, [1], messageID: 4)
            #expect(!gateway.logs("client's broker connection lost", within: .zero))
        }

        @Test("More messages than the broker takes at once are told to wait, and the connection stays")
        func receiveMaximum() throws {
            let mosquitto = try MosquittoProcess(options: "max_inflight_messages 1")
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("t")
            // The broker has it, and waits for PUBREL.
            try sensor.send(Datagram.publish(topicID, [1], qos: .exactlyOnce, messageID: 1))
            try sensor.expect(Datagram.publishReceived(1))
            try sensor.send(Datagram.publish(topicID, [2], qos: .atLeastOnce, messageID: 2))
            try sensor.expect(Datagram.publishAcknowledgement(topicID, 2, .congestion))
            try sensor.send(Datagram.publishRelease(1))
            try sensor.expect(Datagram.publishComplete(1))
            try sensor.publishAtLeastOnce(topicID, [2], messageID: 2)
        }

        @Test("A broker that ends, with or without a word, is come back to", arguments: [false, true])
        func restart(isPersistent: Bool) throws {
            let mosquitto = try MosquittoProcess(isPersistent: isPersistent)
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s", cleanSession: false)
            let down = try sensor.subscribe("down", qos: .atLeastOnce)
            try mosquitto.restart()
            #expect(gateway.logs("client's broker connection restored"))
            let topicID = try sensor.register("t")
            try sensor.publishAtLeastOnce(topicID, [1], messageID: 1)
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            try publisher.publish(BrokerPublish(topic: "down", payload: [1], qos: .atLeastOnce))
            #expect(try sensor.expectPublish().topicID == down)
        }

        @Test(
            "§3.3.2.3.7 mosquitto hands on by which gateway and link a message came",
            .enabled(if: access("/usr/bin/mosquitto_sub", X_OK) == 0, "mosquitto-clients is not installed"))
        func userProperties() throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                "broker.protocol = \"5.0\"\nbroker.user_properties = [\"gateway\", \"link\"]")
            try #require(gateway.logs("broker connection open"))
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("t")
            // Retained, as nothing says when the observer has subscribed.
            try sensor.send(Datagram.publish(topicID, octets("x"), qos: .atLeastOnce, retain: true, messageID: 5))
            try sensor.expect(Datagram.publishAcknowledgement(topicID, 5))
            let directory = try TemporaryDirectory()
            let observer = try ChildProcess(
                "/usr/bin/mosquitto_sub",
                ["-V", "5", "-p", "\(mosquitto.port)", "-t", "t", "-C", "1", "-W", "20", "-F", "%t %p %P"],
                name: "mosquitto_sub", in: directory)
            try #require(observer.waitForExit() == .exited(0), "\(observer.errorOutput)")
            #expect(observer.output.hasPrefix("t x gateway:1 link:udp://127.0.0.1:"), "\(observer.output)")
        }

        @Test(
            "§3.1.3.2.2 The Will of a lasting session is not published over a crash of the gateway, where it is delayed",
            arguments: [0, 6])
        func willDelay(seconds: Int) throws {
            let mosquitto = try MosquittoProcess()
            func gateway() throws -> GatewayProcess {
                let gateway = try GatewayProcess(
                    brokerPort: mosquitto.port,
                    "broker.protocol = \"5.0\"\nbroker.will_delay_seconds = \(seconds)")
                try #require(gateway.logs("broker connection open"))
                return gateway
            }
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("#")
            let first = try gateway()
            let sensor = try Sensor(first.address)
            try sensor.connect("s", cleanSession: false, will: (topic: "w", message: "gone"), keepAlive: 60)
            first.process.kill(SIGKILL)
            let second = try gateway()
            let again = try Sensor(second.address)
            try again.connect("s", cleanSession: false, will: (topic: "w", message: "gone"), keepAlive: 60)
            // Longer than the delay; the Will would have been published by then.
            sleep(UInt32(seconds) + 1)
            let topicID = try again.register("t")
            try again.publishAtLeastOnce(topicID, [1], messageID: 5)
            let heard = try observer.expectMessage()
            #expect(heard.topic == (seconds == 0 ? "w" : "t"))
        }

        @Test("A sleeper does not get what has expired while it waited for it")
        func messageExpiry() throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.subscribe("t", qos: .atMostOnce)
            try sensor.send(Datagram.disconnect(duration: 60))
            try sensor.expect(Datagram.disconnect)
            let publisher = try Publisher5(port: mosquitto.port)
            try publisher.publish("t", [1], expirySeconds: 1)
            try publisher.publish("t", [2], expirySeconds: 600)
            // Longer than the first is good for.
            sleep(2)
            try sensor.send(Datagram.pingRequest("s"))
            let heard = try sensor.expectPublish()
            #expect(heard.payload == [2] && heard.topicID == topicID)
            try sensor.expect(Datagram.pingResponse)
            #expect(gateway.logs("message of 1 octets dropped: its time was up"))
        }
    }
}

/// A client of MQTT 5.0 that says how long its messages are good for.
private struct Publisher5 {
    private let socket: BlockingSocket

    init(port: UInt16) throws {
        let address = try SocketAddress.numeric("127.0.0.1", port)
        socket = try BlockingSocket(.stream, for: address)
        try socket.connect(to: address)
        let name = octets("publisher5")
        var packet: [UInt8] = []
        packet.appendPacket(
            Packet5(.connect(Connect(cleanSession: true, keepAliveSeconds: 0, clientID: name.indices))),
            from: name.span.bytes)
        try socket.write(packet)
    }

    func publish(_ topic: String, _ payload: [UInt8], expirySeconds: UInt32) throws {
        var properties: [UInt8] = []
        properties.append(property: .messageExpiryInterval, expirySeconds)
        let name = octets(topic)
        var packet: [UInt8] = []
        packet.appendPublishHeader(
            duplicate: false, qos: .atMostOnce, retain: false, topicName: name.span.bytes, packetID: 0,
            properties: properties.span.bytes, payloadByteCount: payload.count)
        try socket.write(packet + payload)
    }
}
