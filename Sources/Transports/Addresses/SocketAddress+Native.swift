// Converts socket addresses to and from the octets of `sockaddr_in` and `sockaddr_in6`, whose layout Linux fixes.

package import Glibc

/// Where the fields of the two native address structures lie, in octets from their start.
private enum NativeLayout {
    static let port = 2
    static let ipv4Address = 4
    static let ipv6FlowInformation = 4
    static let ipv6Address = 8
    static let ipv6Scope = 24
}

extension SocketAddress {
    /// The octets that are enough for either native structure.
    static let nativeByteCount = MemoryLayout<sockaddr_in6>.size

    /// The native protocol family, `AF_INET` or `AF_INET6`.
    var family: Int32 { isIPv6 ? AF_INET6 : AF_INET }

    /// Writes the native structure to `pointer`, which has room for `nativeByteCount`; returns its length.
    func store(to pointer: UnsafeMutableRawPointer) -> socklen_t {
        pointer.storeBytes(of: sa_family_t(family), as: sa_family_t.self)
        pointer.storeBytes(of: port.bigEndian, toByteOffset: NativeLayout.port, as: UInt16.self)
        guard isIPv6 else {
            pointer.storeBytes(of: ipv4.bigEndian, toByteOffset: NativeLayout.ipv4Address, as: UInt32.self)
            pointer.storeBytes(of: 0, toByteOffset: NativeLayout.ipv6Address, as: UInt64.self)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        }
        pointer.storeBytes(of: 0, toByteOffset: NativeLayout.ipv6FlowInformation, as: UInt32.self)
        pointer.storeBytes(of: ipv6.high.bigEndian, toByteOffset: NativeLayout.ipv6Address, as: UInt64.self)
        pointer.storeBytes(of: ipv6.low.bigEndian, toByteOffset: NativeLayout.ipv6Address + 8, as: UInt64.self)
        pointer.storeBytes(of: scopeIdentifier, toByteOffset: NativeLayout.ipv6Scope, as: UInt32.self)
        return socklen_t(MemoryLayout<sockaddr_in6>.size)
    }

    /// Reads the native structure of `byteCount` octets at `pointer`; nil when it is of neither family or cut short.
    init?(loadingFrom pointer: UnsafeRawPointer, byteCount: Int) {
        guard byteCount >= MemoryLayout<sockaddr_in>.size else { return nil }
        let family = Int32(pointer.loadUnaligned(as: sa_family_t.self))
        let port = UInt16(bigEndian: pointer.loadUnaligned(fromByteOffset: NativeLayout.port, as: UInt16.self))
        if family == AF_INET {
            let address = pointer.loadUnaligned(fromByteOffset: NativeLayout.ipv4Address, as: UInt32.self)
            self.init(ipv4: UInt32(bigEndian: address), port: port)
            return
        }
        guard family == AF_INET6, byteCount >= MemoryLayout<sockaddr_in6>.size else { return nil }
        let high = pointer.loadUnaligned(fromByteOffset: NativeLayout.ipv6Address, as: UInt64.self)
        let low = pointer.loadUnaligned(fromByteOffset: NativeLayout.ipv6Address + 8, as: UInt64.self)
        self.init(
            ipv6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low),
            scopeIdentifier: pointer.loadUnaligned(fromByteOffset: NativeLayout.ipv6Scope, as: UInt32.self),
            port: port)
    }

    /// Calls `body` with the native structure, for `bind` and `connect`.
    func withNative<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        return withUnsafeMutablePointer(to: &storage) { pointer in
            let length = store(to: pointer)
            return pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// The address that `read` (such as `getsockname` on a descriptor) fills in; nil when it fails.
    package init?(fromNative read: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { read($0, &length) }
        }
        guard result >= 0 else { return nil }
        let address = withUnsafeBytes(of: &storage) { bytes in
            bytes.baseAddress.flatMap { SocketAddress(loadingFrom: $0, byteCount: Int(length)) }
        }
        guard let address else { return nil }
        self = address
    }
}
