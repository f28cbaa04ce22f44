import Configuration
import GatewayCore
import GatewayHost
import Glibc
import MQTTSN
import Testing
import Time
import Transports

extension RealSocketTests {
    /// The control socket: who may open it, and what goes on as `/watch` tells it.
    @Suite struct ControlSocketTests {
        private static func gateway(
            _ path: String, broker: BrokerEndpoint = BrokerEndpoint(host: "127.0.0.1", port: 1),
            _ configure: (inout Settings) -> Void = { _ in }
        ) throws -> GatewayThread {
            try GatewayThread(broker: broker) {
                $0.host.http.controlSocket = path
                configure(&$0)
            }
        }

        /// One that only this user may write to.
        private static func directory() throws -> TemporaryDirectory {
            let directory = try TemporaryDirectory()
            chmod(directory.path, 0o755)
            return directory
        }

        /// Leaves a socket's file behind that nobody listens at, as kill -9 does.
        private static func bindAndAbandon(_ path: String) throws {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard result == 0 else { throw SystemFailure(operation: "bind \(path)") }
        }

        private static func watcher(_ path: String, _ query: String = "") throws -> HTTPClient {
            let client = try HTTPClient(path: path)
            try client.send("GET /watch\(query) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(client.hears("\r\n\r\n"))
            return client
        }

        @Test("Owner and group may open it, it asks for no token and no name, and it goes with the gateway")
        func file() throws {
            let directory = try Self.directory()
            let path = directory.path + "/control"
            let gateway = try Self.gateway(path) { $0.host.http.token = Array("s3cret".utf8) }
            var status = stat()
            #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
            let client = try HTTPClient(path: path)
            try client.send("GET /status.json HTTP/1.1\r\nHost: whatever.example\r\n\r\n")
            #expect(try client.answer().status == 200)
            gateway.stop()
            #expect(lstat(path, &status) == -1 && errno == ENOENT)
        }

        @Test("A socket that a killed gateway has left is replaced; that of a living one is not")
        func staleAndLive() throws {
            let directory = try Self.directory()
            let path = directory.path + "/control"
            try Self.bindAndAbandon(path)
            var status = stat()
            #expect(lstat(path, &status) == 0)
            let gateway = try Self.gateway(path)
            let error = #expect(throws: HostError.self) { try Self.gateway(path) }
            #expect("\(try #require(error))".contains("another gateway that runs has it"))
            // The living one has lost nothing by it.
            let client = try HTTPClient(path: path)
            try client.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.answer().status == 200)
            gateway.stop()
        }

        @Test("What is no socket is never removed, and a directory that everybody may write to is none for it")
        func otherFiles() throws {
            let directory = try Self.directory()
            let path = try directory.write("control", "precious")
            let error = #expect(throws: HostError.self) { try Self.gateway(path) }
            #expect("\(try #require(error))".contains("a file is there that is no socket"))
            #expect(directory.read("control") == "precious")
            #expect(chmod(directory.path, 0o777) == 0)
            let open = #expect(throws: HostError.self) { try Self.gateway(directory.path + "/other") }
            #expect("\(try #require(open))".contains("chmod o-w"))
            let missing = #expect(throws: HostError.self) { try Self.gateway(directory.path + "/none/control") }
            #expect("\(try #require(missing))".contains("its directory must be there"))
        }

        @Test("/watch tells datagrams, packets and observations in their order, of one client where that is asked")
        func watch() throws {
            let directory = try Self.directory()
            let path = directory.path + "/control"
            let broker = try ScriptedBroker()
            let gateway = try Self.gateway(path, broker: BrokerEndpoint(broker.address))
            let everything = try Self.watcher(path)
            let one = try Self.watcher(path, "?client=soil%2F7&payload=1")
            let malformed = try Self.watcher(path, "?malformed=1")
            #expect(everything.hears("HTTP/1.1 200 OK") && everything.heardText.contains("Transfer-Encoding: chunked"))

            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("soil/7", cleanSession: true, keepAlive: 60))
            #expect(one.hears("\"from\":\"client\",\"to\":\"gateway\",\"client\":\"soil/7\""))
            try sensor.send([9, 0x0C, 0x62, 0, 1, 0, 1, 0xAB, 0xCD])
            let stranger = try Sensor(gateway.address)
            try stranger.send([0, 1, 2])
            #expect(everything.hears("\"bytes\":\"090c62000100010000\""))
            #expect(malformed.hears("\"bytes\":\"000102\""))
            #expect(malformed.hears("\"event\":\"malformed_datagram\""))
            #expect(!malformed.heardText.contains("soil/7"))
            #expect(everything.hears("\"from\":\"gateway\",\"to\":\"broker\",\"client\":\"soil/7\""))
            #expect(everything.hears("\"kind\":\"packet\""))
            // Only the payload that was asked for is shown.
            #expect(!everything.heardText.contains("abcd\""))
        }

        @Test("A watcher that does not read is cut off, and a sensor notices nothing")
        func slowWatcher() throws {
            let directory = try Self.directory()
            let path = directory.path + "/control"
            let gateway = try Self.gateway(path) {
                ($0.host.http.timeout, $0.host.http.queuedByteCount) = (.milliseconds(300), 262_144)
            }
            let slow = try Self.watcher(path)
            let sensor = try Sensor(gateway.address)
            #expect(
                eventually(within: .seconds(60)) {
                    for _ in 0..<200 { try? sensor.send([3, 1, 1]) }
                    return slow.isCut
                })
            #expect(gateway.failure == nil)
            let client = try HTTPClient(path: path)
            try client.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.answer().status == 200)
        }

        @Test("A watcher that is slow and reads on is not cut off, however long something waits for it")
        func steadyWatcher() throws {
            let directory = try Self.directory()
            let path = directory.path + "/control"
            let gateway = try Self.gateway(path) { $0.host.http.timeout = .milliseconds(500) }
            let steady = try Self.watcher(path)
            let sensor = try Sensor(gateway.address)
            // It never reads all that there is, for four times the timeout.
            for _ in 0..<40 {
                for _ in 0..<1_000 { try sensor.send([3, 1, 1]) }
                usleep(50_000)
                #expect(steady.socket.read(until: Deadline(in: generous))?.isEmpty == false)
            }
            #expect(!steady.isCut)
        }

        @Test("What a slow watcher has lost is counted in its place")
        func leftOut() throws {
            let directory = try Self.directory()
            let path = directory.path + "/control"
            let gateway = try Self.gateway(path) { $0.host.http.queuedByteCount = 262_144 }
            let slow = try Self.watcher(path)
            let sensor = try Sensor(gateway.address)
            // More than the system's buffers and the queue hold together, within the time that it may pause.
            for _ in 0..<20_000 { try sensor.send([3, 1, 1]) }
            #expect(slow.hears("\"kind\":\"left_out\",\"count\":"))
        }

        @Test("Only the control socket knows /reload, by POST; without anything to read anew it says so")
        func reload() throws {
            let directory = try Self.directory()
            let path = directory.path + "/control"
            let gateway = try Self.gateway(path)
            for (method, status) in [("GET", 405), ("POST", 501)] {
                let client = try HTTPClient(path: path)
                try client.send("\(method) /reload HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try client.answer().status == status)
            }
            _ = gateway
        }
    }
}
