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
    @Test(arguments: [Occurrence.clientLost, .clientDismissed, .upstreamLost])
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
        #expect(reporter.count(.forwarderRefused, at: 0) == .warning)
        #expect(reporter.count(.forwarderRefused, at: 0) == nil)
    }

    @Test(arguments: [
        (ReturnCode.notSupported, nil, "client refused: not supported"),
        (.congestion, nil, "client refused: congestion"),
        (
            .notSupported, ClientRefusal.clientIDTooLong,
            "client refused: not supported; its ClientId is longer than clients.id_bytes allows"
        ),
        (
            .notSupported, .noClientID,
            "client refused: not supported; it has no ClientId, which clients.empty_id = \"assign\" takes with a clean"
                + " session"
        ),
        (
            .congestion, .addressChange,
            "client refused: congestion; it is connected at another address, and sleep.allow_address_change is false"
        ),
    ])
    func theKeyThatWouldTakeAClientIsNamed(code: ReturnCode, refusal: ClientRefusal?, words: String) {
        #expect(ObservationText.words(for: .clientRefused(code, because: refusal)) == words)
    }

    /// MQTT 3.1.1 §3.2.2.3.
    @Test(arguments: [
        (1, "it does not speak MQTT 3.1.1"), (2, "it does not accept the client identifier"),
        (3, "it is unavailable for the moment"), (4, "bad user name or password"), (5, "not authorized"),
        (77, "for a reason that MQTT 3.1.1 does not know"),
    ])
    func theBrokersRefusalsAreSpeltOut(code: UInt8, words: String) {
        let line = ObservationText.words(for: .upstreamRefused(ConnectReturnCode(rawValue: code)))
        #expect(line.hasPrefix("broker refused a connection: \(words)"))
        #expect(line.hasSuffix("(CONNACK return code \(code))"))
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
private final class LogPipe {
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
