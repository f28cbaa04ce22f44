import Glibc
import MQTT
import MQTTSN
import Testing

extension RealSocketTests {
    /// Sensors of one firmware, with topics of the same names, each below a prefix of its own, in front of a real broker
    /// that lets none of them leave it (`client.topic_prefix`).
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoPrefixTests {
        private let mosquitto: MosquittoProcess
        private let gateway: GatewayProcess
        private let observer: BrokerSideClient
        private let sensors: [Sensor]

        init() throws {
            // Who has no name, as the observer, sees all; the others their own.
            mosquitto = try MosquittoProcess(accessList: "topic readwrite own/#\npattern readwrite own/%u/#\n")
            gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                """
                gateway.qos_minus_one = "on"
                [[client]]
                username = "${client_id}"
                topic_prefix = "own/${client_id}/"
                """)
            try #require(gateway.logs("broker connection open"))
            observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("own/#")
            sensors = [try Sensor(gateway.address), try Sensor(gateway.address)]
            for (sensor, name) in zip(sensors, ["s1", "s2"]) { try sensor.connect(name) }
        }

        /// Nothing has come: what had would be before the answer.
        private func hearsNothing(_ sensor: Sensor) throws {
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
        }

        @Test("AMB-39 Two sensors that publish and subscribe to one name do not hear each other")
        func apart() throws {
            let ids = try sensors.map { try $0.subscribe("t", qos: .atMostOnce) }
            for (index, sensor) in sensors.enumerated() {
                let payload = octets("of \(index)")
                try sensor.send(Datagram.publish(ids[index], payload))
                #expect(try sensor.expectPublish() == HeardPublish(topicID: ids[index], payload: payload))
                #expect(try observer.expectMessage() == BrokerPublish(topic: "own/s\(index + 1)/t", payload: payload))
                try hearsNothing(sensors[1 - index])
            }
        }

        @Test("AMB-39 Wildcards, shared subscriptions and what is retained come without the prefix, and no others come")
        func down() throws {
            try observer.publish(BrokerPublish(topic: "own/s1/kept/x", payload: [1], retain: true))
            _ = try observer.expectMessage()
            try sensors[0].subscribe("kept/#", qos: .atMostOnce, messageID: 3)
            let kept = try sensors[0].acceptRegister("kept/x")
            #expect(try sensors[0].expectPublish() == HeardPublish(topicID: kept, retain: true, payload: [1]))
            try sensors[1].subscribe("$share/g/+/y", qos: .atMostOnce, messageID: 3)
            try observer.publish(BrokerPublish(topic: "own/s2/a/y", payload: [2]))
            let shared = try sensors[1].acceptRegister("a/y")
            #expect(try sensors[1].expectPublish() == HeardPublish(topicID: shared, payload: [2]))
            try observer.publish(BrokerPublish(topic: "own/s1/a/y", payload: [3]))
            for sensor in sensors { try hearsNothing(sensor) }
        }

        @Test("AMB-39 Wills, and QoS −1 of a sensor that is connected, stand behind the prefix at the broker")
        func willAndMinusOne() throws {
            try sensors[0].send(Datagram.publish(0x7A7A, [1], type: .shortName, qos: .minusOne))
            #expect(try observer.expectMessage() == BrokerPublish(topic: "own/s1/zz", payload: [1]))
            let lost = try Sensor(gateway.address)
            try lost.connect("s3", will: (topic: "w", message: "gone"), keepAlive: 1)
            #expect(
                try observer.expectMessage()
                    == BrokerPublish(topic: "own/s3/w", payload: octets("gone"), qos: .atLeastOnce))
        }
    }
}
