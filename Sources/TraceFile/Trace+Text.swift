import Bytes
package import GatewayCore
package import Time

// The text of a trace, piece by piece, so that a running gateway can write it as things happen:
//
//     swiftlet-trace 2
//     seed = 7
//     limits.clients = 10000          every field of the configuration, by its name in Swift
//     [link]                          once for each link, with its fields
//     [topic]                         once for each pre-defined topic, with its fields
//     [client]                        once for each rule for clients, with its fields
//     [events]
//     1000 datagram:0:7:0 x0118 9f3c  nanoseconds, event, its bytes in hexadecimal, hash of all effects so far; of a
//                                     datagram the link, the peer, whether it may forward, and its network unless 0
//     2000 configuration x7377 41d0   the same where the owner has decided otherwise; the bytes are a head with seed 0
//     500 session:9:0:7 x01ab 9f3c    the same where it goes on with a session; its age in nanoseconds, its client's
//                                     link and number where there are such, its network unless 0, and the bytes of
//                                     its record
//     end: complete
//
// Passwords are never in it: configuration and hash have octets of placeholders in their places.

extension Trace {
    package var text: [UInt8] {
        var text: [UInt8] = []
        text.appendTraceHead(seed: seed, configuration: configuration, note: note)
        for entry in entries {
            switch entry.fact {
            case .event(let event, let bytes): text.appendTracedEvent(event, bytes.span.bytes, at: entry.now)
            case .reconfigured(let configuration): text.appendTracedConfiguration(configuration, at: entry.now)
            case .restored(let record, let peer, let network, let age):
                text.appendTracedSession(record, from: peer, network: network, age: age, at: entry.now)
            }
            if let hash = entry.effectHash { text.appendTracedHash(hash) }
        }
        text.appendTraceEnd(ending)
        return text
    }
}

extension Trace.Ending {
    /// The file's last line; nil where there is none.
    package var line: String? {
        switch self {
        case .complete: "end: complete"
        case .limitReached: "end: limit reached"
        case .abrupt, .insideLine: nil
        }
    }
}

extension [UInt8] {
    static let traceTitle = "swiftlet-trace 2"
    static let traceEventsTitle = "[events]"

    /// Appends everything before the first event; of `note` only the first line counts.
    package mutating func appendTraceHead(seed: UInt64, configuration: GatewayConfiguration, note: String) {
        let configuration = configuration.withoutSecrets
        var lines = [Self.traceTitle]
        let note = note.split(whereSeparator: \.isNewline).first ?? ""
        if !note.isEmpty { lines.append("note = \(note)") }
        lines.append("seed = \(seed)")
        lines += ConfigurationText.gateway.map { "\($0.name) = \($0.read(configuration))" }
        for link in configuration.links {
            lines.append("[link]")
            lines += ConfigurationText.link.map { "\($0.name) = \($0.read(link))" }
        }
        for topic in configuration.predefinedTopics.entries {
            lines.append("[topic]")
            lines += ConfigurationText.topic.map { "\($0.name) = \($0.read(topic))" }
        }
        for rule in configuration.clientRules {
            lines.append("[client]")
            lines += ConfigurationText.rule.map { "\($0.name) = \($0.read(rule))" }
        }
        lines.append(Self.traceEventsTitle)
        for line in lines { append(contentsOf: (line + "\n").utf8) }
    }

    /// Appends an event's line as far as it is known before the gateway handles it.
    package mutating func appendTracedEvent(_ event: Event, _ bytes: RawSpan, at now: Instant) {
        append(decimal: now.nanoseconds)
        append(UInt8(ascii: " "))
        append(event)
        appendTraced(bytes)
    }

    /// Appends the line of a configuration that holds from now on, as far as it is known before the gateway handles it.
    package mutating func appendTracedConfiguration(_ configuration: GatewayConfiguration, at now: Instant) {
        append(decimal: now.nanoseconds)
        append(contentsOf: " configuration".utf8)
        var head: [UInt8] = []
        head.appendTraceHead(seed: 0, configuration: configuration, note: "")
        appendTraced(head.span.bytes)
    }

