import CLinux
import Glibc
package import Transports

/// A connection that a listener accepted and nobody has taken yet; letting go of it closes it.
package struct AcceptedConnection: ~Copyable {
    fileprivate let descriptor: OwnedDescriptor

    /// Who connected.
    package let remoteAddress: SocketAddress
}

extension TCPStream {
    /// Takes over an accepted connection.
    package convenience init(
        adopting connection: consuming AcceptedConnection, options: TCPStreamOptions = TCPStreamOptions(),
        loop: EventLoop, delegate: (any ByteStreamDelegate)?
    ) throws(IOError) {
        let remoteAddress = connection.remoteAddress
        try self.init(
            adopting: connection.descriptor, from: remoteAddress, options: options, loop: loop, delegate: delegate)
    }
}

/// The owner of a listener, given every connection that comes in.
package protocol TCPListenerDelegate: AnyObject {
    /// A peer connected; make a `TCPStream` of `connection` or let it go.
    func listener(_ listener: TCPListener, accepted connection: consuming AcceptedConnection)
}

/// A listening TCP socket.
package final class TCPListener: ReadinessHandler, TimerHandler {
    /// The most connections accepted in one turn, so that a flood of them leaves room for other work.
    private static let acceptsPerTurn = 64

    private var socket: OwnedDescriptor
    private let loop: EventLoop

    /// The address the socket is bound to; the port is the real one when 0 was asked for.
    package let localAddress: SocketAddress

    /// Given the connections; without one they are closed.
    package weak var delegate: (any TCPListenerDelegate)?

    /// Listens on `address`; throws for example when the port is in use.
    ///
    /// The kernel keeps up to `backlog` connections until they are accepted.
    package init(binding address: SocketAddress, backlog: Int32 = 1_024, loop: EventLoop) throws(IOError) {
        let operation = "listen tcp://\(address)"
        socket = try SocketOption.openSocket(for: address, type: SOCK_STREAM, operation: operation)
        // Connections of an earlier process in TIME_WAIT must not keep the port; one that listens still does.
        try SocketOption.set(SO_REUSEADDR, level: SOL_SOCKET, to: 1, on: socket.value, operation: operation)
        localAddress = try SocketOption.bind(socket, to: address, operation: operation)
        self.loop = loop
        guard listen(socket.value, backlog) == 0 else { throw IOError(operation: operation, code: errno) }
        try loop.add(socket.value, self, interest: .readable)
    }

    package func ready(_ readiness: Readiness) {
        for _ in 0..<Self.acceptsPerTurn where socket.isOpen {
            guard acceptOne() else { return }
        }
    }

    /// Accepts one connection; false when none waits.
    private func acceptOne() -> Bool {
        var descriptor: Int32 = -1
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let remoteAddress = SocketAddress(fromNative: {
            descriptor = accept4(socket.value, $0, $1, flags)
            return descriptor
        })
        if let remoteAddress {
            let connection = AcceptedConnection(
                descriptor: OwnedDescriptor(adopting: descriptor), remoteAddress: remoteAddress)
            delegate?.listener(self, accepted: connection)
            return true
        }
        let code = errno
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        switch code {
        case EAGAIN: return false
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            // The connection stays ready although it cannot be accepted: look again a little later.
            loop.modify(socket.value, interest: [])
            loop.schedule(at: loop.now &+ 100_000_000, self)
            return false
        default: return true
        }
    }

    package func timerFired(_ timer: LoopTimer) {
        if socket.isOpen { loop.modify(socket.value, interest: .readable) }
    }

    /// Stops listening; accepted connections stay.
    package func close() {
        guard socket.isOpen else { return }
        loop.remove(socket.value)
        socket.close()
    }
}
