// Nodes by the number that their 64-bit address is, for whoever has nothing to do with frames.

package import GatewayCore
import LinkFraming

extension SimulatedRadio {
    /// A node joins the network.
    package mutating func addNode(number: UInt64) { addNode(XBeeAddress64(number)) }

    /// A node sends a payload to the coordinator.
    package mutating func nodeSends(_ payload: [UInt8], fromNumber number: UInt64, at now: Instant) {
        nodeSends(payload, from: XBeeAddress64(number), at: now)
    }
}

extension SimulatedRadioEffects.Delivery {
    /// The 64-bit address of the node that the payload reached.
    package var nodeNumber: UInt64 { node.rawValue }
}
