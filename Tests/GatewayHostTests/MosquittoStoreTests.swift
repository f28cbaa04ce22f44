import Glibc
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// A built gateway with a store is killed, ended and started again beside a real broker, and no client notices.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoStoreTests {
        /// Starts gateways one after the other on one store and one port.
        private final class Lives {
            let mosquitto: MosquittoProcess
            let store: TemporaryDirectory
            private(set) var gateway: GatewayProcess
            var address: SocketAddress { gateway.address }

            init() throws {
                (mosquitto, store) = (try MosquittoProcess(), try TemporaryDirectory())
                gateway = try Self.start(mosquitto, store, port: try ScriptedBroker.unusedPort())
            }

            private static func start(
                _ mosquitto: MosquittoProcess, _ store: TemporaryDirectory, port: UInt16
            ) throws -> GatewayProcess {
                try GatewayProcess(
                    brokerPort: mosquitto.port, "store.directory = \"\(store.path)\"\n",
                    listener: "udp://127.0.0.1:\(port)")
            }

            /// Ends the gateway by a signal and starts the next one where it was.
            func goOn(after signal: Int32) throws {
                let port = gateway.address.port
                gateway.process.kill(signal)
                _ = gateway.process.waitForExit()
                gateway = try Self.start(mosquitto, store, port: port)
            }
        }

        @Test(
            "GW-34 GW-42 GW-70 Whether the gateway is killed or ended, its clients go on where they were",
            arguments: [SIGKILL, SIGTERM])
        func unnoticed(signal: Int32) throws {
            let lives = try Lives()
            let active = try Sensor(lives.address)
            try active.connect("active", cleanSession: false)
            let topicID = try active.register("up")
            let down = try active.subscribe("down", qos: .atLeastOnce, messageID: 3)
            try active.send(Datagram.publish(topicID, octets("open"), qos: .exactlyOnce, messageID: 7))
            try active.expect(Datagram.publishReceived(7))
            let sleeper = try Sensor(lives.address)
            try sleeper.connect("sleeper", cleanSession: false)
            let held = try sleeper.subscribe("held", qos: .atLeastOnce)
            try sleeper.send(Datagram.disconnect(duration: 600))
            try sleeper.expect(Datagram.disconnect)
            try active.publishAtLeastOnce(try active.register("held", messageID: 8), octets("hello"), messageID: 9)
            try lives.goOn(after: signal)
            try active.send(Datagram.pingRequest)
            try active.expect(Datagram.pingResponse)
            // Its topic id is known, and stands for the same.
            try repeated(active, Datagram.publish(topicID, octets("one"), qos: .atLeastOnce, messageID: 10)) {
                $0 == Datagram.publishAcknowledgement(topicID, 10, .accepted)
            }
            // The exchange goes on where it stood.
            try repeated(active, Datagram.publishRelease(7)) { $0 == Datagram.publishComplete(7) }
            // A subscription is one, under its id.
            try repeated(active, Datagram.publish(down, octets("me"), qos: .atMostOnce, messageID: 0)) {
                $0.suffix(2) == octets("me")
            }
            // What the broker had not handed over yet comes with a later wake-up.
            try repeated(sleeper, Datagram.pingRequest("sleeper")) {
                guard case .publish(let publish)? = try? Message.decode($0.span.bytes) else { return false }
                #expect(publish.topicID == held)
                #expect(Array($0[publish.data]) == octets("hello"))
                return true
            }
        }

        /// Says something again until the answer comes, as any client does; what else it hears must be no farewell.
        private func repeated(_ sensor: Sensor, _ datagram: [UInt8], isAnswer: ([UInt8]) -> Bool) throws {
            let deadline = Deadline(in: generous)
            while !deadline.hasPassed {
                try sensor.send(datagram)
                while let heard = try sensor.hear(within: .milliseconds(300)) {
                    if isAnswer(heard) { return }
                    #expect(heard != Datagram.disconnect, "the client is told to connect")
                }
            }
            Issue.record("no answer to \(Sensor.describe(datagram))")
        }

        @Test(
            "A disk that takes nothing more stops all promises, or costs only what is kept", arguments: [true, false])
        func diskFails(isRefusing: Bool) throws {
            let (mosquitto, store) = (try MosquittoProcess(), try TemporaryDirectory())
            let policy = isRefusing ? "" : "store.on_error = \"memory\"\n"
            // A file takes 8 KiB, or 16; so does the log, which therefore says little.
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                "clients.id_bytes = 1024\nlog.client_lines_per_minute = 0\nstore.directory = \"\(store.path)\"\n\(policy)",
                level: "info", fileBlockLimit: 16)
            var silentCount = 0
            for number in 100..<124 where silentCount == 0 {
                let sensor = try Sensor(gateway.address)
                let name = String(repeating: "x", count: 1_000) + "\(number)"
                try sensor.send(Datagram.connect(name, cleanSession: false, keepAlive: 60))
                let answer = try sensor.hear(within: .seconds(2))
                if answer != Datagram.connectAcknowledgement(.accepted) { silentCount += 1 }
            }
            #expect(isRefusing == (silentCount > 0))
        }

        /// By hand with `SWIFTLET_KILLS=200`.
        private static var killCount: Int { getenv("SWIFTLET_KILLS").flatMap { Int(String(cString: $0)) } ?? 6 }

        @Test("Killed at random moments under traffic, the gateway loses nothing, doubles nothing and forgets nobody")
        func kills() throws {
            let lives = try Lives()
            let board = try StatusBoard(port: lives.mosquitto.port, "field")
            var sensors: [Publisher] = []
            for number in 0..<12 { sensors.append(try Publisher("p\(number)", lives.address)) }
            var random = SystemRandomNumberGenerator()
            for round in 0..<Self.killCount {
                let end = Deadline(in: .milliseconds(.random(in: 100...1_700, using: &random)))
                while !end.hasPassed { for sensor in sensors { try sensor.goOn() } }
                try lives.goOn(after: round % 4 == 3 ? SIGTERM : SIGKILL)
            }
            for sensor in sensors { try sensor.finish(lives.gateway) }
            #expect(sensors.allSatisfy { !$0.wasToldToConnect })
            let sent = sensors.flatMap(\.acknowledged).sorted()
            #expect(sent.count > Self.killCount)
            try sensors[0].publishEnd()
            try board.shows("end") { _ in true }
            let received = board.history.filter { $0.name != "end" }.map { "\($0.name)=\($0.payload)" }.sorted()
            let doubled = Dictionary(grouping: received, by: \.self).filter { $0.value.count > 1 }.keys
            #expect(doubled.filter { $0.contains("=2-") } == [], "doubled at QoS 2")
            #expect(Set(sent).subtracting(received) == [], "acknowledged, and lost")
        }
    }
}

