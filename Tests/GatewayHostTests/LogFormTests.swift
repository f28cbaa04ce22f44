import Configuration
import GatewayCore
import Testing
import Transports

@testable import GatewayHost

/// Proves what the log's lines look like in each form, whatever is in them.
@Suite struct LogFormTests {
    private let time = Timestamp(secondsSince1970: 1_796_000_000, milliseconds: 7)

    private func line(client: String) -> LogLine {
        var line = LogLine(.warning, "client refused: its ClientId is too long", event: "client_refused")
        line.circumstances = [LogField("client", client), LogField("address", "192.0.2.1:1884")]
        line.figures = [LogField("limit", 23)]
        return line
    }

    @Test(arguments: [
        (
            LogStyle.text,
            "2026-11-30T00:53:20.007Z warn  client refused: its ClientId is too long client=s address=192.0.2.1:1884"
        ),
        (.journal, "<4>client refused: its ClientId is too long client=s address=192.0.2.1:1884"),
        (
            .json,
            #"{"time":"2026-11-30T00:53:20.007Z","level":"warn","event":"client_refused","#
                + #""message":"client refused: its ClientId is too long","client":"s","address":"192.0.2.1:1884","#
                + #""limit":23}"#
        ),
        (
            .logfmt,
            #"time=2026-11-30T00:53:20.007Z level=warn event=client_refused message="client refused: its ClientId is "#
                + #"too long" client=s address=192.0.2.1:1884 limit=23"#
        ),
    ])
    func eachFormSaysTheSame(style: LogStyle, text: String) {
        #expect(style.line(line(client: "s"), at: time) == text)
    }

    @Test(arguments: [(LogLevel.error, 3), (.warning, 4), (.info, 6), (.debug, 7), (.trace, 7)])
    func theJournalGetsThePriorityOfSyslog(level: LogLevel, priority: Int) {
        #expect(LogStyle.journal.line(LogLine(level, "x"), at: time) == "<\(priority)>x")
    }

    @Test func aTerminalGetsColorsOnlyIfItShowsThem() {
        let plain = LogStyle.terminal(showsColors: false).line(LogLine(.error, "x"), at: time)
        #expect(plain.hasSuffix(" error x") && !plain.utf8.contains(0x1B))
        let colored = LogStyle.terminal(showsColors: true).line(LogLine(.error, "x"), at: time)
        #expect(colored.hasSuffix("\u{1B}[31;1merror\u{1B}[0m x"))
    }

    /// A ClientId is whatever a stranger sends: quotes, line breaks, escapes of a terminal, text that runs backwards.
    @Test(arguments: [
        ("a\"b", #""a\"b""#, #""a\"b""#), ("a\nb", #""a\u{a}b""#, #""a\u000ab""#),
        ("\u{1B}[2J", #""\u{1b}[2J""#, #""\u001b[2J""#), ("a\\b", #"a\b"#, #""a\\b""#),
        ("\u{202E}x", #""\u{202e}x""#, #""\u202ex""#), ("\u{E0001}", #""\u{e0001}""#, #""\udb40\udc01""#),
        ("a b", #""a b""#, #""a b""#), ("é", "\"é\"", "\"é\""),
    ])
    func nothingInALineActsOnItsReader(client: String, text: String, json: String) {
        #expect(LogStyle.text.line(line(client: client), at: time).contains(" client=\(text) address="))
        #expect(LogStyle.json.line(line(client: client), at: time).contains(#""client":\#(json),"address""#))
        let logfmt = LogStyle.logfmt.line(line(client: client), at: time)
        #expect(logfmt.contains(" client=\(json) address="))
    }

    @Test(arguments: [
        ("clientFellAsleep", "client_fell_asleep"), ("gatewayIDTaken", "gateway_id_taken"),
        ("qosMinusOneRefused", "qos_minus_one_refused"), ("advertised", "advertised"),
    ])
    func eventsHaveTheNamesOfTheMetrics(name: String, event: String) {
        #expect(name.snakeCased == event)
    }

    @Test func autoIsWhatSuitsTheReader() {
        #expect(LogStyle(.auto, for: .journal) == .journal)
        #expect(LogStyle(.auto, for: .terminal(showsColors: true)) == .terminal(showsColors: true))
        #expect(LogStyle(.auto, for: .other) == .text)
        #expect(LogStyle(.json, for: .journal) == .json)
        #expect(LogStyle(.text, for: .terminal(showsColors: true)) == .text)
    }

    @Test(arguments: [("warn", LogLevel.warning), ("warning", .warning), ("trace", .trace)])
    func aLevelHasTheNameThatLinesShow(name: String, level: LogLevel) throws {
        #expect(LogLevel(named: name) == level)
        let settings = try SettingsReader.read(Array("log.level = '\(name)'".utf8), file: "f").get()
        #expect(settings.host.logLevel == level)
    }
}
