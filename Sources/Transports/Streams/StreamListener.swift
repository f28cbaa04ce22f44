import CLinux
import Glibc

/// A socket on which others open streams: TCP, or one of the file system that only this machine's programs reach.
///
/// Whom the process has no descriptor for waits in the system, and is looked for again after a pause.
package final class StreamListener: ReadinessHandler, TimerHandler {
    /// Connections that wait in the system for being taken.
    private static let backlog: Int32 = 128
    /// Taken in one turn at most, so that the rest of the gateway gets its turn too.
    private static let acceptCount = 32
    private static let pause = Duration.seconds(1)

    private var socket: OwnedDescriptor
    private let loop: EventLoop
    private var timer: LoopTimer?
    /// The file of a socket of the file system; nil for TCP.
    private let file: SocketFile?

    /// Where a TCP socket is bound, with its real port; nil for one of the file system.
    package let localAddress: SocketAddress?

    package weak var delegate: (any StreamListenerDelegate)?

    /// Listens at a TCP address; port 0 lets the system choose.
    package init(at address: SocketAddress, loop: EventLoop) throws(IOError) {
        let operation = "listen tcp://\(address)"
        let opened = try SocketOption.openSocket(for: address, type: SOCK_STREAM, operation: operation)
        try SocketOption.set(SO_REUSEADDR, level: SOL_SOCKET, to: 1, on: opened.value, operation: operation)
        localAddress = try SocketOption.bind(opened, to: address, operation: operation)
        socket = opened
        self.loop = loop
        file = nil
        try begin(operation)
    }

    /// Listens at `path`, which owner and group may open (mode 0660).
    ///
    /// A socket that nobody listens at any more is replaced; one that somebody does throws EADDRINUSE, another file
    /// EEXIST, and a directory that everybody may write to EPERM.
    package init(atPath path: String, loop: EventLoop) throws(IOError) {
        let operation = "listen unix:\(path)"
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let opened = try OwnedDescriptor(Glibc.socket(AF_UNIX, flags, 0), operation: operation)
        file = try SocketFile(path, of: opened, operation: operation)
        socket = opened
        self.loop = loop
        localAddress = nil
        do throws(IOError) {
            try begin(operation)
        } catch {
            file?.remove()
            throw error
        }
    }

    private func begin(_ operation: String) throws(IOError) {
        guard listen(socket.value, Self.backlog) == 0 else { throw IOError(operation: operation, code: errno) }
        try loop.add(socket.value, self, interest: .readable)
    }

    package func ready(_ readiness: Readiness) {
        for _ in 0..<Self.acceptCount {
            guard socket.isOpen, acceptOne() else { return }
        }
    }

    /// Whether there may be another one.
    private func acceptOne() -> Bool {
        var peer: SocketAddress?
        var descriptor: Int32 = -1
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        if file == nil {
            peer = SocketAddress(fromNative: {
                descriptor = accept4(socket.value, $0, $1, flags)
                return descriptor
            })
        } else {
            descriptor = accept4(socket.value, nil, nil, flags)
        }
        guard descriptor < 0 else {
            // A peer on a socket of the file system has no address.
            let address = peer ?? .any(ipv6: false, port: 0)
            delegate?.listener(self, accepted: OwnedDescriptor(adopting: descriptor), from: address)
            return true
        }
        switch errno {
        case EAGAIN: return false
        // The peer has gone again, or the network says something of it (accept(2)).
        case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENOPROTOOPT, ENONET:
            return true
        default:
            let error = IOError(operation: "accept", code: errno)
            loop.modify(socket.value, interest: [])
            timer = loop.schedule(at: loop.now.advanced(by: Self.pause), self)
            delegate?.listener(self, failed: error)
            return false
        }
    }

    package func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        if socket.isOpen { loop.modify(socket.value, interest: .readable) }
    }

    /// Takes no connection any more; those that were taken are their owners'.
    package func close() {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard socket.isOpen else { return }
        loop.remove(socket.value)
        file?.remove()
        socket.close()
    }
}

/// The owner of a listening socket; called only from `EventLoop.turn`.
package protocol StreamListenerDelegate: AnyObject {
    /// Somebody has opened a stream; over a socket of the file system `address` is `0.0.0.0:0`.
    func listener(
        _ listener: StreamListener, accepted descriptor: consuming OwnedDescriptor, from address: SocketAddress)

    /// A connection could not be taken; the next attempt comes in a second.
    func listener(_ listener: StreamListener, failed error: IOError)
}
