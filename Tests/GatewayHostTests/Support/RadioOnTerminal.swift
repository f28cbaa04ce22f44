import GatewayCore
import GatewaySimulator
import Glibc
import LinkFraming
import SimulatorSupport
import Time
import Transports

/// A simulated XBee behind a serial device, turned by a thread of its own; sensors speak as its nodes.
///
/// The device is a link to a pseudo-terminal, as under /dev/serial/by-id: plugged in again it leads to another one.
final class RadioOnTerminal {
    fileprivate final class Shared: Sendable {
        struct State {
            var radio: SimulatedRadio
            /// -1 while the device is not there.
            var master: Int32 = -1
            var heard: [XBeeAddress64: [[UInt8]]] = [:]
            /// What the module says by itself.
            var said = SimulatedRadioEffects()
            var isStopRequested = false
        }

        let state: Locked<State>

        init(_ radio: SimulatedRadio) { state = Locked(State(radio: radio)) }
    }

    private let shared: Shared
    private var thread: pthread_t = 0
    private var terminal: PseudoTerminal
    private let directory: TemporaryDirectory
    let device: String

    init(_ configuration: SimulatedRadioConfiguration = SimulatedRadioConfiguration()) throws {
        shared = Shared(SimulatedRadio(configuration, seed: 1))
        directory = try TemporaryDirectory()
        device = try directory.write("radio", "")
        terminal = try PseudoTerminal()
        try plugIn()
        let code = pthread_create(&thread, nil, runRadio, Unmanaged.passRetained(shared).toOpaque())
        guard code == 0 else { throw SystemFailure(operation: "pthread_create") }
    }

    deinit {
        shared.state.withLock { $0.isStopRequested = true }
        pthread_join(thread, nil)
    }

    /// What the radio says of itself.
    func ask<Answer: Sendable>(_ question: @Sendable (SimulatedRadio) -> Answer) -> Answer {
        shared.state.withLock { question($0.radio) }
    }

    func setReachable(_ isReachable: Bool, _ node: XBeeAddress64) {
        shared.state.withLock { $0.radio.setReachable(isReachable, node) }
    }

    /// The module loses its network, where it may say so.
    func leaveNetwork(saysSo: Bool) {
        shared.state.withLock { $0.radio.leaveNetwork(saysSo: saysSo, into: &$0.said) }
    }

    /// It is in a network again, where it may say so.
    func joinNetwork(saysSo: Bool) {
        shared.state.withLock { $0.radio.joinNetwork(saysSo: saysSo, into: &$0.said) }
    }

    /// Another network near by has the same ID, which the module keeps or not.
    func meetsAnotherNetwork(keepsID: Bool) {
        shared.state.withLock { $0.radio.meetsAnotherNetwork(keepsID: keepsID, into: &$0.said) }
    }

    // MARK: The plug

    func unplug() {
        shared.state.withLock { $0.master = -1 }
        terminal.hangUp()
    }

    func plugInAgain() throws {
        terminal = try PseudoTerminal()
        try plugIn()
    }

    private func plugIn() throws {
        unlink(device)
        guard symlink(terminal.path, device) == 0 else { throw SystemFailure(operation: "symlink \(device)") }
        let master = terminal.descriptor
        shared.state.withLock { $0.master = master }
    }

    // MARK: Nodes

    /// The way to and from one node of the network.
    final class Node: SensorWire {
        private let shared: Shared
        let address: XBeeAddress64

        fileprivate init(_ shared: Shared, _ address: XBeeAddress64) { (self.shared, self.address) = (shared, address) }

        func send(_ datagram: [UInt8]) throws {
            let now = Instant(nanoseconds: MonotonicClock.now())
            shared.state.withLock { $0.radio.nodeSends(datagram, from: address, at: now) }
        }

        func hear(until deadline: Deadline) throws -> [UInt8]? {
            while true {
                let heard = shared.state.withLock { state -> [UInt8]? in
                    guard let first = state.heard[address]?.first else { return nil }
                    state.heard[address]?.removeFirst()
                    return first
                }
                if let heard { return heard }
                if deadline.hasPassed { return nil }
                usleep(1_000)
            }
        }
    }

    func node(_ number: Int) -> Node {
        let address = XBeeAddress64(0x0013_A200_4200_0000 + UInt64(number))
        shared.state.withLock { $0.radio.addNode(address) }
        return Node(shared, address)
    }

    // MARK: On the thread

    fileprivate static func run(_ shared: Shared) {
        while !shared.state.withLock({ $0.isStopRequested }) {
            shared.state.withLock { turn(&$0) }
            usleep(500)
        }
    }

    private static func turn(_ state: inout Shared.State) {
        let now = Instant(nanoseconds: MonotonicClock.now())
        var effects = SimulatedRadioEffects()
        swap(&effects, &state.said)
        if state.master >= 0 {
            let bytes = read(state.master)
            if !bytes.isEmpty { state.radio.receive(bytes, at: now, into: &effects) }
        }
        state.radio.deadlineReached(at: now, into: &effects)
        for delivery in effects.deliveries { state.heard[delivery.node, default: []].append(delivery.payload) }
        if state.master >= 0, !effects.line.isEmpty { _ = Glibc.write(state.master, effects.line, effects.line.count) }
    }

    private static func read(_ descriptor: Int32) -> [UInt8] {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, 0) > 0, request.revents & Int16(POLLIN) != 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : []
    }
}

/// Where the thread begins; its argument is a retained `RadioOnTerminal.Shared`.
private func runRadio(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument {
        RadioOnTerminal.run(Unmanaged<RadioOnTerminal.Shared>.fromOpaque(argument).takeRetainedValue())
    }
    return nil
}
