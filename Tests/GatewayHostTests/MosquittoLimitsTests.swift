import MQTT
import MQTTSN
import Testing

extension RealSocketTests {
    /// A mosquitto that takes little or forbids something, in both versions of MQTT: with 5.0 it says so, and with 3.1.1
    /// it has no words for that, so that it closes the connection, or does nothing.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoLimitsTests {
        private static let versions = ["3.1.1", "5.0"]

        private func gateway(
            _ mosquitto: MosquittoProcess, _ version: String, _ more: String = ""
        ) throws -> GatewayProcess {
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port, "broker.protocol = '\(version)'\n" + more)
            try #require(gateway.logs("broker connection open"))
            return gateway
        }

        /// Says one message until it is told 0x03, as clients do: again where there is no answer in time or one that is
        /// to wait, and after another CONNECT where the gateway has said goodbye, since a broker that keeps no session
        /// forgets QoS 2 with its connection.
        private func isRefused(_ publish: [UInt8], _ refusal: [UInt8], _ sensor: Sensor) throws -> Bool {
            var isTold = false
            _ = try eventually {
                try sensor.send(publish)
                let heard = try sensor.hear(within: .seconds(1))
                isTold = heard == refusal
                if heard == Datagram.disconnect {
                    _ = try eventually { try sensor.tryToConnectAnew("s") }
                }
                return isTold
            }
            return isTold
        }

        /// A broker that ends the connection on a message gets it no third time: its client is told 0x03 (AMB-35). With
        /// 5.0 it is not even sent.
        @Test(
            "AMB-35 What the broker forbids is told 0x03 once and for good, and then others go on",
            arguments: [
                ("max_qos 0", QualityOfService.atLeastOnce, false), ("max_qos 0", .exactlyOnce, false),
                ("max_qos 1", .exactlyOnce, false), ("retain_available false", .atLeastOnce, true),
            ], versions)
        func forbidden(limit: (option: String, qos: QualityOfService, retain: Bool), version: String) throws {
            let mosquitto = try MosquittoProcess(options: limit.option)
            let gateway = try gateway(mosquitto, version)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = UInt16(0x7474)
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("#", qos: .atMostOnce)
            let publish = Datagram.publish(
                topicID, [1], type: .shortName, qos: limit.qos, retain: limit.retain, messageID: 3)
            let refusal = Datagram.publishAcknowledgement(topicID, 3, .notSupported)
            #expect(try isRefused(publish, refusal, sensor), "\(gateway.log)")
            // The broker has ended two connections, or none.
            let arrivals = { mosquitto.log.lines.count { $0.contains(" as s (") } }
            let arrivalCount = arrivals()
            #expect(version == "5.0" ? arrivalCount == 1 : 3...5 ~= arrivalCount, "\(mosquitto.log)")
            // At once, and without another connection.
            try sensor.send(publish)
            try sensor.expect(refusal)
            #expect(eventually { mosquitto.hasClient("s", version: version) })
            // What the broker does take goes up.
            try sensor.send(Datagram.publish(topicID, [2], type: .shortName))
            #expect(try observer.expectMessage() == BrokerPublish(topic: "tt", payload: [2]))
            try observer.expectNothingMore()
            #expect(arrivals() == arrivalCount)
        }

        /// The owner of a broker that takes no QoS 1 may say so, and saves a client of 3.1.1 its two connections.
        @Test func whatTheOwnerSaysOfTheBrokerIsNotTried() throws {
            let mosquitto = try MosquittoProcess(options: "max_qos 0")
            let gateway = try gateway(mosquitto, "3.1.1", "broker.maximum_qos = 0")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("t")
            try sensor.publishAtLeastOnce(topicID, [1], messageID: 3, expecting: .notSupported)
            #expect(!gateway.logs("client's broker connection lost", within: .zero))
        }

        /// A subscription is granted what the broker has, and messages come at that level.
        @Test("max_qos 0: a subscription is granted QoS 0", arguments: versions)
        func grantedLess(version: String) throws {
            let mosquitto = try MosquittoProcess(options: "max_qos 0")
            let gateway = try gateway(mosquitto, version)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            try sensor.send(Datagram.subscribe(octets("t"), qos: .exactlyOnce, messageID: 2))
            let topicID = try sensor.expectSubscribeAcknowledgement(qos: .atMostOnce, messageID: 2)
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            try publisher.publish(BrokerPublish(topic: "t", payload: [5]))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: topicID, payload: [5]))
        }

        /// The broker says the next one when the last is acknowledged: all come, once and in order.
        @Test("max_inflight_messages 1: messages come down one after the other", arguments: versions)
        func oneAtATime(version: String) throws {
            let mosquitto = try MosquittoProcess(options: "max_inflight_messages 1")
            let gateway = try gateway(mosquitto, version)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.subscribe("t", qos: .exactlyOnce)
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            let levels: [DeliveryQoS] = [.atLeastOnce, .exactlyOnce, .atLeastOnce, .atLeastOnce, .exactlyOnce]
            for (number, qos) in levels.enumerated() {
                try publisher.publish(BrokerPublish(topic: "t", payload: [UInt8(number)], qos: qos))
            }
            for (number, qos) in levels.enumerated() {
                let heard = try sensor.expectPublish()
                #expect(heard.payload == [UInt8(number)] && heard.topicID == topicID)
                #expect(heard.qos.rawValue == qos.rawValue && !heard.duplicate)
                if qos == .atLeastOnce {
                    try sensor.send(Datagram.publishAcknowledgement(topicID, heard.messageID))
                } else {
                    try sensor.send(Datagram.publishReceived(heard.messageID))
                    try sensor.expect(Datagram.publishRelease(heard.messageID))
                    try sensor.send(Datagram.publishComplete(heard.messageID))
                }
            }
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
        }

        /// With 3.1.1 mosquitto 2.0.11 acknowledges what goes beyond and throws it away (its PUBREC has a code that 3.1.1
        /// has no place for), so that the owner has to see to it that nothing does.
        @Test("clients.exchanges keeps what mosquitto with max_inflight_messages 1 and 3.1.1 would lose")
        func oneUpAtATime() throws {
            let mosquitto = try MosquittoProcess(options: "max_inflight_messages 1")
            let gateway = try gateway(mosquitto, "3.1.1", "clients.exchanges = 1")
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("t", qos: .atMostOnce)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let topicID = try sensor.register("t")
            func publish(_ id: UInt16) throws {
                try sensor.send(Datagram.publish(topicID, [UInt8(id)], qos: .exactlyOnce, messageID: id))
            }
            try publish(1)
            try sensor.expect(Datagram.publishReceived(1))
            try publish(2)
            try sensor.expect(Datagram.publishAcknowledgement(topicID, 2, .congestion))
            // Under the id that was refused the same message would be taken for a copy for some time (AMB-24).
            for id in [UInt16(1), 3] {
                try sensor.send(Datagram.publishRelease(id))
                try sensor.expect(Datagram.publishComplete(id))
                #expect(try observer.expectMessage().payload == [UInt8(id)])
                guard id == 1 else { break }
                try publish(3)
                try sensor.expect(Datagram.publishReceived(3))
            }
            #expect(!gateway.logs("client's broker connection lost", within: .zero))
        }

        /// With 3.1.1 the broker acknowledges what it throws away, and grants what it never brings: no word of it says
        /// otherwise. Nothing forbidden passes, and what is allowed goes on over the same connection.
        @Test("An access list holds for sensors, up and down", arguments: versions)
        func accessList(version: String) throws {
            let mosquitto = try MosquittoProcess(
                accessList: "topic write up/ok\ntopic read down/ok\ntopic read up/#\ntopic write down/#\n")
            let gateway = try gateway(mosquitto, version)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s")
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("up/#", qos: .atMostOnce)
            let answer = version == "5.0" ? ReturnCode.notSupported : .accepted
            let forbidden = try sensor.register("up/forbidden")
            try sensor.publishAtLeastOnce(forbidden, [1], messageID: 5, expecting: answer)
            try sensor.publishAtLeastOnce(try sensor.register("up/ok"), [2], messageID: 6)
            #expect(try observer.expectMessage().payload == [2])
            try sensor.subscribe("down/forbidden", qos: .atMostOnce, messageID: 7)
            let topicID = try sensor.subscribe("down/ok", qos: .atMostOnce, messageID: 8)
            for name in ["down/forbidden", "down/ok"] {
                try observer.publish(BrokerPublish(topic: name, payload: octets(name)))
            }
            #expect(try sensor.expectPublish() == HeardPublish(topicID: topicID, payload: octets("down/ok")))
            #expect(!gateway.logs("client's broker connection lost", within: .zero))
        }
    }
}
