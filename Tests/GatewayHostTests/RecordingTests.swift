import Bytes
import Configuration
import GatewayCore
import Glibc
import MQTT
import MQTTSN
import Testing
import Time
import TraceFile
import Transports

@testable import GatewayHost

extension RealSocketTests {
    /// `swiftlet run --record`: what the gateway was told is in a file, from which it does the same again.
    @Suite(.serialized) struct RecordingTests {
        /// A gateway that records, between sensors and a broker that are the test itself.
        private final class Recording {
            let directory: TemporaryDirectory
            let broker: ScriptedBroker
            let gateway: GatewayProcess
            var path: String { directory.path + "/field.trace" }

            init(_ configuration: String = "", options: [String] = [], fileBlockLimit: Int? = nil) throws {
                directory = try TemporaryDirectory()
                broker = try ScriptedBroker()
                gateway = try GatewayProcess(
                    brokerPort: broker.address.port, configuration, level: "info", fileBlockLimit: fileBlockLimit,
                    options: ["--record", directory.path + "/field.trace"] + options)
                try broker.acceptGateway()
            }

            func connect(_ clientID: String) throws -> (Sensor, PacketStream) {
                let sensor = try Sensor(gateway.address)
                try sensor.send(Datagram.connect(clientID))
                let stream = try broker.acceptClient(clientID)
                try sensor.expect(Datagram.connectAcknowledgement(.accepted))
                return (sensor, stream)
            }

            /// Lets clients publish and be published to; returns the last datagram of each.
            func converse(_ clientIDs: [String]) throws -> [[UInt8]] {
                try clientIDs.map { clientID in
                    let (sensor, stream) = try connect(clientID)
                    let topicID = try sensor.register("t/" + clientID)
                    let last = Datagram.publish(topicID, octets(clientID), qos: .atLeastOnce, messageID: 7)
                    try stream.publish(BrokerPublish(topic: "t/" + clientID, payload: [1, 2, 3]))
                    #expect(try sensor.expectPublish().payload == [1, 2, 3])
                    try sensor.send(last)
                    let (message, packetID) = try stream.expectPublish()
                    #expect(message.payload == octets(clientID))
                    try stream.send(.publishAcknowledgement(packetID))
                    try sensor.expect(Datagram.publishAcknowledgement(topicID, 7))
                    return last
                }
            }

            /// Lets a client publish so many messages, each of 1,000 octets.
            func fill(_ count: Int) throws {
                let (sensor, _) = try connect("talker")
                let topicID = try sensor.register("t/talker")
                for _ in 0..<count {
                    try sensor.send(Datagram.publish(topicID, [UInt8](repeating: 0xAA, count: 1_000)))
                    try sensor.send(Datagram.pingRequest)
                    try sensor.expect(Datagram.pingResponse)
                }
            }

            func trace() throws -> Trace {
                try Trace(
                    reading: FileReader.read(path: path, maximumByteCount: 16_777_216), file: "field.trace")
            }
        }

        private func expectConversation(_ datagrams: [[UInt8]], in trace: Trace) {
            let told = trace.entries.filter { entry in
                if case .datagramReceived = entry.event { return true }
                return false
            }
            for datagram in datagrams { #expect(told.contains { $0.bytes == datagram }) }
            #expect(trace.firstDifference() == nil)
        }

        // MARK: How a recording ends

        @Test func aGatewayThatWasStoppedDoesTheSameAgain() throws {
            let recording = try Recording("broker.username = 'u'\nbroker.password = 's3cret'")
            let datagrams = try recording.converse(["one", "two", "three"])
            recording.gateway.process.kill(SIGTERM)
            #expect(recording.gateway.process.waitForExit() == .exited(0))
            let trace = try recording.trace()
            #expect(trace.ending == .complete)
            #expect(trace.entries.last?.event == .shutdownRequested)
            // A placeholder of the same length, with which everything is the same again.
            #expect(trace.configuration.upstream.password == octets("******"))
            #expect(trace.note.hasPrefix("swiftlet "))
            expectConversation(datagrams, in: trace)
            let text = try FileReader.read(path: recording.path, maximumByteCount: 16_777_216)
            #expect(text.firstRange(of: octets("s3cret")) == nil)
            #expect(text.firstRange(of: octets(Hexadecimal.text(octets("s3cret")))) == nil)
            // All messages are in it.
            var status = stat()
            #expect(stat(recording.path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }

        @Test func aGatewayThatWasKilledDoesTheSameAgain() throws {
            let recording = try Recording()
            let datagrams = try recording.converse(["one", "two"])
            recording.gateway.process.kill(SIGKILL)
            #expect(recording.gateway.process.waitForExit() == .signalled(SIGKILL))
            let trace = try recording.trace()
            #expect([.abrupt, .insideLine].contains(trace.ending))
            expectConversation(datagrams, in: trace)
        }

        /// The recording ends, the gateway does not.
        @Test func aRecordingEndsAtItsLimit() throws {
            let recording = try Recording(options: ["--record-limit", "65536"])
            let datagrams = try recording.converse(["one"])
            try recording.fill(100)
            #expect(recording.gateway.logs("warn  recording ended, its limit is reached: \(recording.path)"))
            let size = try FileReader.read(path: recording.path, maximumByteCount: 16_777_216).count
            #expect((62_000...65_536).contains(size))
            let trace = try recording.trace()
            #expect(trace.ending == .limitReached)
            expectConversation(datagrams, in: trace)
            _ = try recording.converse(["three"])
        }

        /// A full disk, here a file that may not grow: the gateway is not the one to suffer.
        @Test func aRecordingThatCannotBeWrittenEnds() throws {
            let recording = try Recording(fileBlockLimit: 16)
            let datagrams = try recording.converse(["one"])
            try recording.fill(20)
            #expect(
                recording.gateway.logs(
                    "warn  recording ended, the gateway goes on: write \(recording.path): file too large (EFBIG)"))
            let trace = try recording.trace()
            #expect([.abrupt, .insideLine].contains(trace.ending))
            expectConversation(datagrams, in: trace)
            _ = try recording.converse(["three"])
        }

        // MARK: What cannot be recorded

        @Test func nothingIsOverwritten() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write("old.trace", "precious")
            let result = try SwiftletCommand.run(["run", "--listen", "udp://127.0.0.1:0", "--record", file])
            #expect(result.exit == .exited(73))
            let words = """
                error cannot record: create \(file): file exists (EEXIST); a recording is never overwritten: name a new \
                file, or remove that one
                """
            #expect(result.error.lines.last?.hasSuffix(words) == true)
            #expect(directory.read("old.trace") == "precious")
        }

