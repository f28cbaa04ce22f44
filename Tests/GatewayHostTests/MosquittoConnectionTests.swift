import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// Brokers that are stopped and started again while clients are connected.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoRestartTests {
        /// GW-86: a broker that comes back without its memory is told again what the clients subscribed to.
        @Test(arguments: [false, true]) func clientsSurviveARestartOfTheBroker(isPersistent: Bool) throws {
            let mosquitto = try MosquittoProcess(isPersistent: isPersistent)
            let gateway = try GatewayProcess(brokerPort: mosquitto.port)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s", cleanSession: false)
            let topicID = try sensor.subscribe("t", qos: .atLeastOnce)
            try mosquitto.restart()
            #expect(gateway.logs("client's broker connection restored"))
            // The subscription is asked for after the CONNACK, and this is answered after it.
            let up = try sensor.register("up")
            try sensor.publishAtLeastOnce(up, [9], messageID: 40)
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            try publisher.publish(BrokerPublish(topic: "t", payload: [1], qos: .atLeastOnce))
            let heard = try sensor.expectPublish()
            #expect(heard.payload == [1] && heard.topicID == topicID)
            try sensor.send(Datagram.publishAcknowledgement(topicID, heard.messageID))
        }

        /// What waits for an absent client outlives the broker's restart where the broker persists it.
        @Test func queuedMessagesOutliveARestartOfTheBroker() throws {
            let mosquitto = try MosquittoProcess(isPersistent: true)
            let gateway = try GatewayProcess(brokerPort: mosquitto.port)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s", cleanSession: false)
            try sensor.subscribe("t", qos: .atLeastOnce)
            try sensor.send(Datagram.disconnect)
            try sensor.expect(Datagram.disconnect)
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            try publisher.publish(BrokerPublish(topic: "t", payload: [1], qos: .atLeastOnce))
            try mosquitto.restart()
            #expect(try eventually { try sensor.tryToConnect("s") })
            let topicID = try sensor.acceptRegister("t")
            let heard = try sensor.expectPublish()
            #expect(heard.payload == [1] && heard.topicID == topicID)
        }
    }

    /// What the broker asks of the connections themselves.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoConnectionTests {
        private static let credentials = (username: "gateway", password: "secret")

        @Test(arguments: ["3.1.1", "5.0"]) func theGatewaysCredentialsLetItsClientsIn(version: String) throws {
            let mosquitto = try MosquittoProcess(credentials: Self.credentials)
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                """
                broker.username = 'gateway'
                broker.password = 'secret'
                broker.protocol = '\(version)'
                """)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("t")
            try sensor.publishAtLeastOnce(topicID, [1], messageID: 1)
            #expect(mosquitto.hasClient("s", version: version))
        }

        /// AMB-17: the credentials are the gateway's own, so no sensor is told that for good; the owner finds the reason
        /// in the log, and nobody is led to a gateway whose broker refuses it.
        @Test(arguments: ["", "broker.username = 'gateway'\nbroker.password = 'wrong'"], ["3.1.1", "5.0"])
        func wrongCredentialsAreToldToClientAndOwner(configuration: String, version: String) throws {
            let mosquitto = try MosquittoProcess(credentials: Self.credentials)
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port, "broker.protocol = '\(version)'\n" + configuration)
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
            #expect(gateway.logs("broker answers, but refuses us"))
            #expect(!gateway.logs("broker reachable", within: .zero))
            let word = version == "3.1.1" ? "not authorised" : "not authorized (0x87)"
            #expect(gateway.logs("warn  broker refused a connection: \(word)"), "\(gateway.log)")
        }

        /// MQTT 3.1.1 §3.1.2.10: the broker cuts whoever is silent for one and a half keep-alive times.
        @Test func theGatewayKeepsQuietConnectionsAlive() throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, "broker.keep_alive_seconds = 1")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            try sensor.expectNothing(for: .seconds(3))
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
            #expect(!gateway.log.contains { $0.contains("connection lost") || $0.contains("closed a connection") })
        }
    }
}
