package import GatewayCore

/// Everything that one gateway was told, with the hash of all its effects up to each event: enough to bring them back.
///
/// As text: a head of three lines (`swiftlet-trace 1`, the gateway's seed, the world's options, which decide how the
/// gateway is configured), then one line per event: the time in nanoseconds, the event, its bytes in hexadecimal, and
/// the hash.
package struct Trace: Equatable, Sendable {
    /// One event of the gateway.
    package struct Entry: Equatable, Sendable {
        package var now: Instant
        package var event: Event
        package var bytes: [UInt8]
        package var effectHash: UInt64
    }

    package var seed: UInt64
    package var options: WorldOptions
    package var entries: [Entry] = []

    package init(seed: UInt64, options: WorldOptions) {
        self.seed = seed
        self.options = options
    }

    /// A gateway's life ends and another one's begins.
    mutating func restart(seed: UInt64) {
        self.seed = seed
        entries = []
    }

    /// Tells a new gateway the same events.
    ///
    /// - Returns: the position of the first event whose effects differ; nil when all are the same.
    package func firstDifference() -> Int? {
        var gateway = Gateway(configuration: WorldPlan(options).gateway, seed: seed)
        var effects = Effects()
        var hash = EffectHash()
        for (position, entry) in entries.enumerated() {
            effects.removeAll()
            gateway.handle(entry.event, entry.bytes.span.bytes, at: entry.now, into: &effects)
            hash.combine(effects, at: entry.now)
            if hash.value != entry.effectHash { return position }
        }
        return nil
    }

    // MARK: As text

    package var text: String {
        var lines = ["swiftlet-trace 1", "\(seed)", options.text]
        for entry in entries {
            let hex = entry.bytes.map { byte in
                String(byte >> 4, radix: 16) + String(byte & 0xF, radix: 16)
            }.joined()
            let event = TraceEvent.text(entry.event)
            lines.append("\(entry.now.nanoseconds) \(event) x\(hex) \(String(entry.effectHash, radix: 16))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// nil where the text is no trace.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, lines[0] == "swiftlet-trace 1", let seed = UInt64(lines[1]),
            let options = WorldOptions(text: String(lines[2]))
        else { return nil }
        self.init(seed: seed, options: options)
        for line in lines.dropFirst(3) where !line.isEmpty {
            guard let entry = Self.entry(line) else { return nil }
            entries.append(entry)
        }
    }

    private static func entry(_ line: Substring) -> Entry? {
        let words = line.split(separator: " ")
        guard words.count == 4, let nanoseconds = UInt64(words[0]), let event = TraceEvent.event(words[1]),
            let bytes = bytes(words[2]), let hash = UInt64(words[3], radix: 16)
        else { return nil }
        return Entry(now: Instant(nanoseconds: nanoseconds), event: event, bytes: bytes, effectHash: hash)
    }

    private static func bytes(_ word: Substring) -> [UInt8]? {
        let digits = Array(word.utf8.dropFirst())
        guard word.first == "x", digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}

/// Events as words such as `datagram:0:7:0`: the name of the fact and its numbers.
private enum TraceEvent {
    static func text(_ event: Event) -> String {
        switch event {
        case .datagramReceived(let peer, let mayForward):
            "datagram:\(peer.link.rawValue):\(peer.number):\(mayForward ? 1 : 0)"
        case .datagramTruncated(let peer): "truncated:\(peer.link.rawValue):\(peer.number)"
        case .streamOpened(let id): "opened:\(id.slot):\(id.generation)"
        case .streamReceived(let id): "received:\(id.slot):\(id.generation)"
        case .streamBlocked(let id, let queued): "blocked:\(id.slot):\(id.generation):\(queued)"
        case .streamDrained(let id): "drained:\(id.slot):\(id.generation)"
        case .streamClosed(let id, let end): "closed:\(id.slot):\(id.generation):\(end.rawValue)"
        case .deadlineReached: "deadline"
        case .shutdownRequested: "shutdown"
        }
    }

    static func event(_ word: Substring) -> Event? {
        let parts = word.split(separator: ":")
        let numbers = parts.dropFirst().compactMap { UInt32($0) }
        guard let name = parts.first, numbers.count == parts.count - 1 else { return nil }
        func peer() -> PeerID? {
            UInt16(exactly: numbers[0]).map { PeerID(link: LinkID($0), number: numbers[1]) }
        }
        var stream: UpstreamID { UpstreamID(slot: numbers[0], generation: numbers[1]) }
        switch (name, numbers.count) {
        case ("datagram", 3): return peer().map { .datagramReceived(from: $0, mayForward: numbers[2] == 1) }
        case ("truncated", 2): return peer().map { .datagramTruncated(from: $0) }
        case ("opened", 2): return .streamOpened(stream)
        case ("received", 2): return .streamReceived(stream)
        case ("blocked", 3): return .streamBlocked(stream, queuedByteCount: Int(numbers[2]))
        case ("drained", 2): return .streamDrained(stream)
        case ("closed", 3):
            return UInt8(exactly: numbers[2]).flatMap { StreamEnd(rawValue: $0) }.map { .streamClosed(stream, $0) }
        case ("deadline", 0): return .deadlineReached
        case ("shutdown", 0): return .shutdownRequested
        default: return nil
        }
    }
}
