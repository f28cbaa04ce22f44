import GatewayCore
import GatewaySimulator
import Glibc
import LinkFraming
import MQTT
import MQTTSN
import SimulatorSupport
import Testing
import Time
import Transports

extension RealSocketTests {
    /// A serial line that goes away under clients in every state, and comes back, in front of a real broker.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct SerialLossTests {
        /// What is not there for a while: a radio module, its network, of which it may say nothing unless it is to send or
        /// is asked, or a wire with a forwarder at its end.
        enum Loss: CaseIterable {
            case module
            case network
            case networkInSilence
            case wire
        }

        /// In seconds; longer than Tretry × (Nretry + 1), and than any keep-alive time and sleep here with its tolerance.
        /// `SWIFTLET_ABSENCE_SECONDS=60 swift test --filter SerialLossTests` lets the line be away for longer.
        private static let absence = ProcessControl.environment("SWIFTLET_ABSENCE_SECONDS").flatMap { UInt32($0) } ?? 6
        /// Tretry and Nretry, as owners of radios would have them where there is time for it.
        private static let (retryInterval, retryCount) = absence >= 30 ? (2, 3) : (1, 1)

        private let mosquitto: MosquittoProcess
        private let broker: BrokerSideClient
        private let radio: RadioOnTerminal
        private let wire: WireOnTerminal

        init() throws {
            mosquitto = try MosquittoProcess()
            broker = try BrokerSideClient(port: mosquitto.port, "observer")
            try broker.subscribe("wills/#")
            var configuration = SimulatedRadioConfiguration()
            configuration.longestFlight = .milliseconds(10)
            radio = try RadioOnTerminal(configuration)
            wire = try WireOnTerminal(.hdlc)
        }

