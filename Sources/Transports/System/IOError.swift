import CLinux
import Glibc

/// A call to the operating system that failed: what was attempted and the error number it gave.
package struct IOError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was attempted, with its object, such as `bind udp://[::]:1884`.
    package let operation: String

    /// What the call belonged to.
    package enum Phase: Equatable, Sendable {
        /// The attempt to open a TCP connection.
        case connecting
        /// Anything else.
        case other
    }

    /// Tells a connection that could not be opened from one that broke.
    package let phase: Phase

    /// The `errno` value.
    package let code: Int32

    package init(operation: String, code: Int32, phase: Phase = .other) {
        self.operation = operation
        self.code = code
        self.phase = phase
    }

    /// There is no such interface now.
    package static func noInterface(operation: String) -> IOError { IOError(operation: operation, code: ENODEV) }

    /// No interface has the address now.
    package static func noAddress(operation: String) -> IOError { IOError(operation: operation, code: EADDRNOTAVAIL) }

    /// Such as `bind udp://0.0.0.0:1884: address already in use (EADDRINUSE)`.
    package var description: String {
        guard let text = strerrordesc_np(code), let name = strerrorname_np(code) else {
            return "\(operation): error \(code)"
        }
        let sentence = String(cString: text)
        return "\(operation): \(sentence.prefix(1).lowercased())\(sentence.dropFirst()) (\(String(cString: name)))"
    }

    /// Whether this machine lacks something, a descriptor, memory, a port, a network interface's address, so that
    /// nothing is said about whoever the call was meant for.
    package var isLocal: Bool {
        switch code {
        case EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSPC, EADDRNOTAVAIL, EADDRINUSE, EAGAIN, EAFNOSUPPORT: true
        default: false
        }
    }

    /// Whether an address or an interface is meant that this machine has not now, and may have later.
    package var isNotThereYet: Bool { code == EADDRNOTAVAIL || code == ENODEV || code == ENXIO }

    /// Whether the device could not do it, though it was allowed.
    package var isDeviceFault: Bool { code == EIO }

    /// Whether the peer wants nothing more to be sent.
    var isEndedByPeer: Bool { code == ECONNRESET || code == EPIPE }

    /// Whether this machine has no way to where something was to go.
    package var isUnreachable: Bool {
        switch code {
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ENODEV, ENXIO, EADDRNOTAVAIL: true
        default: false
        }
    }

    /// Whether somebody else has the address.
    package var isAddressInUse: Bool { code == EADDRINUSE }

    /// Whether the system knows no such addresses at all, as a kernel without IPv6.
    package var isFamilyMissing: Bool { code == EAFNOSUPPORT }

    /// Whether the process may open no more files.
    package var isDescriptorShortage: Bool { code == EMFILE }

    /// Whether nobody answered in time.
    package var isTimeout: Bool { code == ETIMEDOUT }

    /// Whether what was to be created exists.
    package var isAlreadyThere: Bool { code == EEXIST }

    /// Whether there is no such file or directory.
    package var isMissing: Bool { code == ENOENT }

    /// Whether the system forbids it.
    package var isPermission: Bool { code == EACCES || code == EPERM }
}
