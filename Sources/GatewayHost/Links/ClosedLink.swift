import GatewayCore
import Transports

/// The place of a link that the owner has taken away: nobody behind it can be reached, which costs a client its session
/// like any silence, unless it comes by another link.
final class ClosedLink: Link {
    /// Senders that something may still go to; with none left the place is free for another link.
    private(set) var peerCount: Int

    init(peerCount: Int) { self.peerCount = peerCount }

    var listeningAddress: SocketAddress? { nil }

    var title: String { "taken away" }

    var isUp: Bool { false }

    func name(of peer: PeerID) -> String? { nil }

    func send(_ datagram: RawSpan, to peer: PeerID) {}

    func broadcast(_ datagram: RawSpan, radius: UInt8) {}

    func retire(_ peer: PeerID) {}

    func octets(of peer: PeerID) -> [UInt8]? { nil }

    func peer(at octets: [UInt8]) -> PeerID? { nil }

    func forget(_ peer: PeerID) { peerCount -= 1 }

    func flush() {}

    func close() {}
}
