import MQTT
import MQTTSN
import Testing

extension RealSocketTests {
    /// Topics that a mosquitto of MQTT 5.0 is told by Topic Aliases, whose number it limits (`max_topic_alias`).
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoAliasTests {
        /// A broker and what the owner says, with the octets that 20 messages of QoS 1 and one octet on one topic of 24
        /// take: 31 each with 3.1.1, 32 with 5.0, and with an alias 35 the first and 11 each other.
        struct Row: Sendable, CustomTestStringConvertible {
            var version: String
            var option = ""
            var setting = ""
            var byteCount: Int
            var testDescription: String { "\(version) \(option) \(setting)" }
        }

        @Test(
            "§3.3.2.3.4 Messages at each level arrive on their topics, and topics that come again take fewer octets",
            arguments: [
                Row(version: "5.0", byteCount: 244), Row(version: "auto", option: "max_topic_alias 1", byteCount: 244),
                Row(version: "5.0", option: "max_topic_alias 0", byteCount: 640),
                Row(version: "5.0", setting: "broker.topic_aliases = 0", byteCount: 640),
                Row(version: "5.0", option: "max_topic_alias 65535", byteCount: 244),
                Row(version: "3.1.1", byteCount: 620),
            ])
        func aliases(row: Row) throws {
            let mosquitto = try MosquittoProcess(options: row.option)
            let proxy = try TestProxy()
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                """
                broker.protocol = "\(row.version)"
                proxy.url = "http://127.0.0.1:\(proxy.port)"
                \(row.setting)
                """)
            try #require(gateway.logs("broker connection open"))
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("farm/#")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("farm/soil/07/temperature")
            let start = proxy.byteCount
            for id in 1...UInt16(20) {
                try sensor.publishAtLeastOnce(topicID, [UInt8(id)], messageID: id)
                let message = BrokerPublish(
                    topic: "farm/soil/07/temperature", payload: [UInt8(id)], qos: .atLeastOnce)
                #expect(try observer.expectMessage() == message)
            }
            #expect(proxy.byteCount - start == row.byteCount)
            try speakOfMany(sensor, observer)
            #expect(!gateway.logs("client's broker connection lost", within: .zero))
        }

        /// Of more topics than there are aliases, so that some stand for another one from time to time.
        private func speakOfMany(_ sensor: Sensor, _ observer: BrokerSideClient) throws {
            let names = (0..<20).map { "farm/\($0)/level" }
            let topicIDs = try names.map { try sensor.register($0) }
            var id = UInt16(100)
            for qos in [DeliveryQoS.atMostOnce, .atLeastOnce, .exactlyOnce, .atLeastOnce, .atMostOnce] {
                for (name, topicID) in zip(names, topicIDs) {
                    id += 1
                    switch qos {
                    case .atMostOnce: try sensor.send(Datagram.publish(topicID, [1]))
                    case .atLeastOnce: try sensor.publishAtLeastOnce(topicID, [1], messageID: id)
                    case .exactlyOnce:
                        try sensor.send(Datagram.publish(topicID, [1], qos: .exactlyOnce, messageID: id))
                        try sensor.expect(Datagram.publishReceived(id))
                        try sensor.send(Datagram.publishRelease(id))
                        try sensor.expect(Datagram.publishComplete(id))
                    }
                    #expect(try observer.expectMessage() == BrokerPublish(topic: name, payload: [1], qos: qos))
                }
            }
        }
    }
}
