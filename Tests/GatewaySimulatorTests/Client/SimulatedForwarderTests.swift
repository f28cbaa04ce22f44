// Proves that a simulated forwarder speaks for its nodes and hears for them (MQTT-SN 1.2 §5.5).

import GatewaySimulator
import MQTTSN
import Testing

@Suite struct SimulatedForwarderTests {
    private static let nodeIDs: [[UInt8]] = [
        [0x07], [0x00, 0x07], [0, 1, 2, 3, 4, 5, 6, 7], Array(repeating: 0xEE, count: 252),
    ]
    private static let ping: [UInt8] = [2, 0x16]

    private let forwarder = SimulatedForwarder(nodeIDs: nodeIDs)

    private func delivery(_ datagram: [UInt8]) -> SimulatedForwarder.Delivery { forwarder.unwrap(datagram.span.bytes) }

    @Test("§5.5: Length covers the node id, Ctrl is 0, the message follows", arguments: nodeIDs.indices)
    func wraps(index: Int) {
        let nodeID = Self.nodeIDs[index]
        var datagram: [UInt8] = []
        forwarder.wrap(Self.ping.span.bytes, ofNode: index, into: &datagram)
        #expect(datagram == [UInt8(3 + nodeID.count), 0xFE, 0] + nodeID + Self.ping)
    }

    @Test("§5.5: the inner message goes to the node that is named, as it is", arguments: nodeIDs.indices)
    func unwraps(index: Int) {
        let nodeID = Self.nodeIDs[index]
        let header = 3 + nodeID.count
        #expect(
            delivery([UInt8(header), 0xFE, 0] + nodeID + Self.ping)
                == .toNode(index, inner: header..<header + 2, radius: 0))
    }

    @Test("GW-82: the radius of a broadcast is told") func unwrapsBroadcast() {
        #expect(delivery([4, 0xFE, 2, 0x07, 3, 0x02, 1]) == .toNode(0, inner: 4..<7, radius: 2))
    }

    @Test("§5.5: a node that is not behind this forwarder hears nothing", arguments: [[0x08], [0x07, 0x00]])
    func refusesUnknownNode(nodeID: [UInt8]) {
        #expect(
            delivery([UInt8(3 + nodeID.count), 0xFE, 0] + nodeID + Self.ping) == .refused(.unknownNode(nodeID)))
    }

    @Test("§5.5: what is not in an envelope, or in a broken one, is nobody's") func refusesOthers() {
        #expect(delivery(Self.ping) == .refused(.notEncapsulated(.pingRequest)))
        #expect(delivery([4, 0xFE, 0, 0x07]) == .refused(.malformed(DecodeError(.innerMessageMissing))))
        #expect(
            delivery([4, 0xFE, 0, 0x07, 4, 0xFE, 0, 0x07, 2, 0x16])
                == .refused(.malformed(DecodeError(.nestedEncapsulation))))
    }
}
