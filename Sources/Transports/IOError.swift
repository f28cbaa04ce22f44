import CLinux
import Glibc

/// A call to the operating system that failed: what was attempted and the error number it gave.
package struct IOError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was attempted, with its object, such as `bind udp://[::]:1884`.
    package let operation: String

    /// The `errno` value.
    package let code: Int32

    package init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// Such as `bind udp://0.0.0.0:1884: address already in use (EADDRINUSE)`.
    package var description: String {
        guard let text = strerrordesc_np(code), let name = strerrorname_np(code) else {
            return "\(operation): error \(code)"
        }
        let sentence = String(cString: text)
        return "\(operation): \(sentence.prefix(1).lowercased())\(sentence.dropFirst()) (\(String(cString: name)))"
    }

    /// Whether the attempt to open a TCP connection failed, rather than the connection itself.
    package var isConnecting: Bool { operation.hasPrefix("connect ") }

    /// Whether nobody answered in time.
    package var isTimeout: Bool { code == ETIMEDOUT }

    /// Whether the system forbids it.
    package var isPermission: Bool { code == EACCES || code == EPERM }
}
