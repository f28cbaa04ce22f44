import Bytes
package import GatewayCore
import Time
package import TraceFile

/// A recorded gateway's events and effects in words.
package struct TraceWords {
    private let start: Instant

    /// Counts time from the first event of `trace`.
    package init(_ trace: Trace) { start = trace.entries.first?.now ?? Instant(nanoseconds: 0) }

    /// What the gateway was told, on one line.
    package func event(_ entry: Trace.Entry) -> String {
        let microseconds = entry.now.since(start).nanoseconds / 1_000
        let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
        return "\(microseconds / 1_000_000).\(fraction) s  \(Self.fact(entry))"
    }

    private static func fact(_ entry: Trace.Entry) -> String {
        switch entry.event {
        case .datagramReceived(let peer, let mayForward):
            "hears \(name(peer))\(mayForward ? ", who may forward" : ""): \(Chronicle.words(entry.bytes))"
        case .datagramTruncated(let peer): "hears \(name(peer)): a datagram too long to receive"
        case .streamOpened(let id): "is told that \(name(id)) is open"
        case .streamReceived(let id): "reads \(entry.bytes.count) octets of \(name(id)): \(packets(entry.bytes))"
        case .streamBlocked(let id, let count): "is told that \(count) octets wait for \(name(id))"
        case .streamDrained(let id): "is told that nothing waits for \(name(id)) any more"
        case .streamEnded(let id): "is told that \(name(id)) is over"
        case .streamClosed(let id, let end): "is told that \(name(id)) ended: \(end)"
        case .linkChanged(let link, let maximum): "is told that link \(link.rawValue) takes \(maximum) octets"
        case .linkLost(let link): "is told that nothing leaves on link \(link.rawValue)"
        case .linkReturned(let link): "is told that link \(link.rawValue) works again"
        case .deadlineReached: "is told the time"
        case .shutdownRequested: "is told to end"
        }
    }

    /// What the gateway did, a line for each effect.
    package func effects(_ effects: borrowing Effects) -> [String] {
        effects.list.map { effect in
            switch effect {
            case .sendDatagram(let range, let peer):
                "    → \(Self.name(peer)): \(Chronicle.words(Array(effects.bytes[range])))"
            case .broadcastDatagram(let range, let radius, let link):
                "    → everybody on link \(link.rawValue), radius \(radius):"
                    + " \(Chronicle.words(Array(effects.bytes[range])))"
            case .openStream(let id): "    opens \(Self.name(id))"
            case .sendStream(let range, let id):
                "    ⇒ \(Self.name(id)): \(Self.packets(Array(effects.bytes[range])))"
            case .closeStream(let id): "    closes \(Self.name(id))"
            case .pauseStream(let id): "    pauses \(Self.name(id))"
            case .resumeStream(let id): "    resumes \(Self.name(id))"
            case .forgetPeer(let peer): "    forgets \(Self.name(peer))"
            case .observe(let observation):
                "    · \(observation.occurrence)"
                    + " \(String(decoding: effects.bytes[observation.clientID], as: UTF8.self))"
            }
        }
    }

    private static func name(_ peer: PeerID) -> String { "peer \(peer.link.rawValue):\(peer.number)" }

    private static func name(_ id: UpstreamID) -> String { "stream \(id.slot):\(id.generation)" }

    private static func packets(_ bytes: [UInt8]) -> String { Chronicle.packetWords(bytes) }
}
