import Bytes
import GatewayCore
import GatewaySimulator
import LinkFraming
import SimulatorSupport
import Time
import Transports

/// A radio network: an XBee coordinator on a pseudo-terminal, which the gateway has as its serial line, and its nodes.
final class RadioNetwork: ReadinessHandler, TimerHandler {
    private static let name = "XBee"

    private let terminal: PseudoTerminal
    private let loop: EventLoop
    private var coordinator: SimulatedRadio
    private var effects = SimulatedRadioEffects()
    private var timer: LoopTimer?
    private var radios: [NodeRadio] = []
    weak var household: Household?
    /// Messages of nodes and to nodes.
    private(set) var carriedCount = 0

    /// Opens the pseudo-terminal; `nodes` are 64-bit addresses.
    init(nodes: [UInt64], seed: UInt64, loop: EventLoop) throws(IOError) {
        self.loop = loop
        terminal = try PseudoTerminal()
        coordinator = SimulatedRadio(seed: seed)
        for node in nodes { coordinator.addNode(XBeeAddress64(node)) }
        radios = nodes.map { NodeRadio(node: $0, network: self) }
        try loop.add(terminal.descriptor, self, interest: .readable)
    }

    /// What the gateway opens.
    var device: String { terminal.path }

    /// The radio of a node; nil where no such node is in the network.
    func radio(of node: UInt64) -> NodeRadio? { radios.first { $0.node == node } }

    /// The packet flies at once; it arrives when the network has carried it.
    fileprivate func send(_ datagram: RawSpan, from node: UInt64) {
        carriedCount += 1
        coordinator.nodeSends(datagram.copy(of: 0..<datagram.byteCount), from: XBeeAddress64(node), at: now)
        scheduleNext()
    }

    func close() {
        if let timer { loop.cancel(timer) }
        loop.remove(terminal.descriptor)
        terminal.hangUp()
    }

    // MARK: Events

    private var now: Instant { Instant(nanoseconds: MonotonicClock.now()) }

    func ready(_ readiness: Readiness) {
        coordinator.receive(terminal.read(), at: now, into: &effects)
        run()
    }

    func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        coordinator.deadlineReached(at: now, into: &effects)
        run()
    }

    private func run() {
        let current = effects
        effects.removeAll()
        do throws(IOError) {
            try terminal.write(current.line, patience: 0)
        } catch {
            household?.noteTrouble("the gateway does not read its line: \(error)", of: Self.name, at: now.nanoseconds)
        }
        for delivery in current.deliveries { deliver(delivery) }
        scheduleNext()
    }

    private func deliver(_ delivery: SimulatedRadioEffects.Delivery) {
        carriedCount += 1
        radio(of: delivery.node.rawValue)?.device?.receive(delivery.payload.span.bytes)
    }

    private func scheduleNext() {
        let deadline = coordinator.nextDeadline?.nanoseconds
        guard timer?.deadline != deadline else { return }
        if let timer { loop.cancel(timer) }
        timer = deadline.map { loop.schedule(at: $0, self) }
    }
}

/// The radio of one node, which was told to speak to the coordinator.
final class NodeRadio: Radio {
    weak var device: Device?
    let node: UInt64
    private unowned let network: RadioNetwork

    init(node: UInt64, network: RadioNetwork) { (self.node, self.network) = (node, network) }

    func findGateway(_ found: @escaping () -> Void) { found() }

    func queue(_ datagram: RawSpan) { network.send(datagram, from: node) }

    /// Each datagram is a packet of its own and has left.
    func flush() {}

    /// The network stays for the others.
    func close() { device = nil }
}
