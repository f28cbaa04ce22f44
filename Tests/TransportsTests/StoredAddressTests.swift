import Testing

@testable import Transports

/// A sender's address, and ours, found again after a restart.
@Suite struct StoredAddressTests {
    private static let addresses: [StoredAddress] = {
        let v4 = SocketAddress(ipv4: 0xC000_0201, port: 1884)
        let v6 = SocketAddress(ipv6High: 0xFD00_0000_0000_0000, low: 7, scopeIdentifier: 0, port: 5)
        let linkLocal = SocketAddress(ipv6High: 0xFE80_0000_0000_0000, low: 9, scopeIdentifier: 1, port: 5)
        return [
            StoredAddress(v4, LocalAddress(address: v4, interfaceIndex: 0, delivery: .unicast)),
            StoredAddress(v4, LocalAddress(address: v4, interfaceIndex: 1, delivery: .broadcast)),
            StoredAddress(v6, LocalAddress(address: v6, interfaceIndex: 1, delivery: .multicast)),
            StoredAddress(linkLocal, LocalAddress(address: linkLocal, interfaceIndex: 1, delivery: .unicast)),
        ]
    }()

    @Test("What is written is read again, interfaces by their names", arguments: addresses)
    func roundTrip(address: StoredAddress) {
        let octets = address.octets
        #expect(StoredAddress(octets.span.bytes) == address)
        #expect(octets.count > 14)
    }

    @Test("Every beginning, and every further octet, is refused", arguments: addresses)
    func damaged(address: StoredAddress) {
        let octets = address.octets
        for count in 0..<octets.count {
            let beginning = Array(octets[..<count])
            #expect(StoredAddress(beginning.span.bytes) == nil)
        }
        let longer = octets + [0]
        #expect(StoredAddress(longer.span.bytes) == nil)
    }

    @Test("An interface that is not there any more is nobody's")
    func interfaceIsGone() {
        var octets = Self.addresses[3].octets
        let name = Array("lo".utf8)
        let places = octets.indices.filter { octets[$0...].starts(with: name) }
        #expect(!places.isEmpty)
        for place in places { octets[place] = UInt8(ascii: "~") }
        #expect(StoredAddress(octets.span.bytes) == nil)
    }
}
