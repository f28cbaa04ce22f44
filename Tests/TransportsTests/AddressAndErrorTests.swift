import Glibc
import Testing
import Transports

/// Socket addresses are values that read and write the usual notation.
@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:1884"), ("255.254.253.252", "255.254.253.252:1884"), ("0.0.0.0", "0.0.0.0:1884"),
        ("::1", "[::1]:1884"), ("::", "[::]:1884"), ("2001:DB8:0::00ff", "[2001:db8::ff]:1884"),
        ("fe80::1%lo", "[fe80::1%lo]:1884"),
    ])
    func roundTrip(host: String, description: String) throws {
        let address = try #require(SocketAddress(numeric: host, port: 1884))
        #expect(address.description == description)
        #expect(address == SocketAddress(numeric: address.host, port: 1884))
        #expect(address.isIPv6 == host.contains(":"))
    }

    @Test(arguments: [
        "", "localhost", "127.0.0", "127.0.0.1.1", "256.0.0.1", "127.0.0.1%lo", "[::1]", "::g", "fe80::1%", "1.2.3.4\0",
        "fe80::1%no-such-interface",
    ])
    func isNoNumericAddress(host: String) {
        #expect(SocketAddress(numeric: host, port: 1) == nil)
    }

    @Test func everyPartCounts() throws {
        let addresses = try Set(
            [
                loopback("127.0.0.1", 1), loopback("127.0.0.1", 2), loopback("127.0.0.2", 1),
                loopback("::7f00:1", 1), loopback("::1", 1), loopback("0:0:0:1::", 1), loopback("fe80::1", 1),
                loopback("fe80::1%1", 1),
            ])
        #expect(addresses.count == 8)
        #expect(MemoryLayout<SocketAddress>.stride <= 32)
    }

    @Test(arguments: [
        ("224.0.0.1", true), ("239.255.255.255", true), ("223.255.255.255", false), ("240.0.0.0", false),
        ("ff02::1", true), ("fe80::1", false), ("::e000:1", false),
    ])
    func multicast(host: String, isMulticast: Bool) throws {
        #expect(try loopback(host).isMulticast == isMulticast)
    }

    @Test func anyAddress() {
        #expect(SocketAddress.any(ipv6: false, port: 7).description == "0.0.0.0:7")
        #expect(SocketAddress.any(ipv6: true, port: 7).description == "[::]:7")
    }
}

/// Errors tell what was attempted and why it failed, in words.
@Suite struct IOErrorTests {
    @Test func description() {
        let error = IOError(operation: "bind udp://0.0.0.0:1884", code: 98)
        #expect(error.description == "bind udp://0.0.0.0:1884: address already in use (EADDRINUSE)")
    }

    /// What this machine lacks says nothing about whoever a call was meant for.
    @Test(arguments: [
        (EMFILE, true), (ENFILE, true), (ENOMEM, true), (ENOBUFS, true), (EADDRNOTAVAIL, true),
        (ECONNREFUSED, false), (ETIMEDOUT, false), (ENETUNREACH, false), (EHOSTUNREACH, false), (ECONNRESET, false),
    ])
    func locality(code: Int32, isLocal: Bool) {
        #expect(IOError(operation: "connect x", code: code, phase: .connecting).isLocal == isLocal)
    }

    @Test func unknownCode() {
        #expect(IOError(operation: "read x", code: 9_999).description == "read x: error 9999")
    }
}
