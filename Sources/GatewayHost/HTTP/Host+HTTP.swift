import Bytes
import Configuration
import Describe
import GatewayCore
import HTTP
package import Transports

// The host as the HTTP server sees it, and what the host lets it see.

extension Host {
    /// Where HTTP is answered over TCP; nil where it is not.
    package var httpAddress: SocketAddress? { server?.address }

    /// Octets that may wait for one reader.
    var maximumHTTPQueuedByteCount: Int { server?.settings.queuedByteCount ?? 0 }

    /// Who a sender is, in words; nil for one that is forgotten.
    func name(of peer: PeerID) -> String? { link(of: peer).name(of: peer) }

    // MARK: For those who look on

    /// Takes note of what came in.
    func noteReceived(_ event: Event, _ bytes: RawSpan, _ server: HTTPServer) {
        switch event {
        case .datagramReceived(let peer, _, _):
            let clientID = gateway.clientID(of: bytes, at: peer) ?? nameOfStranger(in: bytes)
            server.noteSender(peer, clientID)
            server.noteDatagram(bytes, .fromClient, of: clientID, peer: peer)
        case .streamReceived(let id):
            server.noteSender(nil, nil)
            if server.isWatched { server.watch.streamBytes(bytes, true, on: id, of: gateway.clientID(on: id)) }
        default: server.noteSender(nil, nil)
        }
    }

    /// A stranger may call itself what it likes, and what is noted is kept: nil for a name that no client can have.
    private func nameOfStranger(in datagram: RawSpan) -> [UInt8]? {
        guard let name = Gateway.clientID(namedIn: datagram), name.count <= configuration.limits.clientIDByteCount
        else { return nil }
        return name
    }

    /// Takes note of a datagram that is about to be sent. Who has just left is still the one that is answered.
    func noteSent(_ datagram: RawSpan, to peer: PeerID, _ server: HTTPServer) {
        let clientID = gateway.clientID(of: datagram, at: peer) ?? server.sender(at: peer)
        server.noteDatagram(datagram, .toClient, of: clientID, peer: peer)
    }

    func noteSent(_ packet: RawSpan, on stream: UpstreamID, _ server: HTTPServer) {
        server.watch.streamBytes(packet, false, on: stream, of: gateway.clientID(on: stream))
    }

    func note(_ observation: Observation, _ arena: RawSpan, _ server: HTTPServer) {
        let address = observation.peer.flatMap { name(of: $0) }
        server.note(observation, arena.extracting(observation.clientID), address: address)
    }

    // MARK: One client's last messages

    /// Of one client, at the most.
    private static let messageCount = 100

    /// What came from the client and went to it, the newest first; nothing of payloads.
    func writeMessages(of clientID: [UInt8], to json: inout JSONText) {
        server?.recent.last(Self.messageCount, of: clientID) { entry, datagram in
            json.object {
                $0.add("time", WallTime(of: entry.time).text)
                $0.add("direction", entry.way == .fromClient ? "up" : "down")
                $0.add("text", DatagramWords.line(of: datagram.span.bytes))
            }
        }
    }
}