/// A client that publishes one message after the other, at QoS 1 and 2, and repeats itself until it is answered.
private final class Publisher {
    private enum Step { case published, released }

    private let name: String
    private let sensor: Sensor
    private let topicID: UInt16
    private var messageID: UInt16 = 100
    private var step: Step?
    private var payload = ""
    private var saidAt = Deadline(in: .zero)
    private(set) var acknowledged: [String] = []
    private(set) var wasToldToConnect = false

    init(_ name: String, _ address: SocketAddress) throws {
        self.name = name
        sensor = try Sensor(address)
        try sensor.connect(name, cleanSession: false, keepAlive: 600)
        topicID = try sensor.register("field/\(name)")
    }

    private var isExactlyOnce: Bool { messageID % 2 == 0 }

    /// Hears what there is, and says what is next, or the last again.
    func goOn() throws {
        while let heard = try sensor.hear(within: .milliseconds(2)) { take(heard) }
        if step == nil {
            messageID += 1
            payload = "\(isExactlyOnce ? 2 : 1)-\(messageID)"
            step = .published
            try say(isRepeated: false)
        } else if saidAt.hasPassed {
            try say(isRepeated: true)
        }
    }

    private func say(isRepeated: Bool) throws {
        saidAt = Deadline(in: .milliseconds(400))
        switch step {
        case .published?:
            try sensor.send(
                Datagram.publish(
                    topicID, octets(payload), qos: isExactlyOnce ? .exactlyOnce : .atLeastOnce, duplicate: isRepeated,
                    messageID: messageID))
        case .released?: try sensor.send(Datagram.publishRelease(messageID))
        case nil: break
        }
    }

    private func take(_ heard: [UInt8]) {
        switch heard {
        case Datagram.disconnect: wasToldToConnect = true
        case Datagram.publishAcknowledgement(topicID, messageID, .accepted) where !isExactlyOnce && step == .published:
            acknowledge()
        // The broker's connection is not restored yet: nothing is promised, and the next message may fare better.
        case Datagram.publishAcknowledgement(topicID, messageID, .congestion) where step == .published: step = nil
        case Datagram.publishReceived(messageID) where step == .published:
            step = .released
            saidAt = Deadline(in: .zero)
        case Datagram.publishComplete(messageID) where step == .released: acknowledge()
        default: break
        }
    }

    private func acknowledge() {
        acknowledged.append("\(name)=\(payload)")
        step = nil
    }

    /// Until nothing is open.
    func finish(_ gateway: GatewayProcess) throws {
        let deadline = Deadline(in: generous)
        while step != nil, !deadline.hasPassed {
            while let heard = try sensor.hear(within: .milliseconds(5)) { take(heard) }
            if saidAt.hasPassed { try say(isRepeated: true) }
        }
        let log = gateway.log.suffix(40).joined(separator: "\n")
        #expect(step == nil, "\(name) has no answer to \(payload): \(log)")
    }

    /// What shows the others that everything before is there.
    func publishEnd() throws {
        let topicID = try sensor.register("field/end", messageID: 9)
        let deadline = Deadline(in: generous)
        // Until the connection to the broker is restored it is refused, each time for good.
        for messageID: UInt16 in 10..<60 where !deadline.hasPassed {
            try sensor.send(Datagram.publish(topicID, octets("end"), qos: .atLeastOnce, messageID: messageID))
            let answer = try sensor.hear(within: .milliseconds(500))
            if answer == Datagram.publishAcknowledgement(topicID, messageID, .accepted) { return }
            _ = try sensor.hear(within: .milliseconds(200))
        }
    }
}
