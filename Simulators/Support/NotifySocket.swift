import CLinux
import Glibc
package import Transports

/// The socket of a service manager that stands in for systemd's: it only listens (sd_notify(3)).
package final class NotifySocket {
    private let descriptor: OwnedDescriptor
    /// What a process that is to speak to it finds in NOTIFY_SOCKET.
    package let path: String

    /// Binds `path`, which is an abstract name where it begins with `@`.
    package init(path: String) throws(IOError) {
        self.path = path
        let operation = "bind \(path)"
        descriptor = try OwnedDescriptor(
            socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), operation: operation)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw IOError(operation: operation, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count + (name.first == 0 ? 0 : 1))
        let code = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor.value, $0, length) }
        }
        guard code == 0 else { throw IOError(operation: operation, code: errno) }
    }

    /// What has come in first and was not taken yet; nil where there is nothing.
    package func take() -> String? {
        var bytes = [UInt8](repeating: 0, count: 1_000)
        let count = recv(descriptor.value, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
