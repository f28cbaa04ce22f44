import GatewayCore
import Time

/// What is wrong in a file that should be a trace, and where.
package struct TraceError: Error, Equatable, Sendable, CustomStringConvertible {
    package var file: String
    /// Counted from 1.
    package var line: Int
    package var what: String

    package var description: String { "\(file):\(line): \(what)" }
}

extension Trace {
    /// Reads a trace's text; `file` is its name in errors.
    ///
    /// A file that stops inside a line is a trace all the same: its gateway was killed. An event that is whole, though
    /// the hash of its effects is missing, is then the last one.
    package init(reading text: [UInt8], file: String) throws(TraceError) {
        var reader = TraceReader(text, file: file)
        self = try reader.read()
    }
}

/// Reads the text of a trace line by line.
private struct TraceReader {
    private typealias Line = ArraySlice<UInt8>

    private let text: [UInt8]
    private let file: String
    private var position = 0
    private var lineNumber = 0
    private var trace = Trace(seed: 0, configuration: GatewayConfiguration())
    /// Keys of the head's current part that have been read.
    private var keys: Set<String> = []
    private var hasSeed = false
    private var part = Part.gateway
    private var topics: [PredefinedTopics.Entry] = []

    /// Of the head.
    private enum Part {
        case gateway, link, topic, rule
    }

    init(_ text: [UInt8], file: String) {
        self.text = text
        self.file = file
    }

    mutating func read() throws(TraceError) -> Trace {
        try readHead()
        trace.configuration.predefinedTopics = PredefinedTopics(topics)
        trace.ending = .abrupt
        while trace.ending == .abrupt, let line = nextLine() { try readEventLine(line) }
        try readHalfLine()
        return trace
    }

    private func error(_ what: String) -> TraceError { TraceError(file: file, line: lineNumber, what: what) }

    /// The next whole line, without its line feed; nil where there is none.
    private mutating func nextLine() -> Line? {
        guard let end = text[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { position = end + 1 }
        lineNumber += 1
        return text[position..<end]
    }

    // MARK: The head

    private mutating func readHead() throws(TraceError) {
        guard let title = nextLine(), Self.string(title) == [UInt8].traceTitle else {
            lineNumber = 1
            throw error("this is no trace: it must begin with the line '\([UInt8].traceTitle)'")
        }
        while let line = nextLine() {
            switch Self.string(line) {
            case [UInt8].traceEventsTitle:
                guard hasSeed else { throw error("the head lacks 'seed'") }
                return
            case "[link]":
                guard trace.configuration.links.count < Int(UInt16.max) else { throw error("too many links") }
                trace.configuration.links.append(LinkConfiguration())
                begin(.link)
            case "[topic]":
                topics.append(PredefinedTopics.Entry(topicID: 0, topicName: []))
                begin(.topic)
            case "[client]":
                guard trace.configuration.clientRules.count < ClientRule.maximumCount else {
                    throw error("too many rules for clients")
                }
                trace.configuration.clientRules.append(ClientRule())
                begin(.rule)
            case let text: try readSetting(text)
            }
        }
        lineNumber += 1
        throw error("the head does not come to its end, the line '\([UInt8].traceEventsTitle)'")
    }

    private mutating func begin(_ part: Part) {
        self.part = part
        keys = []
    }

    private mutating func readSetting(_ line: String) throws(TraceError) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[1] == "=" else { throw error("expected 'name = value'; found '\(line)'") }
        let (name, value) = (String(words[0]), words[2])
        guard keys.insert(name).inserted else { throw error("'\(name)' is given twice") }
        switch part {
        case .gateway where name == "note": trace.note = String(value)
        case .gateway where name == "seed":
            guard let seed = UInt64(value) else { throw wrong(value, name) }
            trace.seed = seed
            hasSeed = true
        case .gateway: try write(name, value, ConfigurationText.gateway, &trace.configuration)
        case .link:
            let last = trace.configuration.links.count - 1
            try write(name, value, ConfigurationText.link, &trace.configuration.links[last])
        case .topic: try write(name, value, ConfigurationText.topic, &topics[topics.count - 1])
        case .rule:
            let last = trace.configuration.clientRules.count - 1
            try write(name, value, ConfigurationText.rule, &trace.configuration.clientRules[last])
        }
    }

    private func write<Target>(
        _ name: String, _ value: Substring, _ fields: [ConfigurationField<Target>], _ target: inout Target
    ) throws(TraceError) {
        guard let field = fields.first(where: { $0.name == name }) else { throw error("unknown key '\(name)'") }
        guard field.write(value, &target) else { throw wrong(value, name) }
    }

    private func wrong(_ value: Substring, _ name: String) -> TraceError {
        error("'\(value)' is no value of '\(name)'")
    }

    // MARK: Events

    private mutating func readEventLine(_ line: Line) throws(TraceError) {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 4 else {
            if let ending = Trace.Ending.allCases.first(where: { $0.line.map { Array($0.utf8) } == Array(line) }) {
                return trace.ending = ending
            }
            throw error("expected time, event, bytes and hash; found '\(Self.string(line))'")
        }
        var entry = try Self.entry(words, self)
        guard words[3].count <= 16, let hash = UInt64(Self.string(words[3]), radix: 16) else {
            throw error("'\(Self.string(words[3]))' is no hash")
        }
        entry.effectHash = hash
        trace.entries.append(entry)
    }

