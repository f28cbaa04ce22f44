import CLinux
import Glibc

/// The owner of a serial line, told what happens on it.
package protocol SerialTransportDelegate: AnyObject {
    /// Octets wait, or the line has ended: call `read`. Told again in every turn until nothing is left.
    func transportReadable(_ transport: SerialTransport)

    /// The line is gone, as when a USB adapter is pulled; the transport is closed. `error` is nil where the other side
    /// hung up. Comes out of `read`, `flush` or a turn of the loop, once.
    func transportEnded(_ transport: SerialTransport, _ error: IOError?)
}

/// A serial line that could not be opened, and why.
package enum SerialOpenError: Error, Equatable, Sendable, CustomStringConvertible {
    case failed(IOError)
    /// The path leads to something else.
    case notATerminal(path: String)
    case inUse(path: String)
    /// The system or the adapter knows no such speed.
    case speedNotPossible(path: String, speed: Int)

    /// Whether waiting is no help: somebody must repair something first.
    package var isPermanent: Bool {
        switch self {
        case .failed(let error): error.isPermission
        case .notATerminal, .speedNotPossible: true
        case .inUse: false
        }
    }

    package var description: String {
        switch self {
        case .failed(let error):
            "\(error)" + (error.isPermission ? "; its group, often 'dialout', may open it" : "")
        case .notATerminal(let path): "\(path) is not a terminal"
        case .inUse(let path): "\(path) is in use by another program"
        case .speedNotPossible(let path, let speed): "\(path) does not run at \(speed) bits per second"
        }
    }
}