    /// Appends the line of a session that a gateway goes on with, as far as it is known before that does.
    package mutating func appendTracedSession(
        _ record: [UInt8], from peer: PeerID?, network: UInt16, age: TimeSpan, at now: Instant
    ) {
        append(decimal: now.nanoseconds)
        append(contentsOf: " session:".utf8)
        append(decimal: age.nanoseconds)
        if let peer { append(contentsOf: ":\(peer.link.rawValue):\(peer.number)".utf8) }
        if peer != nil, network != 0 { append(contentsOf: ":\(network)".utf8) }
        appendTraced(record.span.bytes)
    }

    private mutating func appendTraced(_ bytes: RawSpan) {
        append(UInt8(ascii: " "))
        append(UInt8(ascii: "x"))
        for index in 0..<bytes.byteCount {
            append(hexadecimal: bytes[unchecked: index])
        }
        append(UInt8(ascii: " "))
    }

    /// Appends the rest of an event's line: the hash of its effects and of all before.
    package mutating func appendTracedHash(_ hash: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            append(hexadecimalDigit: UInt8(truncatingIfNeeded: hash >> UInt64(shift)) & 0xF)
        }
        append(UInt8(ascii: "\n"))
    }

    /// Octets of what `appendTracedHash` appends.
    package static let tracedHashByteCount = 17

    /// Appends the last line, if this ending has one.
    package mutating func appendTraceEnd(_ ending: Trace.Ending) {
        if let line = ending.line { append(contentsOf: (line + "\n").utf8) }
    }

    // MARK: Events

    /// Appends a word such as `datagram:0:7:0`: the name of the fact and its numbers.
    private mutating func append(_ event: Event) {
        switch event {
        case .datagramReceived(let peer, let mayForward, let network):
            append("datagram", peer)
            append(number: mayForward ? 1 : 0)
            if network != 0 { append(number: UInt64(network)) }
        case .datagramTruncated(let peer): append("truncated", peer)
        case .streamOpened(let id): append("opened", id)
        case .streamReceived(let id): append("received", id)
        case .streamBlocked(let id, let queuedByteCount):
            append("blocked", id)
            append(number: UInt64(clamping: queuedByteCount))
        case .streamDrained(let id): append("drained", id)
        case .streamEnded(let id): append("ended", id)
        case .streamClosed(let id, let end):
            append("closed", id)
            append(number: UInt64(end.rawValue))
        case .linkChanged(let link, let maximum):
            append(contentsOf: "link".utf8)
            append(number: UInt64(link.rawValue))
            append(number: UInt64(clamping: maximum))
        case .linkLost(let link): append("linklost", link)
        case .linkReturned(let link): append("linkback", link)
        case .statusReported(let count):
            append(contentsOf: "status".utf8)
            append(number: UInt64(clamping: count))
        case .deadlineReached: append(contentsOf: "deadline".utf8)
        case .shutdownRequested: append(contentsOf: "shutdown".utf8)
        case .suspensionRequested: append(contentsOf: "suspension".utf8)
        }
    }

    private mutating func append(_ name: String, _ peer: PeerID) {
        append(contentsOf: name.utf8)
        append(number: UInt64(peer.link.rawValue))
        append(number: UInt64(peer.number))
    }

    private mutating func append(_ name: String, _ link: LinkID) {
        append(contentsOf: name.utf8)
        append(number: UInt64(link.rawValue))
    }

    private mutating func append(_ name: String, _ id: UpstreamID) {
        append(contentsOf: name.utf8)
        append(number: UInt64(id.slot))
        append(number: UInt64(id.generation))
    }

    private mutating func append(number: UInt64) {
        append(UInt8(ascii: ":"))
        append(decimal: number)
    }

    // MARK: Numbers

    private mutating func append(decimal number: UInt64) {
        let start = count
        var rest = number
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
