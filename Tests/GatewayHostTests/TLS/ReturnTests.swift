import Glibc
import SimulatorSupport
import Testing
import Transports

extension RealSocketTests {
    /// A broker with TLS that is killed and started again under the traffic of all its clients.
    @Suite(
        .serialized,
        .enabled(
            if: MosquittoProcess.isExpected && TestCertificates.isExpected, "mosquitto or openssl is not installed"))
    struct ReturnTests {
        /// Where nobody asks for more.
        private static let clientCount =
            ProcessControl.environment("SWIFTLET_RETURN_CLIENTS").flatMap { Int($0) } ?? 50

        /// What the broker has got: the numbers of each client's messages, by topic.
        private struct Received {
            var atLeastOnce: [Set<Int>]
            var atMostOnce: [Set<Int>]

            /// Lines such as `…: Received PUBLISH from back-7 (d0, q1, r0, m3, 's1', ... (12 bytes))`.
            init(_ log: String, clientCount: Int) {
                atLeastOnce = .init(repeating: [], count: clientCount)
                atMostOnce = atLeastOnce
                for line in log.utf8.split(separator: UInt8(ascii: "\n")) {
                    let words = line.split(whereSeparator: { " ()-',".utf8.contains($0) }).map { Substring($0) }
                    guard let from = words.firstIndex(of: "from"), words[from - 1] == "PUBLISH",
                        words[from + 1] == "back", let client = Int(words[from + 2]),
                        let number = Int(words[words.count - 2]), atMostOnce.indices.contains(client)
                    else { continue }
                    if words.contains("s1") { atLeastOnce[client].insert(number) }
                    if words.contains("s0") { atMostOnce[client].insert(number) }
                }
            }
        }

        /// What became of what was said.
        private struct Account {
            var acknowledged = 0
            var lostAtLeastOnce = 0
            var said = 0
            var saidWhileAway = 0
            var lostAtMostOnce = 0
            /// Written when the connection had ended, and that was not seen yet.
            var unknown = 0

            init() {}

            /// Times are in milliseconds of the day.
            init(_ crowd: ReturningCrowd, _ received: Received, ends: [Int?], cutAt: Int) {
                for (index, member) in crowd.members.enumerated() {
                    acknowledged += member.acknowledged.count
                    lostAtLeastOnce += Set(member.acknowledged).subtracting(received.atLeastOnce[index]).count
                    said += member.saidAt.count
                    for (place, saidAt) in member.saidAt.enumerated() {
                        /// Over midnight, too.
                        func since(_ time: Int) -> Int { (saidAt - time + 129_600_000) % 86_400_000 - 43_200_000 }
                        // The log has whole milliseconds.
                        let isAfterEnd = since(ends[index] ?? 0) > 0
                        if isAfterEnd && since(cutAt) < 2_000 { saidWhileAway += 1 }
                        guard !received.atMostOnce[index].contains(place + 1) else { continue }
                        if !isAfterEnd && since(cutAt) > -1_000 { unknown += 1 } else { lostAtMostOnce += 1 }
                    }
                }
            }
        }

        private func metric(_ name: String, _ port: UInt16) throws -> Double {
            let client = try HTTPClient(try .numeric("127.0.0.1", port))
            try client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let line = try client.answer().text.lines.first { $0.hasPrefix(name + " ") }
            return try #require(line.flatMap { Double($0.dropFirst(name.count + 1)) }, "no \(name)")
        }

        /// When each client's end was seen, in milliseconds of the day by the gateway's log.
        private func ends(in log: [Substring], clientCount: Int) -> [Int?] {
            var ends = [Int?](repeating: nil, count: clientCount)
            for line in log where line.contains("client's broker connection lost") {
                guard
                    let client = line.firstRange(of: "back-").flatMap({ range in
                        Int(line[range.upperBound...].prefix(while: \.isNumber))
                    }), let start = line.firstIndex(of: "T")
                else { continue }
                let digits = line[start...].dropFirst().prefix { $0 != "Z" }.split { ":.".contains($0) }.compactMap {
                    Int($0)
                }
                guard digits.count == 4 else { continue }
                ends[client] = (digits[0] * 3_600 + digits[1] * 60 + digits[2]) * 1_000 + digits[3]
            }
            return ends
        }

