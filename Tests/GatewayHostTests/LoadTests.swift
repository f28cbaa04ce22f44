import Glibc
import MQTTSN
import SimulatorSupport
import Testing
import Transports

extension RealSocketTests {
    /// How much the gateway holds, and what it takes for that.
    @Suite(.serialized) struct LoadTests {
        /// How many clients the load check has; it runs only where somebody asks for it.
        private static let clientCount = ProcessControl.environment("SWIFTLET_LOAD_CLIENTS").flatMap { Int($0) }

        /// A broker that does not read cannot make the gateway grow: the rest is refused, not kept (GW-88).
        @Test func aBrokerThatDoesNotReadCostsBoundedMemory() throws {
            let broker = try ScriptedBroker(receiveBufferByteCount: 8_192)
            let gateway = try GatewayProcess(brokerPort: broker.address.port)
            try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            let topicID = try sensor.register("t")
            let payload = [UInt8](repeating: 0x55, count: 1_300)
            try publish(payload, topicID, sensor, untilRefused: 1)
            let before = try #require(gateway.process.residentMemoryByteCount)
            // 26 MB that nobody takes.
            try publish(payload, topicID, sensor, untilRefused: 20_000)
            let after = try #require(gateway.process.residentMemoryByteCount)
            #expect(after - before < 4_000_000, "grew by \(after - before)")
        }

        /// Publishes at QoS 0 until so many were refused with congestion.
        private func publish(_ payload: [UInt8], _ topicID: UInt16, _ sensor: Sensor, untilRefused count: Int) throws {
            let refusal = Datagram.publishAcknowledgement(topicID, 0, .congestion)
            var refusedCount = 0
            var sentCount = 0
            while refusedCount < count {
                try #require(sentCount < 100_000)
                try sensor.send(Datagram.publish(topicID, payload))
                sentCount += 1
                // Waits now and then, so that neither side's socket buffer runs over.
                while let heard = try sensor.hear(within: sentCount % 64 == 0 ? .milliseconds(2) : .zero) {
                    #expect(heard == refusal)
                    refusedCount += 1
                }
            }
        }

        /// Where no more files may be opened, those who are in stay in, and who comes when one has left gets in.
        @Test func clientsBeyondTheDescriptorsAreToldToWait() throws {
            let broker = try ScriptedBroker()
            let limit = 40
            let gateway = try GatewayProcess(brokerPort: broker.address.port, descriptorLimit: limit)
            try broker.acceptGateway()
            #expect(gateway.logs("only \(limit) files may be open"))
            var sensors: [Sensor] = []
            var answer: [UInt8]?
            while sensors.count < limit {
                let sensor = try Sensor(gateway.address)
                try sensor.send(Datagram.connect("s\(sensors.count)"))
                _ = try eventually {
                    answer = try sensor.hear(within: .zero)
                    return answer != nil || broker.hasConnectionWaiting
                }
                guard answer == nil else { break }
                try broker.acceptClient("s\(sensors.count)")
                try sensor.expect(Datagram.connectAcknowledgement(.accepted))
                sensors.append(sensor)
            }
            #expect(answer == Datagram.connectAcknowledgement(.congestion))
            try #require(!sensors.isEmpty)
            try sensors[0].send(Datagram.disconnect)
            try sensors[0].expect(Datagram.disconnect)
            let stream = broker.streams[1]
            #expect(try stream.hearsEnd())
            stream.end()
            let late = try Sensor(gateway.address)
            // The gateway sees the end of the connection in its own time.
            let isIn = try eventually {
                try late.send(Datagram.connect("late"))
                let isAnswered = try eventually(within: .seconds(1)) {
                    try broker.hasConnectionWaiting || late.hear(within: .zero) != nil
                }
                return isAnswered && broker.hasConnectionWaiting
            }
            try #require(isIn, "\(gateway.log.suffix(20).joined(separator: "\n"))")
            try broker.acceptClient("late")
            try late.expect(Datagram.connectAcknowledgement(.accepted))
        }

        /// `SWIFTLET_LOAD_CLIENTS=5000 swift test --filter manyClients`: connects so many clients, lets each publish
        /// once at QoS 1, and prints what that took. Uses the release build of `swiftlet` where there is one.
        @Test(.enabled(if: clientCount != nil, "set SWIFTLET_LOAD_CLIENTS to run it"))
        func manyClients() throws {
            let count = try #require(Self.clientCount)
            try #require(1...100_000 ~= count)
            let limits = ProcessLimits.raiseFileDescriptorLimit()
            try #require(UInt64(count) + 100 < limits.soft, "only \(limits.soft) files may be open")
            let mosquitto = try MosquittoProcess()
            let program = try #require(SwiftletCommand.fastestPath)
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port, "clients.maximum = \(max(count, 10_000))", program: program, level: "info")
            try #require(gateway.logs("broker reachable"))
            let crowd = try SensorCrowd(count, gateway.address)
            let memory = { try #require(gateway.process.residentMemoryByteCount) }

            let before = try memory()
            let accepted = Datagram.connectAcknowledgement(.accepted)
            let connecting = try crowd.exchange(
                window: 200, { Datagram.connect("load-\($0)", keepAlive: 3_600) }, answer: accepted)
            let connected = try memory()
            // A short topic name, so that nothing needs to be registered.
            let publish = Datagram.publish(
                0x6C64, [UInt8](repeating: 7, count: 32), type: .shortName, qos: .atLeastOnce, messageID: 1)
            let publishing = try crowd.exchange(
                window: 200, { _ in publish }, answer: Datagram.publishAcknowledgement(0x6C64, 1))
            let published = try memory()
            print(
                """
                load check: \(count) clients through \(program)
                  connect: \(connecting.seconds) s (\(connecting.repeatedCount) repeated)
                  publish at QoS 1: \(publishing.seconds) s (\(publishing.repeatedCount) repeated)
                  resident memory: \(before) octets before, \(connected) with all connected, \(published) at the end
                  per client: \((published - before) / count) octets
                """)
            #expect(connecting.answeredCount == count && connecting.otherAnswers.isEmpty)
            #expect(publishing.answeredCount == count && publishing.otherAnswers.isEmpty)
            let stopping = MonotonicClock.now()
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            print("  stopped in \((MonotonicClock.now() - stopping) / 1_000_000) ms")
            #expect(gateway.logs("counted client_connected=\(count)"))
        }
    }
}
