import LinkFraming
import Testing

/// Who somebody on a serial link is, in octets.
@Suite struct LinkAddressTests {
    private static let addresses: [LinkAddress] = [
        .otherEnd, .xbee64(XBeeAddress64(0x0013_A200_4201_0111)), .xbee16(XBeeAddress16(0x1037)),
    ]

    @Test("What is written is read again, and nothing else is", arguments: addresses)
    func roundTrip(address: LinkAddress) {
        #expect(LinkAddress(octets: address.octets) == address)
        #expect(LinkAddress(octets: address.octets + [0]) == nil)
        #expect(LinkAddress(octets: Array(address.octets.dropLast())) == nil)
        #expect(LinkAddress(octets: [9] + address.octets.dropFirst()) == nil)
    }
}
