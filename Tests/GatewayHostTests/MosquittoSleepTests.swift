import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// Sleepers in front of a real broker, while the gateway or the broker dies (MQTT-SN 1.2 §6.14, GW-69, GW-77).
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoSleepTests {
        /// Connects, subscribes to "t" and falls asleep for ten minutes.
        private func sleeper(_ gateway: GatewayProcess, qos: QualityOfService) throws -> Sensor {
            let sensor = try Sensor(gateway.address)
            try sensor.connect("s", cleanSession: false)
            try sensor.subscribe("t", qos: qos)
            try sensor.send(Datagram.disconnect(duration: 600))
            try sensor.expect(Datagram.disconnect)
            return sensor
        }

        private func publish(_ numbers: ClosedRange<UInt8>, qos: DeliveryQoS, to mosquitto: MosquittoProcess) throws {
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            for number in numbers { try publisher.publish(BrokerPublish(topic: "t", payload: [number], qos: qos)) }
        }

        /// Takes part in every exchange until `count` messages have come; returns them in the order of their arrival.
        private func take(_ count: Int, from sensor: Sensor) throws -> [HeardPublish] {
            var taken: [HeardPublish] = []
            while taken.count < count {
                let heard = try #require(try sensor.hear(), "message \(taken.count + 1) of \(count)")
                switch try Message.decode(heard.span.bytes) {
                case .register(let register):
                    try sensor.send(
                        Datagram.registerAcknowledgement(register.topicID, register.messageID, .accepted))
                case .publish(let publish):
                    taken.append(
                        HeardPublish(
                            topicID: publish.topicID, qos: publish.flags.qos, retain: publish.flags.retain,
                            duplicate: publish.flags.duplicate, messageID: publish.messageID,
                            payload: Array(heard[publish.data])))
                    try answer(publish, sensor)
                case .pingResponse:
                    // It woke before the broker's messages had reached the gateway.
                    try sensor.send(Datagram.pingRequest("s"))
                default: Issue.record("heard \(Sensor.describe(heard))")
                }
            }
            return taken
        }

        /// Acknowledges a PUBLISH, at QoS 2 through to the PUBCOMP.
        private func answer(_ publish: MQTTSN.Publish, _ sensor: Sensor) throws {
            guard publish.flags.qos == .exactlyOnce else {
                return try sensor.send(Datagram.publishAcknowledgement(publish.topicID, publish.messageID))
            }
            try sensor.send(Datagram.publishReceived(publish.messageID))
            try sensor.expect(Datagram.publishRelease(publish.messageID))
            try sensor.send(Datagram.publishComplete(publish.messageID))
        }

        /// AMB-14: what the sensor has not acknowledged is the broker's still, so a gateway that is killed loses
        /// nothing.
        @Test(arguments: [DeliveryQoS.atLeastOnce, .exactlyOnce])
        func aKilledGatewayLosesNothingOfASleeper(qos: DeliveryQoS) throws {
            let mosquitto = try MosquittoProcess()
            let first = try GatewayProcess(brokerPort: mosquitto.port)
            _ = try sleeper(first, qos: qos == .atLeastOnce ? .atLeastOnce : .exactlyOnce)
            try publish(1...50, qos: qos, to: mosquitto)
            first.process.kill(SIGKILL)
            let second = try GatewayProcess(brokerPort: mosquitto.port)
            let sensor = try Sensor(second.address)
            #expect(try eventually { try sensor.tryToConnect("s") })
            let taken = try take(50, from: sensor)
            #expect(taken.map(\.payload) == (1...50).map { [$0] })
            try sensor.expectNothing(for: .milliseconds(50))
        }

        /// The same in the middle of a wake-up: what was acknowledged does not come again, what was not does.
        @Test func aGatewayKilledDuringAWakeUpLosesNothing() throws {
            let mosquitto = try MosquittoProcess()
            let first = try GatewayProcess(brokerPort: mosquitto.port)
            let before = try sleeper(first, qos: .atLeastOnce)
            try publish(1...30, qos: .atLeastOnce, to: mosquitto)
            try before.send(Datagram.pingRequest("s"))
            let early = try take(10, from: before)
            first.process.kill(SIGKILL)
            let second = try GatewayProcess(brokerPort: mosquitto.port)
            let after = try Sensor(second.address)
            #expect(try eventually { try after.tryToConnect("s") })
            var seen = early.map { $0.payload[0] }
            while Set(seen).count < 30 { seen += try take(1, from: after).map { $0.payload[0] } }
            // Of the ten, the last acknowledgements may have died with the gateway: QoS 1 allows them twice.
            #expect(seen.filter { $0 > 10 }.count >= 20)
            #expect(Set(seen) == Set(1...30))
        }

        /// GW-86: the sleeper does not notice that the broker was away.
        @Test func aSleeperSleepsThroughARestartOfTheBroker() throws {
            let mosquitto = try MosquittoProcess(isPersistent: true)
            let gateway = try GatewayProcess(brokerPort: mosquitto.port)
            let sensor = try sleeper(gateway, qos: .atLeastOnce)
            try publish(1...5, qos: .atLeastOnce, to: mosquitto)
            try mosquitto.restart()
            #expect(gateway.logs("client's broker connection restored"))
            try publish(6...10, qos: .atLeastOnce, to: mosquitto)
            try sensor.expectNothing(for: .milliseconds(500))
            try sensor.send(Datagram.pingRequest("s"))
            let taken = try take(10, from: sensor)
            #expect(taken.map(\.payload) == (1...10).map { [$0] })
            try sensor.expect(Datagram.pingResponse)
        }

        /// AMB-33: a retained message comes with every new subscription, after a reconnect too.
        @Test func retainedMessagesComeAgainAfterAReconnect() throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try GatewayProcess(brokerPort: mosquitto.port)
            let publisher = try BrokerSideClient(port: mosquitto.port, "publisher")
            try publisher.publish(BrokerPublish(topic: "t", payload: [7], qos: .atLeastOnce, retain: true))
            let sensor = try Sensor(gateway.address)
            for _ in 0..<3 {
                try sensor.connect("s")
                try sensor.subscribe("t", qos: .atLeastOnce)
                let heard = try take(1, from: sensor)
                #expect(heard.map(\.payload) == [[7]] && heard.allSatisfy(\.retain))
                try sensor.send(Datagram.disconnect)
                try sensor.expect(Datagram.disconnect)
            }
        }
    }
}