        private func gateway(_ loss: Loss) throws -> GatewayProcess {
            let device = loss == .wire ? wire.device : radio.device
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                """
                [[serial]]
                device = "\(device)"
                framing = "\(loss == .wire ? "hdlc" : "xbee")"
                speed = 115200
                broadcast = false
                forwarding = true
                retry_interval_seconds = \(Self.retryInterval)
                retry_count = \(Self.retryCount)
                """)
            try #require(eventually { comings(loss, in: gateway) == 1 })
            return gateway
        }

        /// How often the line was there.
        private func comings(_ loss: Loss, in gateway: GatewayProcess) -> Int {
            gateway.log.count {
                $0.contains(loss == .wire ? "serial line \(wire.device) open" : "\(radio.device) is ready")
            }
        }

        private func goesAway(_ loss: Loss) {
            switch loss {
            case .module: radio.unplug()
            case .network: radio.leaveNetwork(saysSo: true)
            case .networkInSilence: radio.leaveNetwork(saysSo: false)
            case .wire: wire.unplug()
            }
        }

        private func returns(_ loss: Loss) throws {
            switch loss {
            case .module: try radio.plugInAgain()
            case .network: radio.joinNetwork(saysSo: true)
            case .networkInSilence: radio.joinNetwork(saysSo: false)
            case .wire: try wire.plugInAgain()
            }
        }

        /// A client that answers what it hears, and remembers each message once.
        private final class Client {
            let name: String
            let sensor: Sensor
            /// The rhythm of its life, which is short enough for the absence to end it.
            let seconds: UInt16 = 2
            var isAsleep = false
            private(set) var received: [String] = []
            private(set) var completed: Set<UInt16> = []
            private var begun: [UInt16: String] = [:]

            init(_ name: String, on wire: any SensorWire) throws {
                (self.name, sensor) = (name, Sensor(on: wire))
                try sensor.connect(name, will: (topic: "wills/\(name)", message: "lost"), keepAlive: seconds)
                try sensor.subscribe("to/\(name)", qos: .exactlyOnce)
            }

            func sleeps() throws {
                try sensor.send(Datagram.disconnect(duration: seconds))
                try sensor.expect(Datagram.disconnect)
                isAsleep = true
            }

            /// Says that it is there, as its state has it.
            func speaks() throws {
                try sensor.send(isAsleep ? Datagram.pingRequest(name) : Datagram.pingRequest)
            }

            /// Answers all that has come.
            func listens() throws {
                while let heard = try sensor.hear(within: .milliseconds(5)) { try takes(heard) }
            }

            func takes(_ heard: [UInt8]) throws {
                switch try Message.decode(heard.span.bytes) {
                case .publish(let publish):
                    let payload = String(decoding: heard[publish.data], as: UTF8.self)
                    if publish.flags.qos == .exactlyOnce {
                        begun[publish.messageID] = payload
                        try sensor.send(Datagram.publishReceived(publish.messageID))
                    } else {
                        if !publish.flags.duplicate || !received.contains(payload) { received.append(payload) }
                        try sensor.send(Datagram.publishAcknowledgement(publish.topicID, publish.messageID))
                    }
                case .publishRelease(let messageID):
                    if let payload = begun.removeValue(forKey: messageID) { received.append(payload) }
                    try sensor.send(Datagram.publishComplete(messageID))
                case .publishReceived(let messageID): try sensor.send(Datagram.publishRelease(messageID))
                case .publishComplete(let messageID): completed.insert(messageID)
                case .pingResponse: break
                default: Issue.record("\(name) heard \(Sensor.describe(heard))")
                }
            }
        }

        private func publish(_ payload: String, to name: String, _ qos: DeliveryQoS) throws {
            try broker.publish(BrokerPublish(topic: "to/\(name)", payload: octets(payload), qos: qos))
        }

        @Test(arguments: Loss.allCases) func nobodyIsLostWithTheLine(loss: Loss) throws {
            let gateway = try gateway(loss)
            let names = ["active", "asleep", "awake", "once", "twice", "uplink"]
            var clients: [String: Client] = [:]
            for (number, name) in names.enumerated() {
                let node: any SensorWire = loss == .wire ? wire.node(UInt8(number)) : radio.node(number)
                clients[name] = try Client(name, on: node)
            }
            let uplink = try #require(clients["uplink"])
            let topicID = try uplink.sensor.register("up")

            // One sleeps, one has woken up and been sent a message, one is within each kind of exchange downwards, and
            // one in one upwards.
            for name in ["asleep", "awake"] { try clients[name]?.sleeps() }
            try publish("early", to: "awake", .atLeastOnce)
            try publish("early", to: "once", .atLeastOnce)
            try publish("early", to: "twice", .exactlyOnce)
            try #require(clients["once"]?.sensor.expectPublish().payload == octets("early"))
            let twice = try #require(clients["twice"])
            try twice.takes(#require(try twice.sensor.hear()))
            guard case .publishRelease? = try twice.sensor.hear().map({ try Message.decode($0.span.bytes) }) else {
                Issue.record("no PUBREL")
                return
            }
            let awake = try #require(clients["awake"])
            try awake.speaks()
            try #require(awake.sensor.expectPublish().payload == octets("early"))
            try uplink.sensor.send(Datagram.publish(topicID, octets("up"), qos: .exactlyOnce, messageID: 77))
            try uplink.sensor.expect(Datagram.publishReceived(77))

            goesAway(loss)
            for name in names {
                try publish("late 1", to: name, .atLeastOnce)
                try publish("late 2", to: name, .exactlyOnce)
            }
            sleep(Self.absence)
            try returns(loss)
            #expect(eventually { comings(loss, in: gateway) == 2 })

            try uplink.sensor.send(Datagram.publishRelease(77))
            let deadline = Deadline(in: generous)
            var lastSpoken: UInt64 = 0
            func isComplete(_ name: String) -> Bool {
                let early = ["awake", "once", "twice"].contains(name) ? ["early"] : []
                return clients[name]?.received.sorted() == early + ["late 1", "late 2"]
            }
            while !names.allSatisfy(isComplete) || !uplink.completed.contains(77), !deadline.hasPassed {
                if MonotonicClock.now() - lastSpoken > 1_000_000_000 {
                    for name in names { try clients[name]?.speaks() }
                    lastSpoken = MonotonicClock.now()
                }
                for name in names { try clients[name]?.listens() }
            }
            for name in names { #expect(isComplete(name), "\(name) has \(clients[name]?.received ?? [])") }
            #expect(uplink.completed == [77])
            #expect(!gateway.process.errorOutput.contains("client lost"))
            try broker.expectNothingMore()
        }
    }
}
