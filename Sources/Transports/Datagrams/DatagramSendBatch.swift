import CLinux
import Glibc

/// What became of the datagrams queued since the last flush.
package struct FlushResult: Equatable, Sendable {
    /// Datagrams handed to the kernel.
    package var sentCount = 0

    /// Datagrams given up: the send buffer was full, or the system refused their destination or size.
    package var droppedCount = 0

    /// The `errno` value of the last datagram given up.
    package var lastErrorCode: Int32?

    /// Whom the last datagram was for that had no way out of this machine.
    package var unreachable: SocketAddress?

    package init() {}

    /// One datagram that never got as far as a socket.
    package static var oneDropped: FlushResult {
        var result = FlushResult()
        result.droppedCount = 1
        return result
    }
}

/// The datagrams that wait for one `sendmmsg` call, copied into memory allocated once.
struct DatagramSendBatch: ~Copyable {
    /// Enough for 64 datagrams of an Ethernet frame, and for the longest datagram there is.
    private static let memoryByteCount = 131_072

    private let slots = DatagramSlots()
    private let memory = UnsafeMutableRawPointer.allocate(byteCount: memoryByteCount, alignment: 64)
    private var usedByteCount = 0
    private var count = 0

    deinit {
        memory.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    /// Whether a datagram of `byteCount` octets has room, now or (`whenEmpty`) after a send.
    func hasRoom(for byteCount: Int, whenEmpty: Bool = false) -> Bool {
        if whenEmpty { return byteCount <= Self.memoryByteCount }
        return count < DatagramSlots.count && byteCount <= Self.memoryByteCount &- usedByteCount
    }

    /// Copies a datagram in.
    ///
    /// - Precondition: `hasRoom` said so.
    mutating func append(_ datagram: RawSpan, to destination: SocketAddress, from local: LocalAddress?) {
        precondition(hasRoom(for: datagram.byteCount), "the batch is sent before it overflows")
        let start = memory + usedByteCount
        datagram.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { start.copyMemory(from: base, byteCount: bytes.count) }
        }
        slots.vectors[count] = iovec(iov_base: start, iov_len: datagram.byteCount)
        slots.headers[count].msg_hdr.msg_namelen = destination.store(to: slots.name(count))
        var controlByteCount = 0
        if let local, local.address.isIPv6 == destination.isIPv6 {
            controlByteCount = PacketInformation.store(local, destination: destination, to: slots.control(count))
        }
        slots.headers[count].msg_hdr.msg_controllen = controlByteCount
        usedByteCount &+= datagram.byteCount
        count &+= 1
    }

    /// Sends all datagrams and empties the batch; adds what became of them to `result`.
    mutating func send(on descriptor: Int32, result: inout FlushResult) {
        var next = 0
        while next < count {
            let sent = Int(sendmmsg(descriptor, slots.headers + next, UInt32(count - next), Int32(MSG_DONTWAIT)))
            if sent > 0 {
                result.sentCount += sent
                next += sent
                continue
            }
            let code = errno
            if sent < 0, code == EINTR { continue }
            // A full buffer concerns all that follow; any other error only the datagram it was met at.
            let isFull = code == EAGAIN || code == ENOBUFS || code == ENOMEM || sent == 0
            let lost = isFull ? count - next : 1
            result.droppedCount += lost
            result.lastErrorCode = code
            // A source address that is gone is an invalid one.
            if code == EINVAL || IOError(operation: "", code: code).isUnreachable {
                let byteCount = Int(slots.headers[next].msg_hdr.msg_namelen)
                result.unreachable = SocketAddress(loadingFrom: slots.name(next), byteCount: byteCount)
            }
            next += lost
        }
        count = 0
        usedByteCount = 0
    }
}
