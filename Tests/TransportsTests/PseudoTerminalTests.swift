import Testing

@testable import Transports

/// What comes out of a pseudo-terminal of the loop.
private final class TerminalRecorder: PseudoTerminalDelegate {
    private(set) var received: [UInt8] = []

    func terminalReadable(_ terminal: PseudoTerminal) { terminal.read { received += copied($0) } }
}

/// The pseudo-terminal that stands for a serial adapter, with a serial line opened on its other side.
@Suite struct PseudoTerminalTests {
    private let loop: EventLoop
    private let terminal: PseudoTerminal
    private let atTerminal = TerminalRecorder()
    private let atLine = LineRecorder()

    init() throws {
        loop = try EventLoop()
        terminal = try PseudoTerminal(maximumQueuedByteCount: 100_000, loop: loop)
        terminal.delegate = atTerminal
    }

    private func openLine() throws -> SerialTransport {
        let line = try SerialTransport(
            opening: terminal.path, settings: SerialLineSettings(speed: 115_200), maximumQueuedByteCount: 100_000,
            loop: loop)
        line.delegate = atLine
        return line
    }

    private func turn(until isDone: () -> Bool) throws {
        let end = MonotonicClock.now() + 20_000_000_000
        while !isDone(), MonotonicClock.now() < end { try loop.turn(deadline: end) }
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        let isTaken = terminal.queueWrite(bytes.span.bytes)
        terminal.flush()
        return isTaken
    }

    /// More than the system takes at once goes both ways, each octet as it is.
    @Test func everyOctetGoesBothWays() throws {
        defer { terminal.close() }
        let line = try openLine()
        defer { line.close() }
        let bytes = (0..<60_000).map { UInt8(truncatingIfNeeded: $0) }
        let areTaken = (write(bytes), line.queue(bytes))
        #expect(areTaken.0 && areTaken.1)
        line.flush()
        try turn { atLine.received.count >= bytes.count && atTerminal.received.count >= bytes.count }
        #expect(atLine.received == bytes)
        #expect(atTerminal.received == bytes)
    }

    /// Whoever has the path open may go, and another may come.
    @Test func theLineIsOpenedAgain() throws {
        defer { terminal.close() }
        try openLine().close()
        let line = try openLine()
        defer { line.close() }
        let isTaken = write([1, 2, 3])
        #expect(isTaken)
        try turn { atLine.received.count >= 3 }
        #expect(atLine.received == [1, 2, 3])
        #expect(atLine.ends.isEmpty)
    }

    /// Where nobody reads, what waits is bounded, and octets are taken all or not at all.
    @Test func whatWaitsIsBounded() {
        defer { terminal.close() }
        var takenCount = 0
        while takenCount < 100, write([UInt8](repeating: 7, count: 60_000)) { takenCount += 1 }
        #expect((1...10).contains(takenCount))
    }

    /// Closing it hangs up the line, as pulling an adapter does.
    @Test func closingHangsUp() throws {
        let line = try openLine()
        terminal.close()
        try turn { !atLine.ends.isEmpty }
        #expect(atLine.ends.count == 1)
        #expect(!line.isOpen)
        let isTaken = write([1])
        #expect(!isTaken)
    }
}
