import Configuration
import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time
import Transports

@testable import GatewayHost

/// Proves that what is told of a gateway with clients of every name is true, well-formed, and in one form for all.
extension RealSocketTests {
    @Suite(.serialized) struct ReportTests {
        /// A gateway on real sockets that this thread turns itself.
        private final class Bench {
            let host: Host
            let broker: ScriptedBroker

            init(hasBroker: Bool = true, _ configure: (inout Settings) -> Void = { _ in }) throws {
                broker = try ScriptedBroker()
                if !hasBroker { broker.stopListening() }
                var settings = Settings()
                settings.host.listeners = [UDPListener(host: "127.0.0.1", port: 0)]
                settings.gateway.links = [LinkConfiguration()]
                settings.host.broker = BrokerEndpoint(broker.address)
                settings.host.sharedClientID = Array("swiftlet-1".utf8)
                settings.gateway.limits.clientIDByteCount = 1_024
                configure(&settings)
                host = try Host(settings: settings, seed: 1, log: Log(level: .error), loop: EventLoop())
                try turn()
                if hasBroker {
                    try broker.acceptGateway()
                    try turn()
                }
            }

            deinit { host.close() }

            /// Until nothing has happened for a moment.
            func turn() throws {
                for _ in 0..<12 { try turnOnce() }
            }

            private func turnOnce() throws {
                try host.loop.turn(deadline: min(MonotonicClock.now() + 5_000_000, host.nextDeadline ?? .max))
                host.finishTurn()
            }

            func connect(_ clientID: String) throws -> (sensor: Sensor, stream: PacketStream) {
                let sensor = try Sensor(host.listeningAddresses[0])
                try sensor.send(Datagram.connect(clientID))
                try turn()
                let stream = try broker.acceptClient(clientID)
                try turn()
                try sensor.expect(Datagram.connectAcknowledgement(.accepted))
                return (sensor, stream)
            }

            func status() throws -> JSONValue { try #require(JSONValue(host.statusJSON())) }

            func clients(after: String? = nil, limit: Int = 100, search: String? = nil) throws -> JSONValue {
                try #require(JSONValue(host.clientsJSON(after: after, limit: limit, search: search)))
            }

            func metrics() -> [Substring] {
                String(decoding: host.metricsText(openMetrics: false), as: UTF8.self).lines
            }
        }

        @Test func aMessageEachWayIsInEveryReport() throws {
            let bench = try Bench()
            let (sensor, stream) = try bench.connect("soil-07")
            try sensor.send(Datagram.register("farm/soil/07", messageID: 1))
            try bench.turn()
            let answer = try #require(try sensor.hear())
            let topicID = UInt16(answer[2]) << 8 | UInt16(answer[3])
            try sensor.send(Datagram.publish(topicID, [1], qos: .atLeastOnce, messageID: 7))
            try bench.turn()
            try stream.send(.publishAcknowledgement(try stream.expectPublish().packetID))
            try bench.turn()
            try stream.publish(BrokerPublish(topic: "farm/soil/07", payload: [2]))
            try bench.turn()

            let status = try bench.status()
            #expect(status["messages"]?["up"]?["by_qos"]?["1"] == .number(1))
            #expect(status["messages"]?["down"]?["by_qos"]?["0"] == .number(1))
            #expect(status["messages"]?["up"]?["last_minute"] == .number(1))
            #expect(status["clients"]?["awake"] == .number(1))
            #expect(status["health"]?["ready"] == .truth(true))
            #expect(status["broker"]?["state"]?.text == "connected")
            #expect(status["links"]?.elements.first?["datagrams_in"] == .number(3))
            #expect(status["hour"]?["up"]?.elements.count == 60)
            #expect(status["needs_a_look"]?.elements == [])

            let client = try #require(try bench.clients()["clients"]?.elements.first)
            #expect(client["id"]?.text == "soil-07" && client["state"]?.text == "awake")
            #expect(client["up"] == .number(1) && client["down"] == .number(1))
            #expect(client["last_topic"]?.text == "farm/soil/07")
            #expect(client["address"]?.text?.hasPrefix("127.0.0.1:") == true && client["link"]?.text == "udp0")

            let metrics = bench.metrics()
            #expect(metrics.contains(#"swiftlet_messages_total{direction="up",qos="1",outcome="acknowledged"} 1"#))
            #expect(metrics.contains(#"swiftlet_messages_total{direction="down",qos="0",outcome="delivered"} 1"#))
            #expect(metrics.contains(#"swiftlet_delivery_seconds_count{direction="up"} 1"#))
            #expect(metrics.contains(#"swiftlet_clients{state="awake"} 1"#))
            #expect(metrics.contains(#"swiftlet_datagrams_total{link="udp0",direction="in"} 3"#))
        }

        /// Both ways, each with the QoS that it had; what was dropped stands once in every sum.
        @Test func whatIsDroppedIsCountedByReasonAndQoS() throws {
            let bench = try Bench {
                $0.gateway.links[0].maximumDatagramByteCount = 64
                $0.gateway.qosMinusOne = .off
            }
            let (sensor, stream) = try bench.connect("soil-07")
            let long = [UInt8](repeating: 0x78, count: 100)
            try stream.publish(BrokerPublish(topic: "ab", payload: long))
            for packetID in [1, 2] as [UInt16] {
                try stream.publish(BrokerPublish(topic: "ab", payload: long, qos: .atLeastOnce), packetID: packetID)
            }
            try sensor.send(Datagram.publish(7, [1], qos: .minusOne, messageID: 0))
            try bench.turn()

            let metrics = bench.metrics()
            func isTold(_ labels: String, _ count: Int) -> Bool {
                metrics.contains(Substring("swiftlet_messages_dropped_total{\(labels)} \(count)"))
            }
            #expect(isTold(#"direction="down",qos="0",reason="too_long""#, 1))
            #expect(isTold(#"direction="down",qos="1",reason="too_long""#, 2))
            #expect(isTold(#"direction="down",qos="2",reason="too_long""#, 0))
            #expect(isTold(#"direction="up",qos="-1",reason="qos_minus_one_refused""#, 1))
            let messages = try bench.status()["messages"]
            #expect(messages?["dropped"]?["too_long"] == .number(3))
            #expect(messages?["dropped_by_qos"]?["1"] == .number(2) && messages?["dropped_by_qos"]?["-1"] == .number(1))
        }

