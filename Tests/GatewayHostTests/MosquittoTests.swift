import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// The built gateway in front of a real broker, seen from both sides over real sockets.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoTests {
        /// Pre-defined topics and QoS −1 on short names, for the tests of those.
        private static let configuration = """
            gateway.qos_minus_one = "on"
            [[topic]]
            id = 17
            name = "plant/door"
            """

        private let mosquitto: MosquittoProcess
        private let gateway: GatewayProcess

        init() throws {
            mosquitto = try MosquittoProcess()
            gateway = try GatewayProcess(brokerPort: mosquitto.port, Self.configuration)
            // QoS −1 is dropped until the gateway's own connection is there.
            try #require(gateway.logs("broker connection open"))
        }

        private func sensor(_ clientID: String) throws -> Sensor {
            let sensor = try Sensor(gateway.address)
            try sensor.connect(clientID)
            return sensor
        }

        private func observer(of filter: String) throws -> BrokerSideClient {
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe(filter)
            return observer
        }

        // MARK: Up

        @Test func publishesOfEachLevelReachTheBroker() throws {
            let observer = try observer(of: "up/#")
            let sensor = try sensor("s")
            let topicID = try sensor.register("up/a")

            try sensor.send(Datagram.publish(topicID, octets("zero")))
            #expect(try observer.expectMessage() == BrokerPublish(topic: "up/a", payload: octets("zero")))

            try sensor.publishAtLeastOnce(topicID, octets("one"), messageID: 8)
            #expect(
                try observer.expectMessage()
                    == BrokerPublish(topic: "up/a", payload: octets("one"), qos: .atLeastOnce))

            try sensor.send(Datagram.publish(topicID, octets("two"), qos: .exactlyOnce, messageID: 9))
            try sensor.expect(Datagram.publishReceived(9))
            try sensor.send(Datagram.publishRelease(9))
            try sensor.expect(Datagram.publishComplete(9))
            #expect(
                try observer.expectMessage()
                    == BrokerPublish(topic: "up/a", payload: octets("two"), qos: .exactlyOnce))
            try observer.expectNothingMore()
        }

        /// MQTT-SN 1.2 §6.8, GW-49: without a connection, and without an answer.
        @Test func publishesWithoutConnectionReachTheBroker() throws {
            let observer = try observer(of: "#")
            let stranger = try Sensor(gateway.address)
            try stranger.send(Datagram.publish(17, octets("open"), type: .predefined, qos: .minusOne))
            #expect(try observer.expectMessage() == BrokerPublish(topic: "plant/door", payload: octets("open")))
            try stranger.send(Datagram.publish(0x7A7A, octets("short"), type: .shortName, qos: .minusOne))
            #expect(try observer.expectMessage() == BrokerPublish(topic: "zz", payload: octets("short")))
            try observer.expectNothingMore()
        }

        @Test func predefinedAndShortTopicsWorkBothWays() throws {
            let observer = try observer(of: "#")
            let sensor = try sensor("s")
            try sensor.send(Datagram.publish(17, [1], type: .predefined, qos: .atLeastOnce, messageID: 1))
            try sensor.expect(Datagram.publishAcknowledgement(17, 1))
            #expect(try observer.expectMessage().topic == "plant/door")
            try sensor.send(Datagram.publish(0x7A7A, [2], type: .shortName, qos: .atLeastOnce, messageID: 2))
            try sensor.expect(Datagram.publishAcknowledgement(0x7A7A, 2))
            #expect(try observer.expectMessage().topic == "zz")

            try sensor.subscribe([0, 17], type: .predefined, qos: .atMostOnce, messageID: 3)
            try sensor.subscribe(octets("zz"), type: .shortName, qos: .atMostOnce, messageID: 4)
            try observer.publish(BrokerPublish(topic: "plant/door", payload: [3]))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: 17, type: .predefined, payload: [3]))
            try observer.publish(BrokerPublish(topic: "zz", payload: [4]))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: 0x7A7A, type: .shortName, payload: [4]))
        }

        // MARK: Down

        @Test func messagesOfEachLevelReachTheSensor() throws {
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            let sensor = try sensor("s")
            let topicID = try sensor.subscribe("down", qos: .exactlyOnce)

            try publisher.publish(BrokerPublish(topic: "down", payload: [0]))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: topicID, payload: [0]))

            try publisher.publish(BrokerPublish(topic: "down", payload: [1], qos: .atLeastOnce))
            let one = try sensor.expectPublish()
            #expect(one.qos == .atLeastOnce && one.payload == [1] && one.messageID != 0)
            try sensor.send(Datagram.publishAcknowledgement(topicID, one.messageID))

            try publisher.publish(BrokerPublish(topic: "down", payload: [2], qos: .exactlyOnce))
            let two = try sensor.expectPublish()
            #expect(two.qos == .exactlyOnce && two.payload == [2] && two.messageID != 0)
            try sensor.send(Datagram.publishReceived(two.messageID))
            try sensor.expect(Datagram.publishRelease(two.messageID))
            try sensor.send(Datagram.publishComplete(two.messageID))
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
        }

        /// GW-56: what a wildcard brings is registered before it is delivered, once.
        @Test func aWildcardsTopicsAreRegisteredFirst() throws {
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            let sensor = try sensor("s")
            #expect(try sensor.subscribe("w/+", qos: .atMostOnce) == 0)
            try publisher.publish(BrokerPublish(topic: "w/a", payload: [1]))
            let first = try sensor.acceptRegister("w/a")
            #expect(try sensor.expectPublish() == HeardPublish(topicID: first, payload: [1]))
            try publisher.publish(BrokerPublish(topic: "w/a", payload: [2]))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: first, payload: [2]))
            try publisher.publish(BrokerPublish(topic: "w/b", payload: [3]))
            let second = try sensor.acceptRegister("w/b")
            #expect(second != first)
            #expect(try sensor.expectPublish() == HeardPublish(topicID: second, payload: [3]))
        }

        @Test func retainedMessagesPassBothWays() throws {
            let first = try sensor("first")
            let topicID = try first.register("kept")
            try first.send(Datagram.publish(topicID, [7], qos: .atLeastOnce, retain: true, messageID: 1))
            try first.expect(Datagram.publishAcknowledgement(topicID, 1))
            let second = try sensor("second")
            let subscribed = try second.subscribe("kept", qos: .atMostOnce)
            #expect(try second.expectPublish() == HeardPublish(topicID: subscribed, retain: true, payload: [7]))
        }

        // MARK: Connections

        /// GW-62: keep alive 1 s and half as much again; the broker publishes the Will because nobody said goodbye.
        @Test func aLostClientsWillIsPublished() throws {
            let observer = try observer(of: "wills/#")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s", will: (topic: "wills/s", message: "gone"), keepAlive: 1)
            let expected = BrokerPublish(topic: "wills/s", payload: octets("gone"), qos: .atLeastOnce)
            #expect(try observer.expectMessage() == expected)
            #expect(gateway.logs("client lost"))
        }

        @Test func aDisconnectedClientsWillIsNotPublished() throws {
            let observer = try observer(of: "#")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s", will: (topic: "wills/s", message: "gone"), keepAlive: 60)
            try sensor.send(Datagram.disconnect)
            try sensor.expect(Datagram.disconnect)
            // Whoever follows under the same name comes after the end of the former connection.
            let next = try self.sensor("s")
            let topicID = try next.register("t")
            try next.publishAtLeastOnce(topicID, [1], messageID: 1)
            #expect(try observer.expectMessage().topic == "t")
        }

        /// No Will is published for clients of a gateway that is stopped (exit 0, within a second).
        @Test func aStoppedGatewayPublishesNoWill() throws {
            let observer = try observer(of: "#")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s", will: (topic: "wills/s", message: "gone"), keepAlive: 60)
            gateway.process.kill(SIGTERM)
            try sensor.expect(Datagram.disconnect)
            #expect(gateway.process.waitForExit() == .exited(0))
            try observer.publish(BrokerPublish(topic: "after", payload: []))
            #expect(try observer.expectMessage().topic == "after")
        }

        /// A gateway that dies is noticed by the broker: then the Wills speak.
        @Test func aKilledGatewaysWillsArePublished() throws {
            let observer = try observer(of: "wills/#")
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s", will: (topic: "wills/s", message: "gone"), keepAlive: 60)
            gateway.process.kill(SIGKILL)
            #expect(try observer.expectMessage().payload == octets("gone"))
        }

        /// What waited at the broker for an absent client reaches it where it comes back.
        @Test func aSessionIsResumedFromAnotherAddress() throws {
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            let before = try Sensor(gateway.address)
            try before.connect("s", cleanSession: false)
            let topicID = try before.subscribe("q", qos: .atLeastOnce)
            try before.send(Datagram.disconnect)
            try before.expect(Datagram.disconnect)
            for number in 1...3 {
                try publisher.publish(BrokerPublish(topic: "q", payload: [UInt8(number)], qos: .atLeastOnce))
            }
            let after = try Sensor(gateway.address)
            try after.connect("s", cleanSession: false)
            for number in 1...3 {
                let heard = try receive(after, registering: "q")
                #expect(heard.payload == [UInt8(number)] && heard.qos == .atLeastOnce)
                #expect(heard.topicID == topicID)
                try after.send(Datagram.publishAcknowledgement(heard.topicID, heard.messageID))
            }
            #expect(gateway.logs("client connected, session resumed"))
        }

        /// The next PUBLISH, which may be announced by a REGISTER of `topic` first.
        private func receive(_ sensor: Sensor, registering topic: String) throws -> HeardPublish {
            let heard = try #require(try sensor.hear())
            switch try Message.decode(heard.span.bytes) {
            case .register(let register):
                #expect(Array(heard[register.topicName]) == octets(topic))
                try sensor.send(Datagram.registerAcknowledgement(register.topicID, register.messageID, .accepted))
                return try sensor.expectPublish()
            case .publish(let publish):
                return HeardPublish(
                    topicID: publish.topicID, type: publish.flags.topicIDType, qos: publish.flags.qos,
                    retain: publish.flags.retain, duplicate: publish.flags.duplicate, messageID: publish.messageID,
                    payload: Array(heard[publish.data]))
            default:
                Issue.record("heard \(Sensor.describe(heard))")
                throw NothingCame(awaited: "PUBLISH")
            }
        }

        /// GW-89: who connects under a name last has it; the former address hears nothing more.
        @Test func aSecondAddressTakesTheConnectionOver() throws {
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            let former = try sensor("s")
            try former.subscribe("t", qos: .atMostOnce)
            let latter = try sensor("s")
            let topicID = try latter.subscribe("t", qos: .atMostOnce)
            try publisher.publish(BrokerPublish(topic: "t", payload: [1]))
            #expect(try latter.expectPublish() == HeardPublish(topicID: topicID, payload: [1]))
            try former.expectNothing(for: .milliseconds(50))
            // To the gateway it is a stranger now (GW-65).
            try former.send(Datagram.pingRequest)
            try former.expect(Datagram.disconnect)
            try latter.send(Datagram.pingRequest)
            try latter.expect(Datagram.pingResponse)
        }

        /// MQTT-SN 1.2 §6.14: what comes for a sleeper waits for its PINGREQ.
        @Test func aSleeperGetsItsMessagesWhenItWakes() throws {
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            let sensor = try sensor("s")
            let topicID = try sensor.subscribe("t", qos: .atLeastOnce)
            try sensor.send(Datagram.disconnect(duration: 600))
            try sensor.expect(Datagram.disconnect)
            for number in UInt8(1)...3 {
                try publisher.publish(BrokerPublish(topic: "t", payload: [number], qos: .atLeastOnce))
            }
            try sensor.expectNothing(for: .milliseconds(500))
            try sensor.send(Datagram.pingRequest("s"))
            for number in UInt8(1)...3 {
                let heard = try sensor.expectPublish()
                let expected = HeardPublish(
                    topicID: topicID, qos: .atLeastOnce, messageID: heard.messageID, payload: [number])
                #expect(heard == expected)
                try sensor.send(Datagram.publishAcknowledgement(topicID, heard.messageID))
            }
            try sensor.expect(Datagram.pingResponse)
        }

        // MARK: Amounts

        /// Nothing lost, nothing twice, nothing out of order.
        @Test func twoClientsExchangeTwoHundredMessages() throws {
            let sender = try sensor("sender")
            let receiver = try sensor("receiver")
            let incoming = try receiver.subscribe("chat", qos: .atLeastOnce)
            let outgoing = try sender.register("chat")
            for number in UInt16(1)...200 {
                let payload = octets("message \(number)")
                try sender.publishAtLeastOnce(outgoing, payload, messageID: number)
                let heard = try receiver.expectPublish()
                let expected = HeardPublish(
                    topicID: incoming, qos: .atLeastOnce, messageID: heard.messageID, payload: payload)
                #expect(heard == expected)
                try receiver.send(Datagram.publishAcknowledgement(incoming, heard.messageID))
            }
            try receiver.send(Datagram.pingRequest)
            try receiver.expect(Datagram.pingResponse)
        }

        /// Both at the same time, with several publishes under way.
        @Test func twoClientsTalkAtOnce() throws {
            let names = ["left", "right"]
            let ends = try names.map { try sensor($0) }
            let incoming = try zip(ends, names).map { try $0.subscribe("to/\($1)", qos: .atLeastOnce) }
            let outgoing = try zip(ends, names.reversed()).map { try $0.register("to/\($1)", messageID: 3) }
            for round in 0..<20 {
                for (end, topicID) in zip(ends, outgoing) {
                    for number in 0..<5 {
                        let messageID = UInt16(100 + round * 5 + number)
                        try end.send(
                            Datagram.publish(
                                topicID, octets("\(messageID)"), qos: .atLeastOnce, messageID: messageID))
                    }
                }
                for index in 0...1 {
                    try expectFive(ends[index], round: round, incoming: incoming[index], outgoing: outgoing[index])
                }
            }
        }

        /// Hears five PUBACKs and five PUBLISHes, each in order, however they are mixed.
        private func expectFive(_ sensor: Sensor, round: Int, incoming: UInt16, outgoing: UInt16) throws {
            let expected = (0..<5).map { UInt16(100 + round * 5 + $0) }
            var acknowledged: [UInt16] = []
            var received: [UInt16] = []
            while acknowledged.count < 5 || received.count < 5 {
                let heard = try #require(try sensor.hear())
                switch try Message.decode(heard.span.bytes) {
                case .publishAcknowledgement(let answer):
                    #expect(answer.returnCode == .accepted && answer.topicID == outgoing)
                    acknowledged.append(answer.messageID)
                case .publish(let publish):
                    let text = String(decoding: heard[publish.data], as: UTF8.self)
                    received.append(try #require(UInt16(text)))
                    try sensor.send(Datagram.publishAcknowledgement(incoming, publish.messageID))
                default: Issue.record("heard \(Sensor.describe(heard))")
                }
            }
            #expect(acknowledged == expected)
            #expect(received == expected)
        }

        @Test func largePayloadsPassBothWays() throws {
            let observer = try observer(of: "large/up")
            let sensor = try sensor("s")
            let payload = (0..<1_300).map { UInt8(truncatingIfNeeded: $0) }
            let topicID = try sensor.register("large/up")
            try sensor.publishAtLeastOnce(topicID, payload, messageID: 1)
            #expect(try observer.expectMessage().payload == payload)
            let incoming = try sensor.subscribe("large/down", qos: .atLeastOnce)
            try observer.publish(BrokerPublish(topic: "large/down", payload: payload))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: incoming, payload: payload))
        }

        /// GW-08: what does not fit the link's longest datagram is dropped and told in the log; the rest goes on, and
        /// the broker is not left waiting for its acknowledgement.
        @Test func payloadsBeyondTheLinkAreDropped() throws {
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            let sensor = try sensor("s")
            let topicID = try sensor.subscribe("t", qos: .exactlyOnce)
            // 1,400 octets in all: four of header in the long form and five of fields leave 1,391.
            for qos in [DeliveryQoS.atMostOnce, .atLeastOnce, .exactlyOnce] {
                try publisher.publish(BrokerPublish(topic: "t", payload: [UInt8](repeating: 1, count: 1_392), qos: qos))
            }
            let longest = [UInt8](repeating: 2, count: 1_391)
            try publisher.publish(BrokerPublish(topic: "t", payload: longest))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: topicID, payload: longest))
            let line = "message of 1392 octets dropped: it does not fit the client's link client=s"
            #expect(eventually { gateway.log.count { $0.contains(line) } == 3 })
        }
    }
}
