import CLinux
import Glibc

/// The owner of a UDP socket, told when datagrams wait on it.
package protocol UDPTransportDelegate: AnyObject {
    /// Datagrams wait: call `receive`. Told again in every turn until none is left.
    func transportReadable(_ transport: UDPTransport)
}

/// One bound UDP socket that receives and sends datagrams in batches of up to 64.
///
/// A socket that cannot be read rests: the loop asks it again after pauses that grow from `shortestRest` to
/// `longestRest` nanoseconds, so that an error that lasts does not take all the time there is.
package final class UDPTransport: ReadinessHandler, TimerHandler {
    /// The most datagrams that one `receive` gives.
    package static let batchCount = DatagramSlots.count

    package static let shortestRest: UInt64 = 10_000_000
    package static let longestRest: UInt64 = 1_000_000_000

    private var socket: OwnedDescriptor
    private let loop: EventLoop
    private var incoming: DatagramReceiveBatch
    private var outgoing = DatagramSendBatch()
    private var unreported = FlushResult()
    /// The pause after the next failure.
    private var rest = shortestRest
    /// Ends the rest; nil while the loop watches the socket.
    private var restTimer: LoopTimer?

    /// The address the socket is bound to; the port is the real one when 0 was asked for.
    package let localAddress: SocketAddress

    /// The receive buffer the kernel granted, in octets, comparable with the size asked for.
    package let grantedReceiveBufferByteCount: Int

    /// Datagrams longer than the longest accepted, since the start.
    package private(set) var truncatedDatagramCount: UInt64 = 0

    /// Errors of earlier datagrams (ICMP) that the socket reported instead of a datagram, since the start.
    package private(set) var receiveErrorCount: UInt64 = 0

    /// Told when datagrams wait; without one they wait in the kernel and the loop does not rest.
    package weak var delegate: (any UDPTransportDelegate)?

    /// Binds a socket to `address` and registers it; throws for example when the port is in use.
    ///
    /// An IPv6 socket takes no IPv4 datagrams, so `0.0.0.0` and `::` can both be bound to one port.
    /// The kernel is asked for a receive buffer of `receiveBufferByteCount`; nil keeps the system's default. Datagrams
    /// longer than `maximumDatagramByteCount` are reported as truncated.
    package init(
        binding address: SocketAddress, receiveBufferByteCount: Int?, maximumDatagramByteCount: Int = 2_048,
        loop: EventLoop
    ) throws(IOError) {
        let operation = "bind udp://\(address)"
        socket = try SocketOption.openSocket(for: address, type: SOCK_DGRAM, operation: operation)
        try Self.configure(socket.value, for: address, operation: operation)
        if let receiveBufferByteCount { Self.requestReceiveBuffer(receiveBufferByteCount, socket.value) }
        // The kernel doubles the size for its own bookkeeping and reports it doubled (socket(7)).
        let bufferByteCount = SocketOption.value(of: SO_RCVBUF, level: SOL_SOCKET, on: socket.value) ?? 0
        grantedReceiveBufferByteCount = Int(bufferByteCount) / 2
        localAddress = try SocketOption.bind(socket, to: address, operation: operation)
        incoming = DatagramReceiveBatch(maximumByteCount: maximumDatagramByteCount)
        self.loop = loop
        try loop.add(socket.value, self, interest: .readable)
    }

    /// Asks the kernel for another receive buffer of so many octets; it gives what it allows.
    package func requestReceiveBuffer(_ byteCount: Int) {
        if socket.isOpen { Self.requestReceiveBuffer(byteCount, socket.value) }
    }

    private static func configure(
        _ descriptor: Int32, for address: SocketAddress, operation: String
    ) throws(IOError) {
        // Several processes may listen to one group; a unicast port in use must be an error.
        if address.isMulticast {
            try SocketOption.set(SO_REUSEADDR, level: SOL_SOCKET, to: 1, on: descriptor, operation: operation)
        }
        let (level, option, onlyJoined) =
            address.isIPv6
            ? (Int32(IPPROTO_IPV6), IPV6_RECVPKTINFO, ipv6MulticastAll)
            : (Int32(IPPROTO_IP), IP_PKTINFO, IP_MULTICAST_ALL)
        try SocketOption.set(option, level: level, to: 1, on: descriptor, operation: operation)
        // Without this the socket also gets the groups that other processes joined; older kernels lack it for IPv6.
        SocketOption.trySet(onlyJoined, level: level, to: Int32(0), on: descriptor)
    }

    /// `IPV6_MULTICAST_ALL` of Linux 4.20, which the C library's headers leave out.
    private static let ipv6MulticastAll: Int32 = 29

    private static func requestReceiveBuffer(_ byteCount: Int, _ descriptor: Int32) {
        let size = Int32(clamping: byteCount)
        // Beyond net.core.rmem_max only with CAP_NET_ADMIN.
        if SocketOption.trySet(SO_RCVBUFFORCE, level: SOL_SOCKET, to: size, on: descriptor) { return }
        SocketOption.trySet(SO_RCVBUF, level: SOL_SOCKET, to: size, on: descriptor)
    }

    /// The socket's descriptor, for options that this type does not set; -1 once closed.
    package var descriptor: Int32 { socket.value }

    package func ready(_ readiness: Readiness) {
        delegate?.transportReadable(self)
    }

    /// Closes the socket; what is queued is lost. The transport must not be used afterwards.
    package func close() {
        guard socket.isOpen else { return }
        if let restTimer { loop.cancel(restTimer) }
        loop.remove(socket.value)
        socket.close()
    }

    // MARK: Resting

    /// Lets the loop forget the socket for a while: an error that it has pending would be told in every turn.
    private func takeRest() {
        loop.remove(socket.value)
        restTimer = loop.schedule(at: loop.now + rest, self)
        rest = min(rest * 2, Self.longestRest)
    }

    package func timerFired(_ timer: LoopTimer) {
        restTimer = nil
        guard socket.isOpen else { return }
        do throws(IOError) { try loop.add(socket.value, self, interest: .readable) } catch { takeRest() }
    }

    // MARK: Receiving

    /// Receives up to `batchCount` datagrams without blocking and passes each to `body` with its two addresses; the
    /// bytes are valid during the call only.
    ///
    /// Instead of `body`, `truncated` is called for a datagram that was too long, with its whole length; its bytes are
    /// gone. Returns how many datagrams came, of both kinds; `batchCount` means that there may be more. Throws when the
    /// socket cannot be read; it then rests.
    package func receive(
        _ body: (_ datagram: RawSpan, _ from: SocketAddress, _ to: LocalAddress) -> Void,
        truncated: (_ byteCount: Int, _ from: SocketAddress, _ to: LocalAddress) -> Void = { _, _, _ in }
    ) throws(IOError) -> Int {
        let count: Int
        do throws(IOError) {
            count = try receiveBatch()
        } catch {
            if restTimer == nil { takeRest() }
            throw error
        }
        rest = Self.shortestRest
        for index in 0..<count {
            guard let source = incoming.source(index) else { continue }
            let destination = incoming.destination(index, fallback: localAddress)
            if incoming.isTruncated(index) {
                truncatedDatagramCount &+= 1
                truncated(incoming.wholeByteCount(index), source, destination)
            } else {
                let bytes = incoming.bytes(index)
                body(bytes.bytes, source, destination)
            }
        }
        return count
    }

    private func receiveBatch() throws(IOError) -> Int {
        // Every pending error is reported once and then gone; the bound is against one that is not.
        var code: Int32 = 0
        for _ in 0..<DatagramSlots.count {
            let count = incoming.receive(from: socket.value)
            if count >= 0 { return count }
            code = errno
            switch code {
            case EAGAIN: return 0
            case EINTR: continue
            case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EPROTO, ENOPROTOOPT, EMSGSIZE, EACCES:
                receiveErrorCount &+= 1
            default:
                throw IOError(operation: "receive udp://\(localAddress)", code: code)
            }
        }
        throw IOError(operation: "receive udp://\(localAddress)", code: code)
    }

    // MARK: Sending

    /// Copies a datagram into the batch for the next `flush`; a full batch is sent at once to make room.
    ///
    /// The datagram leaves from `local`, as `receive` told it; nil lets the system choose.
    package func queue(_ datagram: RawSpan, to destination: SocketAddress, from local: LocalAddress?) {
        guard outgoing.hasRoom(for: datagram.byteCount, whenEmpty: true) else {
            unreported.droppedCount += 1
            unreported.lastErrorCode = EMSGSIZE
            return
        }
        if !outgoing.hasRoom(for: datagram.byteCount) { outgoing.send(on: socket.value, result: &unreported) }
        outgoing.append(datagram, to: destination, from: local)
    }

    /// Sends what is queued without blocking; what the kernel does not take now is dropped, as UDP allows.
    ///
    /// - Returns: what became of every datagram queued since the last flush.
    @discardableResult
    package func flush() -> FlushResult {
        if !outgoing.isEmpty { outgoing.send(on: socket.value, result: &unreported) }
        let result = unreported
        unreported = FlushResult()
        return result
    }
}
