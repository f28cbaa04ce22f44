package import CLinux
import Glibc

/// The calls that read and change the options of a socket.
package enum SocketOption {
    /// Sets an option whose value is a number; throws with `operation` when the system refuses.
    package static func set(
        _ option: Int32, level: Int32, to value: Int32, on descriptor: Int32, operation: @autoclosure () -> String
    ) throws(IOError) {
        guard trySet(option, level: level, to: value, on: descriptor) else {
            throw IOError(operation: operation(), code: errno)
        }
    }

    /// Sets an option whose value is any native structure; false, with `errno` set, when the system refuses.
    @discardableResult
    static func trySet<Value>(
        _ option: Int32, level: Int32, to value: Value, on descriptor: Int32
    ) -> Bool {
        withUnsafeBytes(of: value) { setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count)) == 0 }
    }

    /// The value of an option that is a number; nil when the system refuses.
    static func value(of option: Int32, level: Int32, on descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, level, option, &value, &length) == 0 else { return nil }
        return value
    }

    /// A new non-blocking socket for `address`, IPv6 only when it is an IPv6 address; `operation` names it in errors.
    package static func openSocket(
        for address: SocketAddress, type: __socket_type, operation: @autoclosure () -> String
    ) throws(IOError) -> OwnedDescriptor {
        let flags = Int32(type.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = try OwnedDescriptor(socket(address.family, flags, 0), operation: operation())
        if address.isIPv6 {
            try set(
                IPV6_V6ONLY, level: Int32(IPPROTO_IPV6), to: 1, on: descriptor.value, operation: operation())
        }
        return descriptor
    }

    /// Binds the socket to `address`; returns the address it got, whose port is chosen by the system when it was 0.
    package static func bind(
        _ descriptor: borrowing OwnedDescriptor, to address: SocketAddress, operation: @autoclosure () -> String
    ) throws(IOError) -> SocketAddress {
        let value = descriptor.value
        guard address.withNative({ Glibc.bind(value, $0, $1) }) == 0,
            let bound = SocketAddress(fromNative: { getsockname(value, $0, $1) })
        else { throw IOError(operation: operation(), code: errno) }
        return bound
    }
}