    /// What stands after the last line feed: only an event that is whole is of use.
    private mutating func readHalfLine() throws(TraceError) {
        guard position < text.count else { return }
        lineNumber += 1
        guard trace.ending == .abrupt else {
            throw error("there must be nothing after the line that ends the trace")
        }
        trace.ending = .insideLine
        let words = text[position...].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        // The space behind the bytes shows that they are all there.
        if words.count == 4 { trace.entries.append(try Self.entry(words, self)) }
    }

    private static func entry(_ words: [Line], _ reader: borrowing TraceReader) throws(TraceError) -> Trace.Entry {
        guard let nanoseconds = UInt64(string(words[0])) else {
            throw reader.error("'\(string(words[0]))' is no time in nanoseconds")
        }
        guard let bytes = [UInt8](hexadecimalWord: words[2]) else {
            throw reader.error("the bytes must be 'x' and pairs of hexadecimal digits")
        }
        let now = Instant(nanoseconds: nanoseconds)
        guard string(words[1]) != "configuration" else {
            return Trace.Entry(now: now, fact: .reconfigured(try configuration(bytes, reader)), effectHash: nil)
        }
        if let fact = EventText.session(string(words[1]), bytes) {
            return Trace.Entry(now: now, fact: fact, effectHash: nil)
        }
        guard let event = EventText.event(string(words[1])) else {
            throw reader.error("'\(string(words[1]))' is no event")
        }
        return Trace.Entry(now: now, event: event, bytes: bytes, effectHash: nil)
    }

    /// What the head of a trace says that stands in one line.
    private static func configuration(
        _ head: [UInt8], _ reader: borrowing TraceReader
    ) throws(TraceError) -> GatewayConfiguration {
        do throws(TraceError) {
            let trace = try Trace(reading: head, file: reader.file)
            guard trace.entries.isEmpty, trace.seed == 0 else { throw reader.error("it is a whole trace") }
            return trace.configuration
        } catch {
            throw reader.error("the configuration is wrong: \(error.what)")
        }
    }

    private static func string(_ bytes: Line) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Reads events from words such as `datagram:0:7:0`.
private enum EventText {
    /// Such as `session:9:0:7`.
    static func session(_ word: String, _ record: [UInt8]) -> Trace.Fact? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.dropFirst().compactMap { UInt64($0) }
        guard parts.first == "session", numbers.count == parts.count - 1, let age = numbers.first else { return nil }
        let span = TimeSpan(nanoseconds: age)
        if numbers.count == 1 { return .restored(record, from: nil, age: span) }
        guard numbers.count == 3 || numbers.count == 4, let link = UInt16(exactly: numbers[1]),
            let number = UInt32(exactly: numbers[2]),
            let network = UInt16(exactly: numbers.count == 4 ? numbers[3] : 0)
        else { return nil }
        return .restored(record, from: PeerID(link: LinkID(link), number: number), network: network, age: span)
    }

    static func event(_ word: String) -> Event? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.dropFirst().compactMap { UInt64($0) }
        guard let name = parts.first, numbers.count == parts.count - 1 else { return nil }
        switch (name, numbers.count) {
        case ("datagram", 3) where numbers[2] <= 1:
            return peer(numbers).map { .datagramReceived(from: $0, mayForward: numbers[2] == 1) }
        case ("datagram", 4) where numbers[2] <= 1:
            guard let network = UInt16(exactly: numbers[3]) else { return nil }
            return peer(numbers).map { .datagramReceived(from: $0, mayForward: numbers[2] == 1, network: network) }
        case ("truncated", 2): return peer(numbers).map { .datagramTruncated(from: $0) }
        case ("opened", 2): return stream(numbers).map { .streamOpened($0) }
        case ("received", 2): return stream(numbers).map { .streamReceived($0) }
        case ("blocked", 3):
            guard let count = count(numbers[2]) else { return nil }
            return stream(numbers).map { .streamBlocked($0, queuedByteCount: count) }
        case ("drained", 2): return stream(numbers).map { .streamDrained($0) }
        case ("ended", 2): return stream(numbers).map { .streamEnded($0) }
        case ("closed", 3):
            guard let end = UInt8(exactly: numbers[2]).flatMap({ StreamEnd(rawValue: $0) }) else { return nil }
            return stream(numbers).map { .streamClosed($0, end) }
        case ("link", 2):
            guard let link = UInt16(exactly: numbers[0]), let maximum = count(numbers[1]) else { return nil }
            return .linkChanged(LinkID(link), maximumDatagramByteCount: maximum)
        case ("linklost", 1): return UInt16(exactly: numbers[0]).map { .linkLost(LinkID($0)) }
        case ("linkback", 1): return UInt16(exactly: numbers[0]).map { .linkReturned(LinkID($0)) }
        case ("status", 1): return count(numbers[0]).map { .statusReported(nameByteCount: $0) }
        case ("deadline", 0): return .deadlineReached
        case ("shutdown", 0): return .shutdownRequested
        case ("suspension", 0): return .suspensionRequested
        default: return nil
        }
    }

    private static func count(_ number: UInt64) -> Int? {
        Int(exactly: number).flatMap { $0 <= Int.largestTraceable ? $0 : nil }
    }

    private static func peer(_ numbers: [UInt64]) -> PeerID? {
        guard let link = UInt16(exactly: numbers[0]), let number = UInt32(exactly: numbers[1]) else { return nil }
        return PeerID(link: LinkID(link), number: number)
    }

    private static func stream(_ numbers: [UInt64]) -> UpstreamID? {
        guard let slot = UInt32(exactly: numbers[0]), let generation = UInt32(exactly: numbers[1]) else { return nil }
        return UpstreamID(slot: slot, generation: generation)
    }
}
