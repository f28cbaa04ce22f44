package import LinkFraming

/// What a simulated radio did: octets for the gateway's serial line, and payloads that reached nodes.
package struct SimulatedRadioEffects: Sendable {
    /// A payload that reached a node.
    package struct Delivery: Equatable, Sendable {
        package var payload: [UInt8]
        package var node: XBeeAddress64
        package var isBroadcast: Bool

        package init(payload: [UInt8], node: XBeeAddress64, isBroadcast: Bool = false) {
            self.payload = payload
            self.node = node
            self.isBroadcast = isBroadcast
        }
    }

    package var line: [UInt8] = []
    package var deliveries: [Delivery] = []

    package init() {}

    package mutating func removeAll() {
        line.removeAll(keepingCapacity: true)
        deliveries.removeAll(keepingCapacity: true)
    }
}
