import Glibc
import SimulatorSupport
import Testing

@testable import Transports

/// A serial line's owner that records what it is told.
final class LineRecorder: SerialTransportDelegate {
    private(set) var received: [UInt8] = []
    private(set) var ends: [IOError?] = []

    func transportReadable(_ transport: SerialTransport) { transport.read { received += copied($0) } }

    func transportEnded(_ transport: SerialTransport, _ error: IOError?) { ends.append(error) }
}

extension SerialTransport {
    /// `queueWrite` where no span may stand.
    func queue(_ bytes: [UInt8]) -> Bool { queueWrite(bytes.span.bytes) }
}

/// Serial lines on pseudo-terminals.
@Suite struct SerialTransportTests {
    private let loop: EventLoop
    private let terminal: PseudoTerminal
    private let recorder = LineRecorder()

    init() throws {
        loop = try EventLoop()
        terminal = try PseudoTerminal()
    }

    private func open(
        _ settings: SerialLineSettings = SerialLineSettings(speed: 9_600), queue: Int = 4_096
    ) throws(SerialOpenError) -> SerialTransport {
        let line = try SerialTransport(
            opening: terminal.path, settings: settings, maximumQueuedByteCount: queue, loop: loop)
        line.delegate = recorder
        return line
    }

    /// The settings that whoever opened the terminal has made.
    private var settings: termios {
        var settings = termios()
        tcgetattr(terminal.descriptor, &settings)
        return settings
    }

    /// What comes out of the line, at least so much; the loop turns meanwhile.
    private func read(_ byteCount: Int) throws -> [UInt8] {
        var read: [UInt8] = []
        let end = MonotonicClock.now() + 20_000_000_000
        while read.count < byteCount, MonotonicClock.now() < end {
            try loop.turn(deadline: MonotonicClock.now() + 1_000_000)
            read += terminal.read()
        }
        return read
    }

    /// Nothing is added, swallowed, echoed or translated, whatever the terminal was set to before.
    @Test func everyOctetGoesBothWaysAsItIs() throws {
        var cooked = settings
        cooked.c_lflag |= tcflag_t(ICANON | ECHO | ISIG)
        cooked.c_iflag |= tcflag_t(ICRNL | IXON | ISTRIP)
        cooked.c_oflag |= tcflag_t(OPOST | ONLCR)
        tcsetattr(terminal.descriptor, TCSANOW, &cooked)
        let line = try open()
        defer { line.close() }
        let all = (0...255).map { UInt8($0) }
        try terminal.write(all + all.reversed())
        #expect(try loop.turn { recorder.received.count >= 512 })
        #expect(recorder.received == all + all.reversed())
        #expect(terminal.read() == [])
        #expect(line.queue(all))
        line.flush()
        #expect(try read(256) == all)
    }

    @Test(arguments: SerialLineSettings.speeds) func theLineRunsAtTheSpeedThatWasAskedFor(speed: Int) throws {
        let asked = SerialLineSettings(speed: speed)
        let line = try open(asked)
        defer { line.close() }
        var granted = settings
        #expect(cfgetospeed(&granted) == asked.speedCode)
        #expect(cfgetispeed(&granted) == asked.speedCode)
        #expect(granted.c_cflag & tcflag_t(CRTSCTS) == 0)
    }

