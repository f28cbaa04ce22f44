import Configuration
import GatewayCore
import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

@testable import GatewayHost

/// Proves that the log cannot hold up the gateway, and cannot be filled by whoever sends datagrams.
@Suite struct LogTests {
    /// Standard error in a pipe whose reader sleeps, as that of a service manager may.
    @Test(.timeLimit(.minutes(1))) func aLogThatNobodyReadsLeavesLinesOutAndSaysSo() throws {
        let pipe = try LogPipe()
        let log = Log(level: .info, descriptor: pipe.writing)
        let text = String(repeating: "x", count: 1_000)
        for _ in 0..<200 { log.write(.info, text) }
        log.turnEnded()
        for _ in 0..<100 { log.write(.info, text) }
        let takenCount = pipe.readLines().count
        #expect(takenCount > 0 && takenCount < 200)
        log.write(.info, "awake")
        let lines = pipe.readLines()
        try #require(lines.count == 2)
        #expect(lines[0].hasSuffix("warn  log lines left out, nobody took them in time: count=\(300 - takenCount)"))
        #expect(lines[1].hasSuffix("info  awake"))
    }

    @Test func tracingCostsNoClientItsAnswer() throws {
        let pipe = try LogPipe()
        pipe.fill()
        let loop = try EventLoop()
        var settings = Settings()
        settings.host.listeners = [UDPListener(host: "127.0.0.1", port: 0)]
        settings.host.broker = BrokerEndpoint(host: "127.0.0.1", port: try ScriptedBroker.unusedPort())
        let log = Log(level: .trace, descriptor: pipe.writing)
        let host = try Host(settings: settings, seed: 1, log: log, loop: loop)
        defer { host.close() }
        let sensor = try Sensor(host.listeningAddresses[0])
        var answers = 0
        for _ in 0..<100 {
            try sensor.send(Datagram.connect("s"))
            let deadline = Deadline(in: generous)
            while try sensor.hear(within: .zero) == nil, !deadline.hasPassed {
                try loop.turn(deadline: min(MonotonicClock.now() + 10_000_000, host.nextDeadline ?? .max))
                host.finishTurn()
            }
            answers += deadline.hasPassed ? 0 : 1
        }
        #expect(answers == 100)
    }