        /// Quotes, what means something in topics, and the longest; control characters are refused in a CONNECT.
        @Test func clientsOfEveryNameAreToldApart() throws {
            let names = [
                "a\"b\\", "line\u{2028}break", "a/b", "+", "#", "50%", "<b>", "später",
                String(repeating: "x", count: 1_000),
            ]
            let bench = try Bench()
            var sensors: [Sensor] = []
            for name in names { sensors.append(try bench.connect(name).sensor) }
            let all = try bench.clients()["clients"]?.elements.compactMap { $0["id"]?.text } ?? []
            #expect(Set(all.compactMap(ClientIDText.octets)) == Set(names.map { Array($0.utf8) }))
            // Page after page, each once and in order.
            var (paged, next): ([String], String?) = ([], nil)
            repeat {
                let page = try bench.clients(after: next, limit: 3)
                paged += page["clients"]?.elements.compactMap { $0["id"]?.text } ?? []
                next = page["next"]?.text
            } while next != nil
            #expect(paged == all)
            for id in all {
                let client = try #require(bench.host.clientJSON(id: id).flatMap(JSONValue.init))
                #expect(client["id"]?.text == id)
            }
            #expect(bench.host.clientJSON(id: "nobody") == nil)
            #expect(try bench.clients(search: "SPÄT")["clients"]?.elements.count == 1)
            // Labels must be few: no metric names a client.
            let metrics = bench.metrics().joined(separator: "\n")
            #expect(!names.contains { $0.count > 3 && metrics.contains($0) })
        }

        @Test func whatNeedsALookIsASentenceWithTheKey() throws {
            let bench = try Bench(hasBroker: false) { $0.gateway.limits.clientIDByteCount = 5 }
            let sensor = try Sensor(bench.host.listeningAddresses[0])
            try sensor.send(Datagram.connect("too-long"))
            try bench.turn()
            let status = try bench.status()
            #expect(status["health"]?["ready"] == .truth(false))
            #expect(bench.host.readiness.ready == false)
            let looks = status["needs_a_look"]?.elements ?? []
            #expect(looks.first?["severity"]?.text == "error" && looks.first?["key"]?.text == "broker.url")
            let refusal = try #require(looks.first { $0["key"]?.text == "clients.id_bytes" })
            #expect(refusal["sentence"]?.text?.contains("longer than clients.id_bytes=") == true)
            // It never calls itself well beside a trouble.
            #expect(status["health"]?["sentence"]?.text?.contains("need a look") == true)
        }

        /// Prometheus' own checker, with its lint.
        @Test(.enabled(if: FileReader.exists(path: "/usr/bin/promtool"), "promtool is not installed (prometheus)"))
        func prometheusTakesTheMetrics() throws {
            let bench = try Bench()
            let sensor = try bench.connect("s").sensor
            try sensor.send(Datagram.disconnect(duration: 10))
            try bench.turn()
            let text = String(decoding: bench.host.metricsText(openMetrics: false), as: UTF8.self)
            let promtool = try ChildProcess(
                "/usr/bin/promtool", ["check", "metrics"], name: "promtool", in: TemporaryDirectory(), input: text)
            #expect(promtool.waitForExit() == .exited(0), "\(promtool.output)\(promtool.errorOutput)")
        }

        /// OpenMetrics 1.0: families without their suffix, and an end.
        @Test func openMetricsHasAnEnd() throws {
            let bench = try Bench()
            let lines = String(decoding: bench.host.metricsText(openMetrics: true), as: UTF8.self).lines
            #expect(lines.last == "# EOF" && lines.filter { $0 == "# EOF" }.count == 1)
            #expect(lines.contains("# TYPE swiftlet_messages counter") && lines.contains("# TYPE swiftlet_build info"))
            #expect(lines.contains { $0.hasPrefix("swiftlet_build_info{") })
            #expect(lines.contains { $0.hasPrefix(#"swiftlet_round_trip_seconds_bucket{side="client",le="1.0"}"#) })
        }
    }
}

/// Proves that a ring of minutes tells each minute what it was.
@Suite struct HourHistoryTests {
    @Test func minutesPass() {
        let minute: UInt64 = 60_000_000_000
        var hour = HourHistory(at: 100 * minute)
        hour.countUp(at: 100 * minute)
        #expect(hour.lastMinute(at: 100 * minute).up == 1)
        hour.countUp(at: 101 * minute)
        hour.countUp(at: 101 * minute)
        hour.countDown(at: 101 * minute + 1)
        #expect(hour.lastMinute(at: 102 * minute).up == 2 && hour.lastMinute(at: 102 * minute).down == 1)
        #expect(hour.lines(at: 103 * minute).up.suffix(3) == [1, 2, 0])
        #expect(hour.lines(at: 160 * minute).up.first == 1)
        #expect(hour.lines(at: 161 * minute).up.first == 2)
        #expect(hour.lines(at: 162 * minute).up == [UInt32](repeating: 0, count: 60))
        #expect(hour.lastMinute(at: 10_000 * minute).up == 0)
    }
}
