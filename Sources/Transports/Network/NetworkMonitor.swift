import CLinux
import Glibc

/// The owner of what depends on network interfaces.
package protocol NetworkMonitorDelegate: AnyObject {
    /// Interfaces or addresses have come, gone or changed, perhaps several.
    func networkChanged()

    /// The kernel tells no more; the monitor is closed.
    func networkMonitorFailed(_ error: IOError)
}

/// The kernel's word that interfaces and addresses come and go (rtnetlink(7)), as an event of a loop.
///
/// It says that something has changed and not what: who depends on it looks for himself, which also finds what was
/// lost where the kernel could not keep all its messages.
package final class NetworkMonitor: ReadinessHandler {
    /// What `bind` takes for a netlink socket, which the C library's Swift module leaves out (netlink(7)).
    private struct NativeAddress {
        var family = UInt16(AF_NETLINK)
        var padding: UInt16 = 0
        var port: UInt32 = 0
        var groups: UInt32
    }

    /// RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR.
    private static let groups: UInt32 = 0x1 | 0x10 | 0x100
    /// Messages read in one turn of the loop.
    private static let batchCount = 64

    private var descriptor: OwnedDescriptor
    private let loop: EventLoop

    /// Told that something has changed.
    package weak var delegate: (any NetworkMonitorDelegate)?

    /// Opens the socket; throws where the process may have none.
    package init(loop: EventLoop) throws(IOError) {
        let operation = "watch the network interfaces"
        let flags = Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = try OwnedDescriptor(socket(AF_NETLINK, flags, 0), operation: operation)
        self.loop = loop
        let value = descriptor.value
        let isBound = withUnsafePointer(to: NativeAddress(groups: Self.groups)) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(value, $0, socklen_t(MemoryLayout<NativeAddress>.size)) == 0
            }
        }
        guard isBound else { throw IOError(operation: operation, code: errno) }
        try loop.add(value, self, interest: .readable)
    }

    package func ready(_ readiness: Readiness) {
        var message: UInt64 = 0
        for _ in 0..<Self.batchCount {
            let count = recv(descriptor.value, &message, MemoryLayout<UInt64>.size, Int32(MSG_DONTWAIT))
            if count >= 0 || errno == EINTR || errno == ENOBUFS { continue }
            guard errno == EAGAIN else { return fail(errno) }
            break
        }
        delegate?.networkChanged()
    }

    private func fail(_ code: Int32) {
        close()
        delegate?.networkMonitorFailed(IOError(operation: "watch the network interfaces", code: code))
    }

    /// Stops watching.
    package func close() {
        guard descriptor.isOpen else { return }
        loop.remove(descriptor.value)
        descriptor.close()
    }
}