    /// Anybody can come and go a thousand times a second; a full disk would be the owner's.
    @Test(arguments: [
        Occurrence.clientLost, .clientDismissed,
        .upstreamLost(BrokerLoss(end: .closedByBroker, said: .connect, milliseconds: 1)),
    ])
    func clientsCauseFewLines(occurrence: Occurrence) throws {
        let pipe = try LogPipe()
        var settings = HostSettings()
        settings.clientLogLinesPerSecond = 5
        var reporter = Reporter(log: Log(level: .info, descriptor: pipe.writing), settings)
        for second in 1...2 {
            let lineCount = (0..<1_000).count { _ in reporter.count(occurrence, at: 0) != nil }
            #expect(lineCount == 5)
            #expect(reporter.counters[occurrence.kind] == UInt64(1_000 * second))
            reporter.turnEnded(at: UInt64(second) * 1_000_000_000)
            let said = pipe.readLines()
            #expect(said.count == 1)
            #expect(
                said.first?.hasSuffix("log lines about clients left out: count=995 (log.client_lines_per_second)")
                    == true)
        }
    }

    /// A thousand sensors that come and go once a minute must not wear out the memory that the log is written to.
    @Test func aBusyMinuteBecomesOneLine() throws {
        let pipe = try LogPipe()
        let second: UInt64 = 1_000_000_000
        var settings = HostSettings()
        settings.clientLogLinesPerMinute = 5
        var reporter = Reporter(log: Log(level: .info, descriptor: pipe.writing), settings)
        /// How many of them have a line of their own; what is said at the end of their minute.
        func minute(_ number: UInt64, count: Int) -> (own: Int, summary: [Substring]) {
            let began = number * 60 * second
            let kinds = [Occurrence.clientConnected, .clientDisconnected]
            let own = (0..<count).count { reporter.count(kinds[$0 % 2], at: began + UInt64($0)) != nil }
            if own < count { #expect(reporter.nextDeadline == began + 60 * second) }
            reporter.turnEnded(at: began + 60 * second)
            return (own, pipe.readLines())
        }
        let words = "info  clients in a minute (log.client_lines_per_minute):"
        for (number, own) in [(UInt64(1), 5), (2, 0)] {
            let busy = minute(number, count: 1_000)
            #expect(busy.own == own && busy.summary.count == 1)
            #expect(busy.summary.first?.hasSuffix("\(words) client_connected=500 client_disconnected=500") == true)
        }
        // Quiet again: told as a number for the last time.
        let quieter = minute(3, count: 2)
        #expect(quieter.own == 0)
        #expect(quieter.summary.first?.hasSuffix("\(words) client_connected=1 client_disconnected=1") == true)
        let quiet = minute(4, count: 5)
        #expect(quiet.own == 5 && quiet.summary.isEmpty && reporter.nextDeadline == nil)
    }

    /// What an owner may want to allow is told once for each reason with the key, whatever else strangers cause.
    @Test(arguments: [
        (
            QoSMinusOneRefusal.off, #"publish without connection refused: gateway.qos_minus_one is "off""#
        ),
        (
            .shortName,
            #"refused: short topic names are taken with gateway.qos_minus_one = "on" only"#
        ),
        (.normalTopicID, "are taken with gateway.qos_minus_one_full_names = true only"),
        (.unknownPredefinedID, "no [[topic]] has the id 7, and gateway.qos_minus_one takes those of the configuration"),
        (
            .noClientID,
            "topic id 7 has ${client_id} in it, and its sender is not connected, or has a ClientId that makes no topic name"
                + " of it"
        ),
    ])
    func whatTheOwnerCanAllowIsToldOnce(refusal: QoSMinusOneRefusal, words: String) throws {
        let pipe = try LogPipe()
        var settings = HostSettings()
        settings.strangerLogLinesPerSecond = 0
        var reporter = Reporter(log: Log(level: .info, descriptor: pipe.writing), settings)
        let refused = Occurrence.qosMinusOneRefused(refusal, topicID: 7)
        let levels = (0..<100).map { reporter.count(refused, at: $0) }
        #expect(levels == [.warning] + [LogLevel?](repeating: nil, count: 99))
        #expect(reporter.counters[.qosMinusOneRefused] == 100)
        #expect(ObservationText.words(for: refused).hasSuffix(words))
        // Nobody but the client can change that.
        #expect(reporter.count(.qosMinusOneRefused(.noTopic, topicID: 0), at: 0) == nil)
        for foreign in ForeignProtocol.allCases {
            let datagram = Occurrence.malformedDatagram(.lengthMismatch, foreign)
            #expect(reporter.count(datagram, at: 0) == .warning)
            #expect(reporter.count(datagram, at: 0) == nil)
        }
        #expect(reporter.count(.forwarderRefused, at: 0) == .warning)
        #expect(reporter.count(.forwarderRefused, at: 0) == nil)
    }

    /// The reason, the limit and its key.
    @Test(arguments: [
        (
            ReturnCode.notSupported, ClientRefusal.clientIDTooLong(octets: 30, limit: 23),
            "its ClientId of 30 octets is longer than clients.id_bytes=23 (not supported)"
        ),
        (
            .notSupported, .noClientID,
            "it has no ClientId, which clients.empty_id = \"assign\" takes with a clean session (not supported)"
        ),
        (
            .congestion, .addressChange,
            "it is connected at another address, and sleep.allow_address_change is false (congestion)"
        ),
        (.congestion, .noPlace(limit: 7), "clients.maximum=7 are connected (congestion)"),
        (.congestion, .noSetUp(limit: 3), "clients.set_ups=3 new clients are being connected already (congestion)"),
        (
            .congestion, .broker(code: 5),
            "the broker refuses it: not authorised (CONNACK return code 5): look at broker.username and broker.password,"
                + " or at the broker's own lists (congestion)"
        ),
    ])
    func theKeyThatWouldTakeAClientIsNamed(code: ReturnCode, refusal: ClientRefusal, words: String) {
        #expect(ObservationText.words(for: .clientRefused(code, because: refusal)) == "client refused: " + words)
    }

    /// Programs get the same, whatever the words are; a name that is too long is shown as far as it is known.
    @Test func aRefusalSaysItsReasonToPrograms() throws {
        let pipe = try LogPipe()
        let log = Log(level: .info, format: .json, descriptor: pipe.writing)
        let reporter = Reporter(log: log, HostSettings())
        let name = Array("xxxx".utf8)
        let refused = Occurrence.clientRefused(.notSupported, because: .clientIDTooLong(octets: 30, limit: 23))
        let nothing: [UInt8] = []
        reporter.write(
            .warning, Observation(refused, clientID: 0..<4), clientID: name.span.bytes, topic: nothing.span.bytes,
            address: "192.0.2.1:1884")
        let line = try #require(pipe.readLines().first)
        #expect(line.contains(#""level":"warn","event":"client_refused","message":"client refused: its ClientId"#))
        #expect(
            line.hasSuffix(
                #""client":"xxxx…","address":"192.0.2.1:1884","code":3,"reason":"client_id_too_long","octets":30,"#
                    + #""limit":23}"#))
    }

    /// MQTT 3.1.1 §3.2.2.3.
    @Test(arguments: [
        (1, "it does not speak MQTT 3.1.1", ""),
        (2, "identifier rejected", ": look at broker.client_id_prefix and the broker's own lists"),
        (3, "unavailable for the moment", ""),
        (4, "bad user name or password", ": look at broker.username and broker.password"),
        (5, "not authorised", ": look at broker.username and broker.password, or at the broker's own lists"),
        (77, "for a reason that MQTT 3.1.1 does not know", ""),
    ])
    func theBrokersRefusalsAreSpeltOut(code: UInt8, words: String, advice: String) {
        let line = ObservationText.words(for: .upstreamRefused(ConnectReturnCode(rawValue: code)))
        #expect(line == "broker refused a connection: \(words) (CONNACK return code \(code))\(advice)")
    }

    @Test func anotherServerOfTheBrokersIsNamed() {
        let line = ObservationText.words(for: .brokerRefersElsewhere(byteCount: 9), topic: "b.example")
        #expect(
            line
                == "broker refers to another server, 'b.example': the gateway goes where broker.url says, so write it there"
                + " if you trust it")
    }

    /// What was said before the broker closed, and after the third time what that looks like.
    @Test func aLossSaysWhatWasSaidBefore() {
        func words(_ said: BrokerLoss.Said, _ milliseconds: UInt32, _ topic: String) -> String {
            let loss = BrokerLoss(end: .closedByBroker, said: said, milliseconds: milliseconds)
            return ObservationText.words(for: .upstreamLost(loss), topic: topic)
        }
        let lost = "client's broker connection lost: closed by the broker "
        #expect(words(.publishAtLeastOnce, 3, "farm/x") == lost + "3 ms after PUBLISH farm/x QoS 1; restoring it")
        #expect(words(.subscribe, 12_345, "") == lost + "12 s after SUBSCRIBE; restoring it")
        #expect(words(.connect, 5, "") == lost + "5 ms after CONNECT was accepted; restoring it")
        let published = BrokerLoss(end: .closedByBroker, said: .publishAtMostOnce, milliseconds: 3)
        #expect(
            ObservationText.words(for: .upstreamLostRepeatedly(published), topic: "a").contains(
                "3 ms after PUBLISH a QoS 0: does the broker forbid it?"))
        let taken = BrokerLoss(end: .closedByBroker, said: .connect, milliseconds: 3)
        #expect(ObservationText.words(for: .upstreamLostRepeatedly(taken)).contains("broker.client_id_prefix"))
    }

    /// Every ADVERTISE of the other gateway says so again.
    @Test func aNumberThatIsTakenIsToldInFewLines() {
        var reporter = Reporter(log: Log(level: .info), HostSettings())
        let second: UInt64 = 1_000_000_000
        let told = (100...160).filter { reporter.count(.gatewayIDTaken(1), at: $0 * second) != nil }
        #expect(told == [100, 110, 130])
    }

    /// What tells the owner that something is wrong comes through.
    @Test func theBrokersLinesAreNotLimited() throws {
        var settings = HostSettings()
        (settings.clientLogLinesPerSecond, settings.strangerLogLinesPerSecond) = (0, 0)
        settings.clientLogLinesPerMinute = 0
        var reporter = Reporter(log: Log(level: .info), settings)
        #expect(reporter.count(.brokerUnreachable, at: 0) == .warning)
        #expect(reporter.count(.brokerReachable, at: 0) == .info)
        #expect(reporter.count(.clientConnected, at: 0) == nil)
    }
}

/// A pipe for the log with its reader.
final class LogPipe {
    private let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemFailure(operation: "pipe") }
        (reading, writing) = (ends[0], ends[1])
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// Leaves no room.
    func fill() {
        _ = fcntl(writing, F_SETFL, O_NONBLOCK)
        let octets = [UInt8](repeating: UInt8(ascii: "x"), count: 4_096)
        while write(writing, octets, octets.count) > 0 {}
        _ = fcntl(writing, F_SETFL, 0)
    }

    /// All lines that wait.
    func readLines() -> [Substring] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(reading, &buffer, buffer.count)
            guard count > 0 else { break }
            all += buffer[..<count]
        }
        return String(decoding: all, as: UTF8.self).lines
    }
}