        /// `SWIFTLET_RETURN_CLIENTS=2000 swift test --filter everybodyComesBack` prints what it took. Uses the release
        /// build of `swiftlet` where there is one.
        @Test(
            "GW-86 A broker that is killed costs no QoS 1 message, and none of QoS 0 that came after its end was seen")
        func everybodyComesBack() throws {
            let count = Self.clientCount
            try #require(1...4_000 ~= count)
            let limits = ProcessLimits.raiseFileDescriptorLimit()
            try #require(UInt64(count) * 2 + 100 < limits.soft, "only \(limits.soft) files may be open")
            let certificates = try TestCertificates.shared()
            let mosquitto = try MosquittoProcess(
                options: """
                    cafile \(certificates.authority)
                    certfile \(certificates.server.certificate)
                    keyfile \(certificates.server.key)
                    log_type all
                    """)
            let httpPort = try ScriptedBroker.unusedPort()
            let gateway = try GatewayProcess(
                brokerPort: mosquitto.port,
                """
                tls.ca_file = '\(certificates.authority)'
                log.client_lines_per_minute = 1_000_000
                log.client_lines_per_second = 1_000_000
                http.listen = 'http://127.0.0.1:\(httpPort)'
                """, program: SwiftletCommand.fastestPath, level: "info", scheme: "mqtts")
            try #require(gateway.logs("broker reachable"))
            let crowd = try ReturningCrowd(count, gateway.address)
            // Everybody is in the middle of it.
            let isActive = try crowd.live(within: .seconds(60)) {
                crowd.members.allSatisfy { $0.acknowledged.count > 1 }
            }
            try #require(isActive)
            let turnBefore = try metric("swiftlet_longest_turn_seconds", httpPort)
            let handshakesBefore = try metric("swiftlet_broker_tls_handshakes_most", httpPort)

            let cutAt = ReturningCrowd.timeOfDay()
            mosquitto.cut()
            let firstLife = mosquitto.log
            let awayFor = Deadline(in: .seconds(2))
            _ = try crowd.live(within: generous) { awayFor.hasPassed }
            try mosquitto.restart()
            let backAt = MonotonicClock.now()
            let areBack = try crowd.live(within: .seconds(60)) {
                crowd.members.allSatisfy { $0.acknowledgedAt > backAt }
            }
            #expect(areBack, "\(crowd.members.count { $0.acknowledgedAt <= backAt }) are not back")
            let lastBackAt = MonotonicClock.now()
            crowd.end()
            #expect(try crowd.live(within: .seconds(60)) { crowd.hasEnded })
            let turn = try metric("swiftlet_longest_turn_seconds", httpPort)
            let handshakes = try metric("swiftlet_broker_tls_handshakes_most", httpPort)
            let ends = ends(in: gateway.log, clientCount: count)
            try #require(ends.allSatisfy { $0 != nil }, "\(ends.count { $0 == nil }) ends are not in the log")
            // What was queued at QoS 0 may come behind what was acknowledged.
            var account = Account()
            _ = eventually {
                account = Account(
                    crowd, Received(firstLife + mosquitto.log, clientCount: count), ends: ends, cutAt: cutAt)
                return account.lostAtMostOnce == 0
            }
            print(
                """
                return check: \(count) active clients over TLS, broker killed, and started again 2 s later
                  all acknowledged again \(Double(lastBackAt - backAt) / 1_000_000_000) s after its start
                  TLS handshakes at once: at most \(Int(handshakes)) (\(Int(handshakesBefore)) before)
                  QoS 1: \(account.acknowledged) acknowledged, \(account.lostAtLeastOnce) lost, \
                told to wait \(crowd.toldToWait.atLeastOnce) times
                  QoS 0: \(account.said) said, \(account.saidWhileAway) after the end was seen and before the start, \
                \(account.lostAtMostOnce) lost, \(account.unknown) unknown (written before the end was seen)
                  longest turn of the loop: \(turn) s (\(turnBefore) s before)
                """)
            #expect(account.lostAtLeastOnce == 0)
            #expect(account.lostAtMostOnce == 0)
            #expect(crowd.toldToWait.atMostOnce == 0)
            #expect(crowd.otherAnswers.isEmpty, "\(crowd.otherAnswers.prefix(5))")
            #expect(account.saidWhileAway >= count, "nothing was said while the broker was away")
            #expect(handshakes > 0 && handshakes <= 201, "more than limits.broker_handshakes and the gateway's own")
        }
    }
}
