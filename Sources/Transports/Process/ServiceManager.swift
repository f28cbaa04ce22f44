import CLinux
import Glibc

/// The service manager that has started the process and wants to hear how it is: systemd, or one that speaks alike
/// (sd_notify(3)).
///
/// What it is told is a datagram on a socket of the local family; one that it does not take is lost, as nothing may
/// wait for it.
package final class ServiceManager {
    /// How often it wants to hear that the process lives, in nanoseconds; nil where it does not.
    package let watchdogInterval: UInt64?
    private let socket: OwnedDescriptor
    private let address: sockaddr_un
    private let addressLength: socklen_t

    /// The one that the environment names (NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID); nil where it names none.
    package static func ofThisProcess() -> ServiceManager? {
        guard let path = ProcessEnvironment.value("NOTIFY_SOCKET") else { return nil }
        return ServiceManager(path: path, watchdogInterval: watchdogInterval)
    }

    private static var watchdogInterval: UInt64? {
        guard let microseconds = ProcessEnvironment.value("WATCHDOG_USEC").flatMap(UInt64.init), microseconds > 0
        else { return nil }
        if let process = ProcessEnvironment.value("WATCHDOG_PID"), process != "\(getpid())" { return nil }
        let (nanoseconds, overflow) = microseconds.multipliedReportingOverflow(by: 1_000)
        return overflow ? nil : nanoseconds
    }

    /// Speaks to the socket at `path`, whose name is an abstract one where it begins with `@`; nil where that is no
    /// path of a local socket, or the system has no socket for it.
    package init?(path: String, watchdogInterval: UInt64?) {
        guard path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
        var name = Array(path.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        // A path ends with a zero octet; an abstract name with its length.
        guard name.count > 1, name.count < capacity else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = MemoryLayout<sa_family_t>.size + name.count + (name[0] == 0 ? 0 : 1)
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard let socket = try? OwnedDescriptor(Glibc.socket(AF_UNIX, type, 0), operation: "socket") else { return nil }
        self.socket = socket
        self.watchdogInterval = watchdogInterval
        (self.address, addressLength) = (address, socklen_t(length))
    }

    /// Tells assignments such as `READY=1`, each without a line break.
    ///
    /// - Returns: whether the system took them.
    @discardableResult
    package func tell(_ assignments: String...) -> Bool {
        let text = Array(assignments.joined(separator: "\n").utf8)
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket.value, text, text.count, Int32(MSG_NOSIGNAL), $0, addressLength) == text.count
            }
        }
    }
}
