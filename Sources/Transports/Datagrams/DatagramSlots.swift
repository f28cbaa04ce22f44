import CLinux
import Glibc

/// The native arrays that one `recvmmsg` or `sendmmsg` call works on, allocated once and wired to each other.
struct DatagramSlots: ~Copyable {
    /// The most datagrams that one call moves.
    static let count = 64

    let headers: UnsafeMutablePointer<mmsghdr>
    let vectors: UnsafeMutablePointer<iovec>
    private let names: UnsafeMutableRawPointer
    private let controls: UnsafeMutableRawPointer

    /// Name slots keep their eight-octet alignment.
    private static let nameStride = (SocketAddress.nativeByteCount + 7) & ~7

    init() {
        headers = .allocate(capacity: Self.count)
        vectors = .allocate(capacity: Self.count)
        names = .allocate(byteCount: Self.count * Self.nameStride, alignment: 8)
        controls = .allocate(byteCount: Self.count * PacketInformation.capacity, alignment: 8)
        headers.initialize(repeating: mmsghdr(), count: Self.count)
        vectors.initialize(repeating: iovec(), count: Self.count)
        for index in 0..<Self.count {
            headers[index].msg_hdr.msg_name = name(index)
            headers[index].msg_hdr.msg_iov = vectors + index
            headers[index].msg_hdr.msg_iovlen = 1
            headers[index].msg_hdr.msg_control = control(index)
        }
    }

    deinit {
        headers.deallocate()
        vectors.deallocate()
        names.deallocate()
        controls.deallocate()
    }

    /// Where the peer's native address of datagram `index` lies.
    func name(_ index: Int) -> UnsafeMutableRawPointer { names + index &* Self.nameStride }

    /// Where the control messages of datagram `index` lie.
    func control(_ index: Int) -> UnsafeMutableRawPointer { controls + index &* PacketInformation.capacity }
}
