import GatewayCore
import GatewaySimulator
import MQTT
import Time

/// The books of a broker that publishes Wills: the Will of a client that lives is never published. It is where a
/// connection ends without DISCONNECT, or where the next one of the same client overtakes the DISCONNECT.
struct WillLedger {
    private struct Connection {
        var clientID: String
        var hasWill: Bool
        var hasSaidGoodbye = false
        /// When the gateway closed it.
        var closedAt: Instant?
    }

    private let patience: TimeSpan
    /// The gateway's own connection, whose Will may say for a moment that it is not there.
    private let ownName: String
    private var connections: [UpstreamID: Connection] = [:]
    /// Those on which DISCONNECT was said and that are not closed.
    private var left: [UpstreamID] = []
    private var closed: [UpstreamID] = []
    /// As each CONNECT has said.
    private var versions: [UpstreamID: ProtocolVersion] = [:]
    private(set) var violations: [String] = []

    init(_ configuration: GatewayConfiguration) {
        patience = configuration.upstream.connectTimeout
        ownName = String(decoding: configuration.upstream.sharedClientID, as: UTF8.self)
    }

    /// Takes those that a broker closes now.
    mutating func takeLeft() -> [UpstreamID] {
        defer { left = [] }
        return left
    }

    /// Takes those of which the gateway is to be told the end.
    mutating func takeClosed() -> [UpstreamID] {
        defer { closed = [] }
        return closed
    }

    mutating func check(_ event: Event, _ bytes: [UInt8], _ effects: borrowing Effects, at now: Instant) {
        note(event, bytes)
        let losesClient = effects.list.contains {
            if case .observe(let observation) = $0 { observation.kind == .clientLost } else { false }
        }
        for effect in effects.list {
            switch effect {
            case .sendStream(let range, let id):
                let bytes = effects.copy(of: range) ?? []
                let version = Connect.protocolLevel(of: bytes.span.bytes).flatMap(ProtocolVersion.init)
                if let version { versions[id] = version }
                check(BrokerPacket(reading: bytes, versions[id] ?? .v3_1_1), on: id, now)
            case .closeStream(let id):
                left.removeAll { $0 == id }
                closed.append(id)
                connections[id]?.closedAt = now
                if let connection = connections[id], connection.hasWill, !connection.hasSaidGoodbye, !losesClient {
                    violations.append("the Will of \(connection.clientID) would be published, and nobody is lost")
                }
            case .sendDatagram, .broadcastDatagram, .openStream, .pauseStream, .resumeStream, .forgetPeer, .observe:
                break
            }
        }
    }

    private mutating func note(_ event: Event, _ bytes: [UInt8]) {
        switch event {
        case .streamClosed(let id, _):
            left.removeAll { $0 == id }
            connections[id] = nil
        case .streamEnded(let id): connections[id] = nil
        case .streamReceived(let id) where (4...5).contains(bytes.count) && bytes[0] == 0x20 && bytes[3] != 0:
            connections[id]?.hasWill = false  // the broker has refused it
        case .streamReceived(let id) where bytes.first == 0xE0:
            connections[id]?.hasWill = false  // the broker has said DISCONNECT, and does what it does
        default: break
        }
    }

    private mutating func check(_ packet: BrokerPacket, on id: UpstreamID, _ now: Instant) {
        switch packet {
        case .connect(let clientID, _, _, let will, _, _):
            let former = connections.values.contains {
                $0.clientID == clientID && $0.hasWill && ($0.closedAt.map { now.since($0) < patience } ?? true)
            }
            if former { violations.append("a CONNECT of \(clientID) may come before its DISCONNECT") }
            connections[id] = Connection(clientID: clientID, hasWill: will != nil && clientID != ownName)
        case .disconnect:
            connections[id]?.hasSaidGoodbye = true
            left.append(id)
        default: break
        }
    }
}
