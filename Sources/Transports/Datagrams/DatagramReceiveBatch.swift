import CLinux
import Glibc

/// The buffers for one `recvmmsg` call.
struct DatagramReceiveBatch: ~Copyable {
    private let slots = DatagramSlots()
    private let memory: UnsafeMutableRawPointer
    private let maximumByteCount: Int

    /// Allocates room for `DatagramSlots.count` datagrams of `maximumByteCount` octets; untouched room costs no memory.
    init(maximumByteCount: Int) {
        self.maximumByteCount = maximumByteCount
        // One cache line apart from a power of two, or all the datagrams' first octets share one cache set.
        let stride = (maximumByteCount + 63) / 64 * 64 + 64
        memory = .allocate(byteCount: stride * DatagramSlots.count, alignment: 64)
        for index in 0..<DatagramSlots.count {
            slots.vectors[index] = iovec(iov_base: memory + index * stride, iov_len: maximumByteCount)
        }
    }

    deinit {
        memory.deallocate()
    }

    /// Receives what is waiting, without blocking; returns the number of datagrams, or -1 with `errno` set.
    mutating func receive(from descriptor: Int32) -> Int {
        for index in 0..<DatagramSlots.count {
            slots.headers[index].msg_hdr.msg_namelen = socklen_t(SocketAddress.nativeByteCount)
            slots.headers[index].msg_hdr.msg_controllen = PacketInformation.capacity
        }
        // MSG_TRUNC makes the kernel tell the whole length of a datagram that was cut off.
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_TRUNC)
        return Int(recvmmsg(descriptor, slots.headers, UInt32(DatagramSlots.count), flags, nil))
    }

    /// The length that datagram `index` had on the network, in octets.
    func wholeByteCount(_ index: Int) -> Int { Int(slots.headers[index].msg_len) }

    /// Whether datagram `index` was longer than its buffer.
    func isTruncated(_ index: Int) -> Bool { wholeByteCount(index) > maximumByteCount }

    /// The octets of datagram `index` that are in its buffer, valid until the next `receive`.
    func bytes(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: slots.vectors[index].iov_base, count: min(wholeByteCount(index), maximumByteCount))
    }

    /// Who sent datagram `index`; nil when the kernel gave no usable address.
    func source(_ index: Int) -> SocketAddress? {
        SocketAddress(
            loadingFrom: slots.name(index), byteCount: Int(slots.headers[index].msg_hdr.msg_namelen))
    }

    /// Whom datagram `index` was addressed to; `fallback` when the kernel does not tell.
    func destination(_ index: Int, fallback: SocketAddress) -> LocalAddress {
        PacketInformation.localAddress(
            in: slots.control(index), byteCount: Int(slots.headers[index].msg_hdr.msg_controllen), fallback: fallback)
    }
}
