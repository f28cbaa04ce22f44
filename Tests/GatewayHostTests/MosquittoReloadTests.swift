import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// A built gateway that reads its file again and again under traffic, in front of a real broker.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoReloadTests {
        /// Everything that holds at once, in turn; the first listener stays, as the clients of the test are there.
        private static func configuration(_ number: Int, port: UInt16) -> String {
            let others = ["", "[[udp]]\nlisten = 'udp://127.0.0.2:0'\n", "[[udp]]\nlisten = 'udp://127.0.0.3:0'\n"]
            let serial = ["", "[[serial]]\ndevice = '/dev/none\(number % 4)'\nframing = 'slip'\n"]
            return """
                clients.maximum = \(10 + number % 7)
                clients.queued_messages = \(100 + number % 5)
                gateway.qos_minus_one = "\(number % 2 == 0 ? "on" : "off")"
                discovery.advertise_interval_seconds = \(60 + number % 3)
                limits.recent_departures = \(number % 11)
                log.client_lines_per_second = \(number % 13)
                broker.keep_alive_seconds = \(30 + number % 20)
                [[udp]]
                listen = "udp://127.0.0.1:\(port)"
                retry_interval_seconds = \(5 + number % 5)
                forwarders = [\(number % 3 == 0 ? "'any'" : "")]
                groups = [\(number % 4 == 0 ? "'udp://239.255.77.1:1884'" : "")]
                \(others[number % 3])\(serial[number % 2])
                [[topic]]
                id = \(1 + number % 9)
                name = "topic/\(number)"

                """
        }

        private static func openFileCount(_ process: pid_t) -> Int {
            guard let directory = opendir("/proc/\(process)/fd") else { return -1 }
            defer { closedir(directory) }
            var count = 0
            while readdir(directory) != nil { count += 1 }
            return count
        }

        @Test("100 reloads with changes of every kind lose no message, no client, no descriptor and no memory")
        func underLoad() throws {
            let mosquitto = try MosquittoProcess()
            let port = try freePort()
            let first = Self.configuration(0, port: port)
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, first, level: "info", listener: nil)
            try #require(gateway.logs("broker reachable"))
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("up/#")
            let sensors = try (0..<5).map { index in
                let sensor = try Sensor(gateway.address)
                try sensor.connect("s\(index)")
                return (sensor, try sensor.register("up/\(index)"))
            }
            var openFiles = 0
            var memory = 0
            for number in 1...100 {
                try gateway.reload(Self.configuration(number, port: port))
                // Traffic while the signal is on its way and after it.
                for (index, (sensor, topicID)) in sensors.enumerated() {
                    try sensor.publishAtLeastOnce(topicID, octets("\(number)"), messageID: UInt16(number))
                    let expected = BrokerPublish(topic: "up/\(index)", payload: octets("\(number)"), qos: .atLeastOnce)
                    #expect(try observer.expectMessage() == expected)
                }
                #expect(eventually { gateway.log.count { $0.contains("reloaded: ") } == number })
                // What the first rounds took is there for good; later ones are to take nothing more. 12 rounds later
                // the same listeners and lines are there.
                if number == 40 {
                    (openFiles, memory) = (
                        Self.openFileCount(gateway.process.identifier), try residentByteCount(gateway)
                    )
                }
                if number == 100 {
                    #expect(Self.openFileCount(gateway.process.identifier) == openFiles)
                    #expect(try residentByteCount(gateway) - memory < 1_048_576)
                }
            }
            #expect(!gateway.log.contains { $0.contains("not reloaded") || $0.contains("client lost") })
            // A file with an error changes nothing, and says where it is.
            try gateway.reload("clients.maximum = 0")
            #expect(gateway.logs("not reloaded, going on as before: "))
            #expect(gateway.logs("gateway.toml:5:19: 'clients.maximum' must be an integer from 1 to 1_000_000 clients"))
            try sensors[0].0.publishAtLeastOnce(sensors[0].1, octets("last"), messageID: 999)
        }

        private func residentByteCount(_ gateway: GatewayProcess) throws -> Int {
            try #require(gateway.process.residentMemoryByteCount)
        }

        /// A UDP port that nobody has at the moment.
        private func freePort() throws -> UInt16 {
            let loop = try EventLoop()
            let transport = try UDPTransport(
                binding: .numeric("127.0.0.1", 0), receiveBufferByteCount: nil, loop: loop)
            defer { transport.close() }
            return transport.localAddress.port
        }
    }
}