        @Test func aFileThatCannotBeCreatedIsNamed() throws {
            let result = try SwiftletCommand.run(
                ["run", "--listen", "udp://127.0.0.1:0", "--record", "/no/such/directory/a.trace"])
            #expect(result.exit == .exited(73))
            let words = "error cannot record: create /no/such/directory/a.trace: no such file or directory (ENOENT)"
            #expect(result.error.lines.last?.hasSuffix(words) == true)
        }

        // MARK: The recorder alone

        private let trace = Trace(seed: 1, configuration: GatewayConfiguration())
        private let datagram = Event.datagramReceived(from: PeerID(link: LinkID(0), number: 1))

        private func recorder(_ limit: Int, in directory: TemporaryDirectory) throws -> Recorder {
            try Recorder(
                trace, path: directory.path + "/a.trace", maximumByteCount: limit, log: Log(level: .error))
        }

        private func read(_ directory: TemporaryDirectory) throws -> Trace {
            try Trace(reading: octets(directory.read("a.trace")), file: "a.trace")
        }

        /// The core may not survive an event; it is the one that everybody wants to know.
        @Test func theEventThatEndsTheProcessIsInTheFile() throws {
            let directory = try TemporaryDirectory()
            let recorder = try recorder(100_000, in: directory)
            let bytes: [UInt8] = [2, 0x16]
            recorder.willHandle(.deadlineReached, [UInt8]().span.bytes, at: Instant(nanoseconds: 1))
            recorder.hasHandled(Effects(), at: Instant(nanoseconds: 1))
            recorder.willHandle(datagram, bytes.span.bytes, at: Instant(nanoseconds: 2))
            let read = try read(directory)
            #expect(read.entries.map(\.event) == [.deadlineReached, datagram])
            #expect(read.entries.map { $0.effectHash == nil } == [false, true])
            #expect(read.entries.last?.bytes == bytes)
        }

        @Test func noFileIsLongerThanItsLimit() throws {
            var head: [UInt8] = []
            head.appendTraceHead(seed: 1, configuration: trace.configuration, note: "")
            let bytes = [UInt8](repeating: 7, count: 10)
            for limit in stride(from: head.count + 65, to: head.count + 400, by: 7) {
                let directory = try TemporaryDirectory()
                let recorder = try recorder(limit, in: directory)
                for nanoseconds in 0..<20 {
                    let now = Instant(nanoseconds: UInt64(nanoseconds))
                    recorder.willHandle(datagram, bytes.span.bytes, at: now)
                    recorder.hasHandled(Effects(), at: now)
                }
                recorder.flush()
                #expect(octets(directory.read("a.trace")).count <= limit)
                let read = try read(directory)
                #expect(read.ending == .limitReached)
                #expect(read.entries.allSatisfy { $0.effectHash != nil })
            }
        }

        @Test func aLimitWithoutRoomForTheConfigurationIsRefused() throws {
            let directory = try TemporaryDirectory()
            let error = #expect(throws: RecorderError.self) { try recorder(1_000, in: directory) }
            guard case .limitTooSmall(_, let needed)? = error else {
                Issue.record("\(error.debugDescription)")
                return
            }
            #expect(throws: RecorderError.self) { try recorder(needed, in: directory) }
            #expect(throws: Never.self) { try recorder(needed + 1, in: directory) }
        }
    }
}
