import Bytes
import GatewayCore
import Testing
import Time

@testable import TraceFile

/// The text form of a trace: what is written can be read, and what cannot be read is said in a sentence.
@Suite struct TraceTextTests {
    private static let peer = PeerID(link: LinkID(65_535), number: 4_294_967_295)
    private static let stream = UpstreamID(slot: 4_294_967_295, generation: 7)

    /// One of each kind, with the word that names it; the switch makes a new kind show up here.
    private static let events: [(event: Event, word: String)] = {
        var events: [Event] = [
            .datagramReceived(from: peer, mayForward: true), .datagramReceived(from: peer, mayForward: false),
            .datagramReceived(from: peer, mayForward: false, network: 65_535),
            .datagramTruncated(from: peer), .streamOpened(stream), .streamReceived(stream),
            .streamBlocked(stream, queuedByteCount: 1 << 40), .streamDrained(stream), .streamEnded(stream),
            .deadlineReached,
            .shutdownRequested, .suspensionRequested,
            .linkChanged(LinkID(65_535), maximumDatagramByteCount: 1 << 40),
            .linkLost(LinkID(65_535)), .linkReturned(LinkID(65_535)), .statusReported(nameByteCount: 1 << 40),
        ]
        events += StreamEnd.allCases.map { .streamClosed(stream, $0) }
        return events.map { ($0, word(for: $0)) }
    }()

    private static func word(for event: Event) -> String {
        switch event {
        case .datagramReceived(_, let mayForward, let network):
            "datagram:65535:4294967295:\(mayForward ? 1 : 0)\(network == 0 ? "" : ":\(network)")"
        case .datagramTruncated: "truncated:65535:4294967295"
        case .streamOpened: "opened:4294967295:7"
        case .streamReceived: "received:4294967295:7"
        case .streamBlocked: "blocked:4294967295:7:1099511627776"
        case .streamDrained: "drained:4294967295:7"
        case .streamEnded: "ended:4294967295:7"
        case .streamClosed(_, let end): "closed:4294967295:7:\(end.rawValue)"
        case .linkChanged: "link:65535:1099511627776"
        case .linkLost: "linklost:65535"
        case .linkReturned: "linkback:65535"
        case .statusReported: "status:1099511627776"
        case .deadlineReached: "deadline"
        case .shutdownRequested: "shutdown"
        case .suspensionRequested: "suspension"
        }
    }

    private func trace(_ entries: [Trace.Entry]) -> Trace {
        var trace = Trace(seed: .max, configuration: GatewayConfiguration(), note: "a test")
        trace.entries = entries
        return trace
    }

    private func read(_ text: some StringProtocol) throws(TraceError) -> Trace {
        try Trace(reading: Array(text.utf8), file: "f.trace")
    }

    private func text(_ trace: Trace) -> String { String(decoding: trace.text, as: UTF8.self) }

    // MARK: Events

    @Test func everyEventIsAWordAndIsReadAgain() throws {
        for (index, (event, word)) in Self.events.enumerated() {
            let bytes = [UInt8](repeating: UInt8(index), count: index) + [0x0A, 0xFF]
            let written = trace([
                Trace.Entry(now: Instant(nanoseconds: 1), event: event, bytes: bytes, effectHash: 0xAB),
                Trace.Entry(now: Instant(nanoseconds: .max), event: event, effectHash: .max),
            ])
            let text = text(written)
            #expect(text.contains("\n18446744073709551615 \(word) x ffffffffffffffff\n"))
            #expect(text.contains("0aff 00000000000000ab\n"))
            #expect(try read(text) == written)
        }
    }

    /// A configuration that came later is a line like an event, and holds for what follows.
    @Test func anotherConfigurationIsALineAndIsReadAgain() throws {
        var configuration = GatewayConfiguration()
        configuration.limits.clients = 7
        configuration.links = [LinkConfiguration(), LinkConfiguration()]
        configuration.predefinedTopics = PredefinedTopics([.init(topicID: 3, topicName: Array("a/b".utf8))])
        let now = Instant(nanoseconds: 9)
        let written = trace([
            Trace.Entry(now: now, event: .deadlineReached, effectHash: 1),
            Trace.Entry(now: now, fact: .reconfigured(configuration), effectHash: 2),
        ])
        #expect(try read(text(written)) == written)
        let cut = text(written).replacing("end: complete\n", with: "9 configuration x7377 01\n")
        let error = #expect(throws: TraceError.self) { try read(cut) }
        #expect(error?.what.hasPrefix("the configuration is wrong: this is no trace") == true)
    }

