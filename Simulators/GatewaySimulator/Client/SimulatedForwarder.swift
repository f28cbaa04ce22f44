package import Bytes
package import MQTTSN

/// A forwarder as a pure model: it puts the messages of the nodes behind it into envelopes and opens the gateway's
/// (MQTT-SN 1.2 §5.5).
///
/// The clients on the nodes speak and hear inner messages only; a node is known here by its index in `nodeIDs`.
package struct SimulatedForwarder: Equatable, Sendable {
    /// What becomes of a datagram that came from the gateway.
    package enum Delivery: Equatable, Sendable {
        /// The range of the datagram goes to one node; as a broadcast over `radius` hops where that is not 0 (GW-82).
        case toNode(Int, inner: ByteRange, radius: UInt8)
        case refused(Refusal)
    }

    /// Why a datagram goes to nobody.
    package enum Refusal: Equatable, Sendable {
        case malformed(DecodeError)
        /// A message without an envelope is for the forwarder itself, which is no client.
        case notEncapsulated(MessageType)
        case unknownNode([UInt8])
    }

    /// What the forwarder calls its nodes; all different, each 1 to 252 octets long.
    package let nodeIDs: [[UInt8]]

    package init(nodeIDs: [[UInt8]]) { self.nodeIDs = nodeIDs }

    /// Appends the datagram for the gateway that carries `message` of the node with this index.
    package func wrap(_ message: RawSpan, ofNode index: Int, into datagrams: inout [UInt8]) {
        let nodeID = nodeIDs[index]
        datagrams.appendEncapsulation(radius: 0, nodeID: nodeID.span.bytes)
        datagrams.append(message)
    }

    /// Opens a datagram of the gateway.
    package func unwrap(_ datagram: RawSpan) -> Delivery {
        do throws(DecodeError) {
            let message = try Message.decode(datagram)
            guard case .encapsulated(let envelope) = message else { return .refused(.notEncapsulated(message.type)) }
            let nodeID = datagram.copy(of: envelope.nodeID)
            guard let index = nodeIDs.firstIndex(of: nodeID) else { return .refused(.unknownNode(nodeID)) }
            return .toNode(index, inner: envelope.inner, radius: envelope.radius)
        } catch {
            return .refused(.malformed(error))
        }
    }
}
