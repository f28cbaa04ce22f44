import CLinux
import Glibc

/// A network interface as it is at the moment of asking.
package struct NetworkInterface: Equatable, Sendable {
    /// Its number, which is another one when it is deleted and made anew.
    package let index: UInt32

    /// Whether it is up and has a carrier (netdevice(7)): what is sent there leaves.
    package let isUsable: Bool

    /// Whether it leads to this machine only.
    package let isLoopback: Bool

    /// The interface called `name`, which may also be its number; nil when there is none.
    package init?(named name: String) {
        guard let index = SocketAddress.interfaceIndex(name), let flags = Self.flags(of: index) else { return nil }
        self.index = index
        let needed = UInt32(IFF_UP | IFF_RUNNING)
        isUsable = UInt32(flags) & needed == needed
        isLoopback = UInt32(flags) & UInt32(IFF_LOOPBACK) != 0
    }

    /// Whether the system can be asked at all: without a descriptor left every interface seems to be missing.
    package static var canBeAsked: Bool {
        let socket = OwnedDescriptor(adopting: Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        return socket.isOpen
    }

    /// The name of the interface that has the number now; nil when none has.
    package static func name(of index: UInt32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { text in
            text.baseAddress.flatMap { if_indextoname(index, $0) }.map { String(cString: $0) }
        }
    }

    /// `SIOCGIFFLAGS`, which needs no netlink socket; nil when there is no such interface.
    private static func flags(of index: UInt32) -> UInt16? {
        guard let name = name(of: index) else { return nil }
        let socket = OwnedDescriptor(adopting: Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        // ifreq: the name in 16 octets, and the flags behind it.
        var request = (UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        return withUnsafeMutableBytes(of: &request) { bytes in
            bytes.copyBytes(from: name.utf8.prefix(15))
            guard let start = bytes.baseAddress, ioctl(socket.value, 0x8913, start) == 0 else { return nil }
            return bytes.load(fromByteOffset: 16, as: UInt16.self)
        }
    }
}
