import GatewaySimulator
import Transports

/// The forwarder in the garden: one UDP socket to the gateway for all the nodes of a radio network (MQTT-SN 1.2 §5.5).
final class RadioForwarder: UDPTransportDelegate {
    private static let name = "forwarder"

    private let model: SimulatedForwarder
    private let transport: UDPTransport
    private let gateway: SocketAddress
    private var radios: [ForwardedRadio] = []
    private var envelope: [UInt8] = []
    private unowned let household: Household
    /// Messages of nodes and to nodes.
    private(set) var carriedCount = 0

    /// Binds a socket to a port of `localAddress` that the system chooses.
    init(
        nodeIDs: [[UInt8]], localAddress: SocketAddress, gateway: SocketAddress, household: Household
    ) throws(IOError) {
        (self.gateway, self.household) = (gateway, household)
        model = SimulatedForwarder(nodeIDs: nodeIDs)
        transport = try UDPTransport(binding: localAddress, receiveBufferByteCount: nil, loop: household.loop)
        transport.delegate = self
        radios = nodeIDs.indices.map { ForwardedRadio(node: $0, forwarder: self) }
    }

    /// The radio of a node; nil where no such node is behind this forwarder.
    func radio(of nodeID: [UInt8]) -> ForwardedRadio? { model.nodeIDs.firstIndex(of: nodeID).map { radios[$0] } }

    fileprivate func queue(_ message: RawSpan, ofNode index: Int) {
        envelope.removeAll(keepingCapacity: true)
        model.wrap(message, ofNode: index, into: &envelope)
        transport.queue(envelope.span.bytes, to: gateway, from: nil)
        carriedCount += 1
    }

    fileprivate func flush() { transport.flush() }

    func close() { transport.close() }

    func transportReadable(_ transport: UDPTransport) {
        _ = try? transport.receive { datagram, source, _ in
            if source == gateway { open(datagram) }
        }
    }

    private func open(_ datagram: RawSpan) {
        switch model.unwrap(datagram) {
        case .toNode(let index, let inner, _):
            carriedCount += 1
            radios[index].device?.receive(datagram.extracting(inner))
        case .refused(let refusal):
            household.noteTrouble("cannot pass on a datagram: \(refusal)", of: Self.name, at: MonotonicClock.now())
        }
    }
}

/// The radio of one node behind a forwarder.
final class ForwardedRadio: Radio {
    weak var device: Device?
    private let node: Int
    private unowned let forwarder: RadioForwarder

    init(node: Int, forwarder: RadioForwarder) { (self.node, self.forwarder) = (node, forwarder) }

    func findGateway(_ found: @escaping () -> Void) { found() }

    func queue(_ datagram: RawSpan) { forwarder.queue(datagram, ofNode: node) }

    func flush() { forwarder.flush() }

    /// The forwarder stays for the others.
    func close() { device = nil }
}