    @Test(
        "A session that is gone on with is a line like an event",
        arguments: [
            (nil, 0, ""), (PeerID(link: LinkID(3), number: 8), 0, ":3:8"),
            (PeerID(link: LinkID(3), number: 8), 2, ":3:8:2"),
        ]
            as [(PeerID?, UInt16, String)])
    func aSessionIsALineAndIsReadAgain(peer: PeerID?, network: UInt16, place: String) throws {
        let written = trace([
            Trace.Entry(
                now: Instant(nanoseconds: 9),
                fact: .restored([1, 2, 0xFE], from: peer, network: network, age: TimeSpan(nanoseconds: 77)),
                effectHash: 2)
        ])
        #expect(text(written).contains("\n9 session:77\(place) x0102fe 0000000000000002\n"))
        #expect(try read(text(written)) == written)
        for word in [
            "session", "session:", "session:1:2", "session:1:65536:1", "session:1:1:1:65536", "session:1:1:1:1:1",
        ] {
            let other = text(written).replacing("session:77\(place)", with: word)
            #expect(throws: TraceError.self) { try read(other) }
        }
    }

    // MARK: The end

    @Test(arguments: [Trace.Ending.complete, .limitReached, .abrupt])
    func theEndIsRead(ending: Trace.Ending) throws {
        var written = trace([Trace.Entry(now: Instant(nanoseconds: 5), event: .deadlineReached, effectHash: 1)])
        written.ending = ending
        #expect(try read(text(written)) == written)
    }

    /// Cut anywhere behind its head, a file is a trace of all whole lines, and of an event whose hash alone is missing.
    @Test func aFileThatStopsAnywhereIsReadAsFarAsItGoes() throws {
        let event = Event.datagramReceived(from: PeerID(link: LinkID(0), number: 1))
        let whole = trace([
            Trace.Entry(now: Instant(nanoseconds: 5), event: .deadlineReached, effectHash: 1),
            Trace.Entry(now: Instant(nanoseconds: 1_234), event: event, bytes: [2, 0x16], effectHash: 0x55),
        ])
        let text = text(whole)
        let end = try #require(text.range(of: "[events]\n")?.upperBound)
        let bytes = "1234 datagram:0:1:0 x0216 "
        var endings: [Trace.Ending: Int] = [:]
        for index in text.indices where index >= end {
            let cut = try read(text[..<index])
            let rest = text[end..<index]
            endings[cut.ending, default: 0] += 1
            let isInsideLine = !rest.isEmpty && rest.last != "\n"
            #expect(cut.ending == (isInsideLine ? .insideLine : .abrupt))
            let lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
            var expected = Array(whole.entries.prefix(min(2, lines.count - 1)))
            if lines.count <= 2, let last = lines.last, last.hasPrefix(bytes) || last.hasPrefix("5 deadline x ") {
                expected = Array(whole.entries.prefix(lines.count))
                expected[lines.count - 1].effectHash = nil
            }
            #expect(cut.entries == expected, "\(rest)")
        }
        #expect(endings[.abrupt] == 3)
    }

    // MARK: What is wrong

