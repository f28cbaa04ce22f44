import Bytes
import Glibc
import LinkFraming
import MQTTSN
import SimulatorSupport

/// The device's end of a serial line: frames over a pseudo-terminal, which may be another one after a while.
final class SerialWire: SensorWire {
    private let framing: Framing
    private var framer: Framer
    private var heard: [[UInt8]] = []
    /// ADVERTISEs so far, which come at any time and which no sensor here waits for.
    private(set) var advertisementCount = 0
    var terminal: PseudoTerminal

    init(_ terminal: PseudoTerminal, _ framing: Framing) {
        (self.terminal, self.framing) = (terminal, framing)
        framer = Framer(framing, maximumFrameByteCount: 1_024)
    }

    func send(_ datagram: [UInt8]) throws {
        var frame: [UInt8] = []
        frame.appendFrame(datagram.span.bytes, as: framing)
        try terminal.write(frame)
    }

    func hear(until deadline: Deadline) throws -> [UInt8]? {
        while heard.isEmpty {
            take(terminal.read())
            if !heard.isEmpty { break }
            if deadline.hasPassed { return nil }
            usleep(1_000)
        }
        return heard.removeFirst()
    }

    private func take(_ bytes: [UInt8]) {
        var position = 0
        while let range = framer.nextFrame(in: bytes.span.bytes, at: &position) {
            let datagram = Array(framer.bytes[range])
            if datagram.prefix(2) == [5, 0] {
                advertisementCount += 1
            } else {
                heard.append(datagram)
            }
        }
    }
}

/// A forwarder at the end of a serial line, with nodes behind it (MQTT-SN 1.2 §5.5).
final class SerialForwarder {
    private let wire: SerialWire
    private var heard: [UInt8: [[UInt8]]] = [:]

    init(_ wire: SerialWire) { self.wire = wire }

    /// One of the nodes.
    final class Node: SensorWire {
        private let id: UInt8
        private let forwarder: SerialForwarder

        fileprivate init(_ id: UInt8, _ forwarder: SerialForwarder) { (self.id, self.forwarder) = (id, forwarder) }

        func send(_ datagram: [UInt8]) throws {
            var bytes: [UInt8] = []
            let nodeID = [id]
            bytes.appendEncapsulation(radius: 0, nodeID: nodeID.span.bytes)
            try forwarder.wire.send(bytes + datagram)
        }

        func hear(until deadline: Deadline) throws -> [UInt8]? {
            while forwarder.heard[id, default: []].isEmpty {
                guard try forwarder.hearOne(until: deadline) else { return nil }
            }
            return forwarder.heard[id]?.removeFirst()
        }
    }

    func node(_ id: UInt8) -> Node { Node(id, self) }

    /// Hands the next datagram to its node; false when none comes in time.
    private func hearOne(until deadline: Deadline) throws -> Bool {
        guard let datagram = try wire.hear(until: deadline) else { return false }
        if case .encapsulated(let outer) = try Message.decode(datagram.span.bytes) {
            heard[datagram[outer.nodeID.lowerBound], default: []].append(Array(datagram[outer.inner]))
        }
        return true
    }
}

/// A wire with a forwarder at its end behind a serial device, which is a link to a pseudo-terminal: plugged in again it
/// leads to another one.
final class WireOnTerminal {
    private let wire: SerialWire
    private let forwarder: SerialForwarder
    private let directory: TemporaryDirectory
    let device: String

    init(_ framing: Framing) throws {
        wire = SerialWire(try PseudoTerminal(), framing)
        forwarder = SerialForwarder(wire)
        directory = try TemporaryDirectory()
        device = try directory.write("wire", "")
        try plugIn()
    }

    func node(_ id: UInt8) -> SerialForwarder.Node { forwarder.node(id) }

    func unplug() { wire.terminal.hangUp() }

    func plugInAgain() throws {
        wire.terminal = try PseudoTerminal()
        try plugIn()
    }

    private func plugIn() throws {
        unlink(device)
        guard symlink(wire.terminal.path, device) == 0 else { throw SystemFailure(operation: "symlink \(device)") }
    }
}