    @Test func modesAreSetBitByBit() {
        var settings = SerialLineSettings(speed: 9_600)
        var terminal = termios()
        settings.apply(to: &terminal)
        #expect(terminal.c_cflag & tcflag_t(CSIZE | PARENB | CSTOPB | CLOCAL | CREAD) == tcflag_t(CS8 | CLOCAL | CREAD))
        (settings.dataBitCount, settings.parity, settings.stopBitCount) = (7, .odd, 2)
        settings.hasHardwareFlowControl = true
        settings.apply(to: &terminal)
        #expect(
            terminal.c_cflag & (tcflag_t(CSIZE | PARENB | PARODD | CSTOPB) | tcflag_t(CRTSCTS))
                == tcflag_t(CS7 | PARENB | PARODD | CSTOPB) | tcflag_t(CRTSCTS))
        settings.parity = .even
        settings.apply(to: &terminal)
        #expect(terminal.c_cflag & tcflag_t(PARENB | PARODD) == tcflag_t(PARENB))
        #expect(terminal.c_iflag & tcflag_t(IXON | IXOFF) == 0)
    }

    @Test func theLineHasOneOwnerAtATime() throws {
        let first = try open()
        #expect(throws: SerialOpenError.inUse(path: terminal.path)) { try open() }
        #expect("\(SerialOpenError.inUse(path: "/dev/x"))" == "/dev/x is in use by another program")
        // Programs that know nothing of flock(2) are kept out too, unless they are root's.
        let other = Glibc.open(terminal.path, O_RDWR | O_NOCTTY)
        #expect(other < 0 || geteuid() == 0)
        if other >= 0 { close(other) }
        first.close()
        // A child that another test starts just now has the line, too, until it has become its own program.
        for _ in 0..<1_000 {
            guard let next = try? open() else {
                usleep(1_000)
                continue
            }
            return next.close()
        }
        try open().close()
    }

    /// Whoever has the line open may go, and another may come.
    @Test func aLineThatIsOpenedAgainCarriesOctets() throws {
        try open().close()
        let line = try open()
        defer { line.close() }
        try terminal.write([1, 2, 3])
        #expect(try loop.turn { recorder.received.count >= 3 })
        #expect(recorder.received == [1, 2, 3])
        #expect(recorder.ends.isEmpty)
    }

    @Test func aHangUpIsToldOnceAfterWhatCameBefore() throws {
        let line = try open()
        try terminal.write([1, 2, 3])
        terminal.hangUp()
        #expect(try loop.turn { !recorder.ends.isEmpty })
        try loop.turnWithoutWaiting()
        #expect(recorder.ends.count == 1)
        #expect(!line.isOpen)
        #expect(!line.queue([1]))
    }

    @Test func writingToALineThatIsGoneTellsItsEnd() throws {
        let line = try open()
        terminal.hangUp()
        #expect(line.queue([1]))
        line.flush()
        #expect(recorder.ends.count == 1)
        #expect(recorder.ends.first??.operation == "write \(terminal.path)")
        try loop.turnWithoutWaiting()
        #expect(recorder.ends.count == 1)
    }

    /// A line that takes nothing fills the queue, and the queue stays as it is; frames are taken whole or not at all.
    @Test func theWriteQueueIsBoundedAndKeepsItsOrder() throws {
        let line = try open(queue: 1_000)
        defer { line.close() }
        var (written, refused, longest): ([UInt8], Int, Int) = ([], 0, 0)
        for index in 0..<2_000 {
            let frame = [UInt8](repeating: UInt8(index % 251), count: 100)
            if line.queue(frame) { written += frame } else { refused += 1 }
            line.flush()
            longest = max(longest, line.queuedByteCount)
        }
        #expect(longest <= 1_000)
        #expect(refused > 0)
        let isWhole = try read(written.count) == written
        #expect(isWhole)
        #expect(line.queuedByteCount == 0)
    }

    @Test(arguments: ["/dev/null", "/tmp"]) func whatIsNoTerminalIsRefused(path: String) {
        do throws(SerialOpenError) {
            _ = try SerialTransport(
                opening: path, settings: SerialLineSettings(speed: 9_600), maximumQueuedByteCount: 1, loop: loop)
            Issue.record("\(path) was opened")
        } catch {
            #expect(error == .notATerminal(path: path))
            #expect("\(error)" == "\(path) is not a terminal")
        }
    }

    @Test func aMissingDeviceIsNamed() {
        let path = "/dev/no-such-tty"
        #expect(throws: SerialOpenError.failed(IOError(operation: "open \(path)", code: ENOENT))) {
            try SerialTransport(
                opening: path, settings: SerialLineSettings(speed: 9_600), maximumQueuedByteCount: 1, loop: loop)
        }
    }

    @Test func aSpeedWithoutANameIsRefused() {
        #expect(throws: SerialOpenError.speedNotPossible(path: terminal.path, speed: 12_345)) {
            try open(SerialLineSettings(speed: 12_345))
        }
    }
}
