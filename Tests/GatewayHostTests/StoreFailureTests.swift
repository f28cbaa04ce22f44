import Configuration
import GatewayCore
import Glibc
import Journal
import MQTT
import MQTTSN
import Testing
import TraceFile
import Transports

@testable import GatewayHost

/// A store in which no file can be made as long as the obstacles stand: directories have the names of the next ones.
private final class StubbornStore {
    let directory: TemporaryDirectory
    private var obstacles: [String] = []

    init() throws { directory = try TemporaryDirectory() }

    deinit { works() }

    func use(_ settings: inout Settings, _ policy: StoreSettings.FailurePolicy = .refuse) {
        settings.host.store.directory = directory.path
        settings.host.store.failurePolicy = policy
        // Each batch begins a file.
        settings.host.store.segmentByteCount = 1
    }

    private var files: StoreFiles { StoreFiles(path: directory.path) }

    func fails() throws {
        let last = try files.names().compactMap { JournalSegment.name(ofFile: $0) }.max() ?? 0
        for number in last + 1...last + 200 {
            let path = "\(directory.path)/\(JournalSegment.fileName(number))"
            if mkdir(path, 0o700) == 0 { obstacles.append(path) }
        }
    }

    func works() {
        for path in obstacles { rmdir(path) }
        obstacles = []
    }

    /// Where each session lies.
    func segments() throws -> [UInt64] { try StoreReading.recover(files, gatewayID: nil).entries.map(\.segment) }

    /// What another life would go on with.
    func sessions() throws -> [StoredSession] {
        try StoreReading.recover(files, gatewayID: nil).entries.filter { !$0.isUncertain && !$0.key.isEmpty }
            .map { try StoredSession($0.value.span.bytes) }
    }
}

extension RealSocketTests {
    /// What becomes of clients while a store cannot be written, and what of the store.
    @Suite(.serialized) struct StoreFailureTests {
        private func start(
            _ store: StubbornStore, _ broker: ScriptedBroker, _ change: (inout Settings) -> Void = { _ in }
        ) throws -> GatewayThread {
            let gateway = try GatewayThread(broker: BrokerEndpoint(broker.address)) {
                store.use(&$0)
                change(&$0)
            }
            try broker.acceptGateway()
            return gateway
        }

        private func connect(
            _ name: String, _ gateway: GatewayThread, _ broker: ScriptedBroker, keepAlive: UInt16 = 60
        ) throws -> (Sensor, PacketStream) {
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect(name, cleanSession: false, keepAlive: keepAlive))
            let stream = try broker.acceptClient(name)
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            return (sensor, stream)
        }

        /// A gateway without a broker, which the test turns itself.
        private func host(_ store: StubbornStore, _ pipe: LogPipe, port: UInt16 = 0) throws -> Host {
            var settings = Settings()
            store.use(&settings)
            settings.host.listeners = [UDPListener(host: "127.0.0.1", port: port)]
            settings.gateway.links = [LinkConfiguration()]
            settings.host.broker = BrokerEndpoint(host: "127.0.0.1", port: try ScriptedBroker.unusedPort())
            let log = Log(level: .error, descriptor: pipe.writing)
            let host = try Host(settings: settings, seed: 1, log: log, loop: try EventLoop())
            try host.openStore()
            return host
        }

        /// REGACK with whatever id.
        private func expectRegistered(_ sensor: Sensor, messageID: UInt8) throws {
            let heard = try #require(try sensor.hear())
            #expect(heard.count == 7 && heard[1] == 0x0B && heard.suffix(3) == [0, messageID, 0])
        }

        /// Though nothing is heard or said for longer than the keep-alive time, with room for what comes or without:
        /// then it is dropped, be it whole or too long.
        @Test("GW-34 While a disk fails no time passes for anybody", arguments: [8 << 20, 2_000])
        func noTimePasses(queuedByteCount: Int) throws {
            let (store, broker) = (try StubbornStore(), try ScriptedBroker())
            let gateway = try start(store, broker) { $0.host.store.queuedByteCount = queuedByteCount }
            let (sensor, _) = try connect("s", gateway, broker, keepAlive: 1)
            try store.fails()
            try sensor.send(Datagram.register("t", messageID: 7))
            let isFull = queuedByteCount == 2_000
            let pingCount = isFull ? 60 : 0
            for _ in 0..<pingCount { try sensor.send(Datagram.pingRequest) }
            try sensor.expectNothing(for: .milliseconds(500))
            if isFull { try sensor.send([UInt8](repeating: 1, count: 30_000)) }
            // It is tried again after one second, and after two more.
            try sensor.expectNothing(for: .milliseconds(2_000))
            store.works()
            try expectRegistered(sensor, messageID: 7)
            try sensor.send(Datagram.pingRequest)
            var answerCount = 0
            while let heard = try sensor.hear(within: .milliseconds(answerCount == 0 ? 5_000 : 300)) {
                #expect(heard == Datagram.pingResponse)
                answerCount += 1
            }
            #expect(isFull ? 2..<pingCount ~= answerCount : answerCount == 1)
            #expect(gateway.count(.clientLost) == 0 && gateway.count(.truncatedDatagram) == 0)
        }

