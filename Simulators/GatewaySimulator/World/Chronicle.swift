import Describe
import GatewayCore
import MQTT
import MQTTSN
package import Time

/// The latest happenings of a world in words, for whoever looks for the cause of a violation.
package struct Chronicle {
    private let limit: Int
    private var lines: [String] = []
    private var start: Instant

    /// Keeps the latest lines, at least `limit` of them; `start` is where its times count from.
    package init(limit: Int, from start: Instant) {
        self.limit = limit
        self.start = start
    }

    /// First to last.
    package var latest: [String] { Array(lines.suffix(limit)) }

    mutating func note(_ text: String, at now: Instant) {
        let milliseconds = now.since(start).nanoseconds / 1_000_000
        let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
        lines.append("\(milliseconds / 1_000).\(fraction) s  \(text)")
        if lines.count > 2 * limit { lines.removeFirst(lines.count - limit) }
    }

    mutating func noteSent(_ datagram: [UInt8], by client: Int, at now: Instant) {
        note("client \(client) sends \(Self.words(datagram))", at: now)
    }

    mutating func note(_ observation: ClientObservation, of client: Int, at now: Instant, in world: World) {
        if case .messageReceived(let message) = observation {
            note("client \(client) has \(Self.words(message.payload, message.qos.rawValue))", at: now)
        } else {
            note("client \(client): \(observation)", at: now)
        }
    }

    mutating func note(_ event: Event, _ bytes: [UInt8], at now: Instant, in world: World) {
        switch event {
        case .datagramReceived(let peer, _, _):
            note("  gateway hears \(world.name(of: peer)): \(Self.words(bytes))", at: now)
        case .streamReceived(let id): note("  gateway reads \(bytes.count) octets of stream \(id.generation)", at: now)
        case .deadlineReached: break
        case .datagramTruncated, .streamOpened, .streamBlocked, .streamDrained, .streamClosed, .streamEnded,
            .linkChanged, .linkLost, .linkReturned, .statusReported, .shutdownRequested,
            .suspensionRequested:
            note("  gateway \(CoreWords.words(for: event))", at: now)
        }
    }

    mutating func note(_ effect: Effect, _ bytes: [UInt8], at now: Instant, in world: World) {
        switch effect {
        case .sendDatagram(let range, let peer):
            note("    → \(world.name(of: peer)): \(Self.words(Array(bytes[range])))", at: now)
        case .sendStream, .observe, .openStream, .closeStream, .pauseStream, .resumeStream, .forgetPeer,
            .broadcastDatagram:
            note("    \(CoreWords.words(for: effect, bytes, payload: Self.content))", at: now)
        }
    }

    mutating func note(_ record: BrokerRecord, at now: Instant, in world: World) {
        func name(_ clientID: [UInt8]) -> String { String(decoding: clientID, as: UTF8.self) }
        switch record {
        case .received(let clientID, _, let payload, let qos):
            note("broker has \(Self.words(payload, qos.rawValue)) from \(name(clientID))", at: now)
        case .released(let clientID, let payload):
            note("broker knows that \(name(clientID)) has released \(Self.words(payload, 2))", at: now)
        case .closed(let connection, let clientID, let payload):
            let what = Self.words(payload, 0)
            note("broker closes connection \(connection.rawValue) of \(name(clientID)) on \(what)", at: now)
        case .handed(let clientID, _, let payload, let qos):
            note("broker hands \(Self.words(payload, qos.rawValue)) to \(name(clientID))", at: now)
        case .dropped(let clientID, let payload):
            note("broker drops \(Self.words(payload, 0)) for \(name(clientID))", at: now)
        case .acknowledged(let clientID, let payload, let qos):
            note("broker is told that \(name(clientID)) has \(Self.words(payload, qos.rawValue))", at: now)
        case .sessionOpened(let clientID, let isClean, let isPresent):
            note("broker opens session of \(name(clientID)), clean \(isClean), present \(isPresent)", at: now)
        case .sessionEnded(let clientID): note("broker ends session of \(name(clientID))", at: now)
        case .willPublished(let clientID, _, let topicName, let payload, _, _):
            let will = "Will \(name(topicName)): \(name(payload))"
            note("broker publishes the \(will) of \(name(clientID))", at: now)
        }
    }

    // MARK: Words

    private static func words(_ payload: [UInt8], _ qos: UInt8) -> String {
        let text = Stamp(payload).map { "\($0)" } ?? "something else"
        return "\(text) at QoS \(qos)"
    }

    private static func words(_ datagram: [UInt8]) -> String {
        DatagramWords.line(of: datagram.span.bytes, payload: content)
    }

    /// What a simulated client or the broker put into a message.
    private static func content(_ payload: [UInt8]) -> String {
        Stamp(payload[...]).map { "\($0)" } ?? PayloadWords.count(payload)
    }
}

extension World {
    /// Who is behind a peer, in words.
    func name(of peer: PeerID) -> String {
        guard let address = addressByPeer[peer] else { return "\(peer)" }
        return clientByAddress[address].map { "client \($0) at \(address)" } ?? "stranger at \(address)"
    }
}