/// One open serial line, raw and held by nobody else, with a bounded queue of octets to be written.
package final class SerialTransport: ReadinessHandler {
    private var descriptor: OwnedDescriptor
    private let loop: EventLoop
    private let maximumQueuedByteCount: Int
    private var writes = WriteQueue()
    /// Whether the system took less than was queued.
    private var isWriteBlocked = false

    /// As it was asked for; what it leads to may have changed since.
    package let path: String

    /// Told what happens.
    package weak var delegate: (any SerialTransportDelegate)?

    /// Opens the terminal at `path` for this process alone and registers it; what came in before is thrown away.
    ///
    /// Others are kept out by an advisory lock (flock(2)), which well-mannered terminal programs take too, and by
    /// TIOCEXCL, which everybody but root must respect.
    package init(
        opening path: String, settings: SerialLineSettings, maximumQueuedByteCount: Int, loop: EventLoop
    ) throws(SerialOpenError) {
        (self.path, self.maximumQueuedByteCount, self.loop) = (path, maximumQueuedByteCount, loop)
        descriptor = try Self.open(path)
        try Self.lock(descriptor.value, path)
        do throws(SerialOpenError) {
            try Self.configure(descriptor.value, settings, path)
            try Self.tried { () throws(IOError) in try loop.add(descriptor.value, self, interest: .readable) }
        } catch {
            unlock()
            throw error
        }
    }

    private static func tried<Result: ~Copyable>(
        _ call: () throws(IOError) -> Result
    ) throws(SerialOpenError) -> Result {
        do throws(IOError) { return try call() } catch { throw .failed(error) }
    }

    private static func open(_ path: String) throws(SerialOpenError) -> OwnedDescriptor {
        let flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC
        let descriptor: OwnedDescriptor
        do throws(IOError) {
            descriptor = try OwnedDescriptor(Glibc.open(path, flags), operation: "open \(path)")
        } catch {
            switch error.code {
            case EBUSY: throw .inUse(path: path)
            case EISDIR: throw .notATerminal(path: path)
            default: throw .failed(error)
            }
        }
        guard isatty(descriptor.value) == 1 else { throw .notATerminal(path: path) }
        return descriptor
    }

    private static func lock(_ descriptor: Int32, _ path: String) throws(SerialOpenError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK
                ? .inUse(path: path) : .failed(IOError(operation: "lock \(path)", code: errno))
        }
        guard ioctl(descriptor, UInt(TIOCEXCL)) == 0 else {
            throw .failed(IOError(operation: "take \(path) for this program alone", code: errno))
        }
    }

    private static func configure(
        _ descriptor: Int32, _ settings: SerialLineSettings, _ path: String
    ) throws(SerialOpenError) {
        guard let speed = settings.speedCode else { throw .speedNotPossible(path: path, speed: settings.speed) }
        var terminal = termios()
        guard tcgetattr(descriptor, &terminal) == 0 else {
            throw .failed(IOError(operation: "read the settings of \(path)", code: errno))
        }
        settings.apply(to: &terminal)
        guard cfsetspeed(&terminal, speed) == 0, tcsetattr(descriptor, TCSAFLUSH, &terminal) == 0 else {
            throw .failed(IOError(operation: "set \(path) to \(settings.speed) bits per second", code: errno))
        }
        // A part of what was asked for is success to tcsetattr(3).
        var granted = termios()
        guard tcgetattr(descriptor, &granted) == 0, cfgetospeed(&granted) == speed else {
            throw .speedNotPossible(path: path, speed: settings.speed)
        }
    }

    /// Whether the line can be used.
    package var isOpen: Bool { descriptor.isOpen }

    /// Closes the line at once. What the system has not sent yet is lost, since waiting for it could take for ever.
    package func close() {
        guard descriptor.isOpen else { return }
        loop.remove(descriptor.value)
        // close(2) waits up to 30 s for octets that flow control holds back.
        if systemQueuedByteCount > 0 { tcflush(descriptor.value, TCOFLUSH) }
        unlock()
        writes = WriteQueue()
    }

    private func unlock() {
        // The exclusiveness is the terminal's and outlives this descriptor where somebody else has it open.
        _ = ioctl(descriptor.value, UInt(TIOCNXCL))
        descriptor.close()
    }

    private func end(_ error: IOError?) {
        guard descriptor.isOpen else { return }
        close()
        delegate?.transportEnded(self, error)
    }

    // MARK: Reading

    /// Reads once and passes the octets to `body`, during whose call alone they are valid.
    package func read(_ body: (RawSpan) -> Void) {
        guard descriptor.isOpen else { return }
        let count = receive()
        if count > 0 {
            precondition(!loop.isReadBufferLent, "one read at a time, since all lines share the buffer")
            loop.isReadBufferLent = true
            let bytes = UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count])
            body(bytes.bytes)
            loop.isReadBufferLent = false
        } else if count == 0 {
            end(nil)
        } else if errno != EAGAIN {
            end(IOError(operation: "read \(path)", code: errno))
        }
    }

    private func receive() -> Int {
        while true {
            let count = Glibc.read(descriptor.value, loop.readBuffer.baseAddress, loop.readBuffer.count)
            if count >= 0 || errno != EINTR { return count }
        }
    }

    package func ready(_ readiness: Readiness) {
        if readiness.contains(.writable), isWriteBlocked { writeQueued() }
        guard descriptor.isOpen else { return }
        let hasEnded = !readiness.isDisjoint(with: [.hangUp, .failed])
        if readiness.contains(.readable) || hasEnded { delegate?.transportReadable(self) }
        // What was there has been read; the loop would tell of the end again and again.
        if hasEnded, !readiness.contains(.readable) { end(nil) }
    }

    // MARK: Writing

    /// Octets that wait to be handed to the system.
    package var queuedByteCount: Int { writes.byteCount }

    /// Octets that the system has not sent yet; 0 where it does not say.
    package var systemQueuedByteCount: Int {
        var count: Int32 = 0
        return descriptor.isOpen && ioctl(descriptor.value, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
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
        let count = writes.write { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno != EAGAIN, errno != EINTR { return end(IOError(operation: "write \(path)", code: errno)) }
        isWriteBlocked = !writes.isEmpty
        loop.modify(descriptor, interest: isWriteBlocked ? [.readable, .writable] : .readable)
    }
}
