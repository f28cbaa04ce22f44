import Bytes
import MQTTSN

// Whose a datagram or a broker connection is, for those who look on.

extension Gateway {
    /// The ClientId of whoever at `peer` sent the datagram, or is to get it; behind a forwarder that is the node named
    /// in its envelope (§5.5). Nil for everybody without a session.
    package borrowing func clientID(of datagram: RawSpan, at peer: PeerID) -> [UInt8]? {
        var route = Route(peer: peer)
        // Length, MsgType and Ctrl come before the node id, and Length ends behind it.
        if datagram.byte(at: 1) == MessageType.encapsulated.rawValue, let length = datagram.byte(at: 0),
            length > 3, Int(length) <= datagram.byteCount
        {
            let nodeID = datagram.extracting(3..<Int(length))
            guard let node = environment.forwarders.number(of: nodeID, behind: peer) else { return nil }
            route.node = node
        }
        return sessionByRoute[route].map { sessions[$0].clientID.bytes }
    }

    /// The ClientId in a CONNECT, perhaps in an envelope: that of somebody who has no session yet. Nil for all else.
    package static func clientID(namedIn datagram: RawSpan) -> [UInt8]? {
        guard let message = try? Message.decode(datagram, tolerance: .lenient) else { return nil }
        if case .encapsulated(let envelope) = message { return clientID(namedIn: datagram.extracting(envelope.inner)) }
        guard case .connect(let connect) = message, !connect.clientID.isEmpty else { return nil }
        return datagram.copy(of: connect.clientID)
    }

    /// The ClientId of the client whose broker connection it is; nil for the gateway's own, and one that is no more.
    package borrowing func clientID(on stream: UpstreamID) -> [UInt8]? {
        guard environment.upstreams.contains(stream.slot), environment.upstreams[stream.slot].streamID == stream,
            case .session(let index) = environment.upstreams[stream.slot].owner, sessions.contains(index)
        else { return nil }
        return sessions[index].clientID.bytes
    }
}
