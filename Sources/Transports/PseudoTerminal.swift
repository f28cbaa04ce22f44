import CLinux
import Glibc

/// The owner of a pseudo-terminal, told what comes out of it.
package protocol PseudoTerminalDelegate: AnyObject {
    /// Octets wait: call `read`. Told again in every turn until nothing is left.
    func terminalReadable(_ terminal: PseudoTerminal)
}

/// A terminal that is no device: what is written here, whoever opens `path` reads, and the other way round.
///
/// It stands for a serial adapter where there is none, and passes every octet on as it is.
package final class PseudoTerminal: ReadinessHandler {
    private var descriptor: OwnedDescriptor
    /// The other side, held open: without it the loop would tell of a hang-up for as long as nobody has `path` open.
    private var line: OwnedDescriptor
    private let loop: EventLoop
    private let maximumQueuedByteCount: Int
    private var writes = WriteQueue()
    /// Whether the system took less than was queued.
    private var isWriteBlocked = false

    /// What takes the place of a serial device's path, as long as the terminal is open.
    package let path: String

    /// Told what happens.
    package weak var delegate: (any PseudoTerminalDelegate)?

    /// Opens both sides and registers this one; throws where the system has no pseudo-terminal left.
    package init(maximumQueuedByteCount: Int, loop: EventLoop) throws(IOError) {
        (self.maximumQueuedByteCount, self.loop) = (maximumQueuedByteCount, loop)
        var (here, there): (Int32, Int32) = (-1, -1)
        var raw = termios()
        cfmakeraw(&raw)
        guard openpty(&here, &there, nil, &raw, nil) == 0 else {
            throw IOError(operation: "open a pseudo-terminal", code: errno)
        }
        descriptor = OwnedDescriptor(adopting: here)
        line = OwnedDescriptor(adopting: there)
        path = try Self.path(of: there)
        for side in [here, there] {
            guard fcntl(side, F_SETFD, FD_CLOEXEC) == 0, fcntl(side, F_SETFL, O_NONBLOCK) == 0 else {
                throw IOError(operation: "set up \(path)", code: errno)
            }
        }
        try loop.add(here, self, interest: .readable)
    }

    private static func path(of terminal: Int32) throws(IOError) -> String {
        var name = [CChar](repeating: 0, count: 256)
        let code = ttyname_r(terminal, &name, name.count)
        guard code == 0 else { throw IOError(operation: "name a pseudo-terminal", code: code) }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Closes both sides at once, for whoever has `path` open too; what waits is lost.
    package func close() {
        guard descriptor.isOpen else { return }
        loop.remove(descriptor.value)
        descriptor.close()
        line.close()
        writes = WriteQueue()
    }

    /// Reads once and passes the octets to `body`, during whose call alone they are valid.
    package func read(_ body: (RawSpan) -> Void) {
        guard descriptor.isOpen else { return }
        precondition(!loop.isReadBufferLent, "one read at a time, since all transports share the buffer")
        let count = Glibc.read(descriptor.value, loop.readBuffer.baseAddress, loop.readBuffer.count)
        // Nothing else can go wrong while both sides are held open; what is there is told again in the next turn.
        guard count > 0 else { return }
        loop.isReadBufferLent = true
        body(UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count]).bytes)
        loop.isReadBufferLent = false
    }

    /// Appends to the write queue, all of `bytes` or, when they are too many, nothing; writes nothing yet.
    ///
    /// - Returns: whether they were taken.
    package func queueWrite(_ bytes: RawSpan) -> Bool {
        guard descriptor.isOpen, bytes.byteCount <= maximumQueuedByteCount - writes.byteCount else { return false }
        writes.append(bytes)
        return true
    }

    /// Hands what is queued to the system in one call, unless the system has no room.
    package func flush() {
        guard descriptor.isOpen, !writes.isEmpty, !isWriteBlocked else { return }
        writeQueued()
    }

    private func writeQueued() {
        let descriptor = descriptor.value
        _ = writes.write { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        isWriteBlocked = !writes.isEmpty
        loop.modify(descriptor, interest: isWriteBlocked ? [.readable, .writable] : .readable)
    }

    package func ready(_ readiness: Readiness) {
        if readiness.contains(.writable), isWriteBlocked { writeQueued() }
        if readiness.contains(.readable) { delegate?.terminalReadable(self) }
    }
}