        @Test("GW-70 A recording over such a time is of the time that passed for the core, and does the same again")
        func standstillIsReplayed() throws {
            let (store, broker, directory) = (try StubbornStore(), try ScriptedBroker(), try TemporaryDirectory())
            try store.fails()
            let path = directory.path + "/field.trace"
            let gateway = try GatewayProcess(
                brokerPort: broker.address.port, "store.directory = \"\(store.directory.path)\"\n",
                options: ["--record", path])
            try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s", cleanSession: false, keepAlive: 1))
            try broker.acceptClient("s")
            try sensor.expectNothing(for: .milliseconds(2_500))
            store.works()
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            let octets = try FileReader.read(path: path, maximumByteCount: 1 << 24)
            let trace = try Trace(reading: octets, file: path)
            #expect(trace.firstDifference() == nil && trace.entries.last?.event == .suspensionRequested)
            #expect(zip(trace.entries, trace.entries.dropFirst()).allSatisfy { $0.now <= $1.now })
        }

        @Test("Who goes on without a disk leaves nothing there that holds no longer, and writes it all when it is back")
        func memoryLeavesNothingOld() throws {
            let (store, broker) = (try StubbornStore(), try ScriptedBroker())
            let gateway = try start(store, broker) { $0.host.store.failurePolicy = .memory }
            let (sensor, _) = try connect("s", gateway, broker)
            #expect(try store.sessions().map(\.record.contents.topics.count) == [0])
            try store.fails()
            _ = try sensor.register("t")
            #expect(try store.sessions().isEmpty)
            store.works()
            gateway.stop(politely: false)
            #expect(try store.sessions().map(\.record.contents.topics.count) == [1])
        }

        @Test("Who ends without a disk tells its clients, as nobody goes on with them", arguments: [true, false])
        func memoryTellsAtTheEnd(isBack: Bool) throws {
            let (store, broker) = (try StubbornStore(), try ScriptedBroker())
            let gateway = try start(store, broker) { $0.host.store.failurePolicy = .memory }
            let (sensor, stream) = try connect("s", gateway, broker)
            try store.fails()
            _ = try sensor.register("t")
            if isBack { store.works() }
            gateway.stop()
            if isBack { try sensor.expectNothing(for: .zero) } else { try sensor.expect(Datagram.disconnect) }
            try stream.expect(.disconnect)
            #expect(try store.sessions().count == (isBack ? 1 : 0))
        }

        @Test("GW-86 The broker is left in good order though the disk is slow to take the last of it")
        func slowEnd() throws {
            let (directory, broker) = (try TemporaryDirectory(), try ScriptedBroker())
            let gateway = try GatewayProcess(
                brokerPort: broker.address.port,
                "store.directory = \"\(directory.path)\"\nstore.commit_milliseconds = 1000\n")
            let shared = try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s", cleanSession: false))
            let stream = try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            try sensor.send(Datagram.register("t", messageID: 7))
            gateway.process.kill(SIGTERM)
            try expectRegistered(sensor, messageID: 7)
            try stream.expect(.disconnect)
            try shared.expect(.disconnect)
            #expect(gateway.process.waitForExit() == .exited(0))
        }

        @Test("What the last batch meets is said")
        func lastBatchFails() throws {
            let (store, pipe) = (try StubbornStore(), try LogPipe())
            let host = try host(store, pipe)
            try store.fails()
            host.close()
            let lines = pipe.readLines()
            #expect(lines.count == 1 && lines.allSatisfy { $0.contains("create \(store.directory.path)/journal-") })
            #expect(lines.first?.contains("the next start goes on from before") == true)
        }

