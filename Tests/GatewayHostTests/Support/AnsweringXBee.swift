import Bytes
import Glibc
import LinkFraming
import SimulatorSupport

/// The least of an XBee module on a pseudo-terminal, with one node in its network: it answers every question, says of
/// every transmission that it was delivered, and the node is a sensor's wire.
final class AnsweringXBee: SensorWire {
    static let nodeAddress: [UInt8] = [0x00, 0x13, 0xA2, 0x00, 0x40, 0x52, 0x2B, 0xAA]

    private let terminal: PseudoTerminal
    private var framer: Framer
    private let values: [String: [UInt8]]
    private var heard: [[UInt8]] = []
    /// Where each transmission went.
    private(set) var destinations: [[UInt8]] = []
    /// What broadcasts brought.
    private(set) var broadcasts: [[UInt8]] = []

    /// `packetByteCount` is NP, which without Zigbee firmware is the longest datagram too.
    init(_ terminal: PseudoTerminal, packetByteCount: UInt8, apiMode: UInt8 = 2) {
        self.terminal = terminal
        framer = Framer(.xbee(isEscaped: apiMode == 2), maximumFrameByteCount: 512)
        values = [
            "AP": [apiMode], "AO": [], "NP": [0, packetByteCount], "SH": [0x00, 0x13, 0xA2, 0x00],
            "SL": [0x40, 0x00, 0x00, 0x01], "MY": [0, 0], "HV": [0x41, 0x41], "VR": [0x20, 0x03], "AI": [0],
        ]
    }

    func send(_ datagram: [UInt8]) throws { try write([0x90] + Self.nodeAddress + [0x7D, 0x84, 0x01] + datagram) }

    func hear(until deadline: Deadline) throws -> [UInt8]? {
        while heard.isEmpty {
            try work()
            if !heard.isEmpty { break }
            if deadline.hasPassed { return nil }
            usleep(1_000)
        }
        return heard.removeFirst()
    }

    /// Deals with what the gateway has written.
    func work() throws {
        let bytes = terminal.read()
        var position = 0
        while let range = framer.nextFrame(in: bytes.span.bytes, at: &position) {
            try answer(Array(framer.bytes[range]))
        }
    }

    private func answer(_ frame: [UInt8]) throws {
        guard frame.count > 3 else { return }
        if frame[0] == 0x08 {
            let name = String(decoding: frame[2...3], as: UTF8.self)
            try write([0x88, frame[1], frame[2], frame[3]] + (values[name].map { [0] + $0 } ?? [2]))
        } else if frame[0] == 0x10, frame.count > 14 {
            let destination = Array(frame[2..<10])
            if destination == [0, 0, 0, 0, 0, 0, 0xFF, 0xFF] {
                broadcasts.append(Array(frame[14...]))
            } else {
                destinations.append(destination)
                heard.append(Array(frame[14...]))
            }
            if frame[1] != 0 { try write([0x8B, frame[1], 0x7D, 0x84, 0, 0, 0]) }
        }
    }

    private func write(_ frameData: [UInt8]) throws {
        var frame: [UInt8] = []
        frame.appendFrame(frameData.span.bytes, as: .xbee(isEscaped: values["AP"] == [2]))
        try terminal.write(frame)
    }
}