    @Test(arguments: [
        ("", "1: this is no trace: it must begin with the line 'swiftlet-trace 2'"),
        ("swiftlet-trace 1\n", "1: this is no trace: it must begin with the line 'swiftlet-trace 2'"),
        ("swiftlet-trace 2", "1: this is no trace: it must begin with the line 'swiftlet-trace 2'"),
        ("swiftlet-trace 2\nseed = 1\n", "3: the head does not come to its end, the line '[events]'"),
        ("swiftlet-trace 2\n[events]\n", "2: the head lacks 'seed'"),
        ("swiftlet-trace 2\nseed 1\n", "2: expected 'name = value'; found 'seed 1'"),
        ("swiftlet-trace 2\nseed = -1\n", "2: '-1' is no value of 'seed'"),
        ("swiftlet-trace 2\nseed = 1\nseed = 1\n", "3: 'seed' is given twice"),
        ("swiftlet-trace 2\ncolour = red\n", "2: unknown key 'colour'"),
        ("swiftlet-trace 2\n[link]\nseed = 1\n", "3: unknown key 'seed'"),
        ("swiftlet-trace 2\ngatewayID = 256\n", "2: '256' is no value of 'gatewayID'"),
        ("swiftlet-trace 2\nlimits.clients = -1\n", "2: '-1' is no value of 'limits.clients'"),
        (
            "swiftlet-trace 2\nlimits.queuedByteCount = 1099511627777\n",
            "2: '1099511627777' is no value of 'limits.queuedByteCount'"
        ),
        (
            "swiftlet-trace 2\n[link]\nretryCount = 9223372036854775807\n",
            "3: '9223372036854775807' is no value of 'retryCount'"
        ),
        ("swiftlet-trace 2\nqueuePolicy = dropAll\n", "2: 'dropAll' is no value of 'queuePolicy'"),
        ("swiftlet-trace 2\nisLenient = yes\n", "2: 'yes' is no value of 'isLenient'"),
        ("swiftlet-trace 2\nsleep.pacing = 7\n", "2: '7' is no value of 'sleep.pacing'"),
        ("swiftlet-trace 2\nupstream.password = secret\n", "2: 'secret' is no value of 'upstream.password'"),
    ])
    func aWrongHeadIsExplained(text: String, message: String) {
        let error = #expect(throws: TraceError.self) { try read(text) }
        #expect(error?.description == "f.trace:\(message)")
    }

    @Test(arguments: [
        ("", "expected time, event, bytes and hash; found ''"),
        ("end: of the world", "'end:' is no time in nanoseconds"),
        ("end: soon", "expected time, event, bytes and hash; found 'end: soon'"),
        ("1 deadline x", "expected time, event, bytes and hash; found '1 deadline x'"),
        ("now deadline x 1", "'now' is no time in nanoseconds"),
        ("18446744073709551616 deadline x 1", "'18446744073709551616' is no time in nanoseconds"),
        ("1 nonsense x 1", "'nonsense' is no event"),
        ("1 deadline:1 x 1", "'deadline:1' is no event"),
        ("1 opened:1 x 1", "'opened:1' is no event"),
        ("1 opened:1: x 1", "'opened:1:' is no event"),
        ("1 opened:4294967296:1 x 1", "'opened:4294967296:1' is no event"),
        ("1 datagram:65536:1:0 x 1", "'datagram:65536:1:0' is no event"),
        ("1 datagram:1:1:2 x 1", "'datagram:1:1:2' is no event"),
        ("1 closed:1:1:200 x 1", "'closed:1:1:200' is no event"),
        ("1 blocked:1:1:1099511627777 x 1", "'blocked:1:1:1099511627777' is no event"),
        ("1 link:1:1099511627777 x 1", "'link:1:1099511627777' is no event"),
        ("1 deadline 00 1", "the bytes must be 'x' and pairs of hexadecimal digits"),
        ("1 deadline x0 1", "the bytes must be 'x' and pairs of hexadecimal digits"),
        ("1 deadline x0G 1", "the bytes must be 'x' and pairs of hexadecimal digits"),
        ("1 deadline x ", "'' is no hash"),
        ("1 deadline x 10000000000000000", "'10000000000000000' is no hash"),
        ("end: complete\n1 deadline x 1", "there must be nothing after the line that ends the trace"),
    ])
    func aWrongEventIsExplained(line: String, message: String) {
        let text = "swiftlet-trace 2\nseed = 1\n[events]\n" + line + "\n"
        let number = text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        let error = #expect(throws: TraceError.self) { try read(text) }
        #expect(error?.description == "f.trace:\(number): \(message)")
    }

    /// What stands behind the end is no trace of a killed gateway, with a line feed or without.
    @Test(arguments: ["x", "x\n", "1 deadline x 1", "end: complete"])
    func nothingMayFollowTheEnd(rest: String) {
        let text = "swiftlet-trace 2\nseed = 1\n[events]\nend: complete\n" + rest
        let error = #expect(throws: TraceError.self) { try read(text) }
        #expect(error?.description == "f.trace:5: there must be nothing after the line that ends the trace")
    }

    /// The largest limit that the gateway's configuration can have.
    @Test func theLargestLimitIsRead() throws {
        let text = "swiftlet-trace 2\nlimits.queuedByteCount = 1099511627776\nseed = 1\n[events]\n"
        #expect(try read(text).configuration.limits.queuedByteCount == 1_099_511_627_776)
    }
}

extension String {
    /// Where `part` stands first.
    fileprivate func range(of part: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(part) }.map { $0..<index($0, offsetBy: part.count) }
    }
}