        @Test("A start writes what it finds in batches of no more than a segment, however much that is")
        func aStartWritesInPortions() throws {
            let (store, broker) = (try StubbornStore(), try ScriptedBroker())
            let gateway = try start(store, broker)
            for name in ["s1", "s2"] { _ = try connect(name, gateway, broker) }
            gateway.stop(politely: false)
            let host = try host(store, LogPipe(), port: gateway.address.port)
            host.finishTurn()
            host.close()
            #expect(try store.sessions().count == 2 && Set(store.segments()).count == 2)
        }

        @Test("Everybody who looks is told that the disk fails, and of the broker nothing that nobody knows")
        func failureIsShown() throws {
            let (store, pipe) = (try StubbornStore(), try LogPipe())
            let host = try host(store, pipe)
            defer { host.close() }
            func metrics() -> [Substring] {
                String(decoding: host.metricsText(openMetrics: false), as: UTF8.self).lines
            }
            #expect(metrics().contains("swiftlet_store_works 1"))
            let keeping = try #require(host.keeping)
            keeping.storeFailed(IOError(operation: "write here", code: ENOSPC))
            #expect(host.readiness.ready == false && host.readiness.sentence.contains("store"))
            let status = String(decoding: host.statusJSON(), as: UTF8.self)
            #expect(status.contains("cannot be written, for 0 s (write here: no space left on device (ENOSPC))"))
            #expect(status.contains(#""works":false"#) && !status.contains("The broker mqtt"))
            let lines = metrics()
            #expect(lines.contains("swiftlet_store_works 0"))
            for name in ["queued_bytes", "held_bytes", "live_bytes", "sessions", "free_bytes", "commits_total"] {
                #expect(lines.contains { $0.hasPrefix("swiftlet_store_\(name) ") }, "\(name)")
            }
            #expect(lines.contains { $0.hasPrefix(#"swiftlet_limit{name="store.queued_bytes"} 8388608"#) })
        }

        @Test("GW-80 A session that is refused takes its forwarder from no other")
        func forwarderStays() throws {
            let (store, broker) = (try StubbornStore(), try ScriptedBroker())
            let port = try ScriptedBroker.unusedPort()
            func start(_ clients: Int) throws -> GatewayThread {
                try self.start(store, broker) {
                    $0.host.listeners = [UDPListener(host: "127.0.0.1", port: port)]
                    $0.host.listeners[0].forwarders = [.any]
                    $0.gateway.limits.clients = clients
                }
            }
            var gateway = try start(2)
            let forwarder = try Sensor(gateway.address)
            for name in ["n1", "n2"] {
                let envelope = [5, 0xFE, 0] + octets(name)
                try forwarder.send(envelope + Datagram.connect(name, cleanSession: false))
                let stream = try broker.acceptClient(name)
                try forwarder.expect(envelope + Datagram.connectAcknowledgement(.accepted))
                guard name == "n1" else { continue }
                try forwarder.send(envelope + Datagram.subscribe(octets("t"), qos: .atMostOnce, messageID: 3))
                try stream.grantSubscribe()
                _ = try forwarder.hear()
            }
            gateway.stop(politely: false)
            gateway = try start(1)
            let stream = try broker.acceptClient("n1", sessionPresent: true)
            #expect(gateway.sessionCount == 1)
            try stream.publish(BrokerPublish(topic: "t", payload: octets("x")))
            let heard = try #require(try forwarder.hear())
            #expect(heard.starts(with: [5, 0xFE, 0] + octets("n1")) && heard.last == 0x78)
        }

        @Test func aRefusalNamesWhatWouldAllowIt() {
            #expect(RestoreRefusal.noPlace.sentence == "clients.maximum leaves it no place")
            #expect(
                RestoreRefusal.exceedsLimit("topic ids").sentence == "more topic ids than clients.topics allows")
            for refusal: RestoreRefusal in [.clientIsHere, .addressIsTaken, .clientCannotBeFound, .contradiction("x")] {
                #expect(refusal.sentence.contains(" "))
            }
        }
    }
}

/// Senders that the core has forgotten, while something may still go to them.
@Suite struct RetiredPeerTests {
    @Test func whoIsRetiredIsThereUntilForgotten() {
        var table = PeerTable<Int, Void>(link: LinkID(0))
        let first = table.peer(7, by: ())
        table.retire(first)
        let second = table.peer(7, by: ())
        #expect(first != second && table.count == 2)
        table.forget(first)
        #expect(table.count == 1)
        table.forget(first)
        table.forget(second)
        // One that a link before this one at the same place has given.
        table.forget(PeerID(link: LinkID(0), number: 9))
        #expect(table.count == 0)
    }
}
