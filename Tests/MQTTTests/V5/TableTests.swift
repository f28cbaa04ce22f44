// Proves the tables of properties and reason codes against the specification's own, which are written down here packet by
// packet.

import MQTT
import Testing

@Suite struct Version5TableTests {
    /// Table 2-4 turned around: the sections on each packet's properties (§3.1.2.11 to §3.15.2.2), in their order.
    private static let properties: [(PropertyOwners, [UInt8])] = [
        (.connect, [0x11, 0x21, 0x27, 0x22, 0x19, 0x17, 0x26, 0x15, 0x16]),
        (.will, [0x18, 0x01, 0x02, 0x03, 0x08, 0x09, 0x26]),
        (
            .connack,
            [0x11, 0x21, 0x24, 0x25, 0x27, 0x12, 0x22, 0x1F, 0x26, 0x28, 0x29, 0x2A, 0x13, 0x1A, 0x1C, 0x15, 0x16]
        ),
        (.publish, [0x01, 0x02, 0x23, 0x08, 0x09, 0x26, 0x0B, 0x03]),
        (.puback, [0x1F, 0x26]), (.pubrec, [0x1F, 0x26]), (.pubrel, [0x1F, 0x26]), (.pubcomp, [0x1F, 0x26]),
        (.subscribe, [0x0B, 0x26]), (.suback, [0x1F, 0x26]), (.unsubscribe, [0x26]), (.unsuback, [0x1F, 0x26]),
        (.disconnect, [0x11, 0x1F, 0x26, 0x1C]), (.auth, [0x15, 0x16, 0x1F, 0x26]),
    ]

    @Test func everyPropertyStandsWhereTheSpecificationHasIt() {
        for (owner, identifiers) in Self.properties {
            let allowed = PropertyIdentifier.allCases.filter { $0.owners.contains(owner) }.map(\.rawValue)
            #expect(Set(allowed) == Set(identifiers), "\(owner)")
        }
        for type in [PacketType.pingRequest, .pingResponse] {
            #expect(PropertyIdentifier.allCases.allSatisfy { !$0.owners.contains(PropertyOwners(type)) })
        }
        #expect(PropertyIdentifier.allCases.count == 27)
    }

    /// §2.2.2.2 and §3.3.2.3.8.
    @Test func onlyTwoMayStandTwice() {
        for (owner, _) in Self.properties {
            let repeating = PropertyIdentifier.allCases.filter { $0.repeats(in: owner) }
            #expect(repeating == (owner == .publish ? [.subscriptionIdentifier, .userProperty] : [.userProperty]))
        }
    }

    /// Tables 3-1, 3-4 to 3-10, 3-13 and the lists of §3.9.3 and §3.11.3.
    private static let codes: [(PacketType, [ClosedRange<UInt8>])] = [
        (
            .connectAcknowledgement,
            [0...0, 0x80...0x8A, 0x8C...0x8C, 0x90...0x90, 0x95...0x95, 0x97...0x97, 0x99...0x9D, 0x9F...0x9F]
        ),
        (
            .publishAcknowledgement,
            [0...0, 0x10...0x10, 0x80...0x80, 0x83...0x83, 0x87...0x87, 0x90...0x91, 0x97...0x97, 0x99...0x99]
        ),
        (
            .publishReceived,
            [0...0, 0x10...0x10, 0x80...0x80, 0x83...0x83, 0x87...0x87, 0x90...0x91, 0x97...0x97, 0x99...0x99]
        ),
        (.publishRelease, [0...0, 0x92...0x92]), (.publishComplete, [0...0, 0x92...0x92]),
        (
            .subscribeAcknowledgement,
            [
                0...2, 0x80...0x80, 0x83...0x83, 0x87...0x87, 0x8F...0x8F, 0x91...0x91, 0x97...0x97, 0x9E...0x9E,
                0xA1...0xA2,
            ]
        ),
        (
            .unsubscribeAcknowledgement,
            [0...0, 0x11...0x11, 0x80...0x80, 0x83...0x83, 0x87...0x87, 0x8F...0x8F, 0x91...0x91]
        ),
        (
            .disconnect,
            [
                0...0, 4...4, 0x80...0x83, 0x87...0x87, 0x89...0x89, 0x8B...0x90, 0x93...0x9F, 0xA0...0xA2,
            ]
        ),
        (.authentication, [0...0, 0x18...0x19]),
        (.publish, []), (.connect, []), (.pingRequest, []),
    ]

    @Test(arguments: PacketType.allCases)
    func everyReasonCodeStandsWhereTheSpecificationHasIt(type: PacketType) {
        let expected = Self.codes.first { $0.0 == type }?.1.flatMap { Array($0) } ?? []
        #expect(ReasonCode.allCases.filter { $0.mayStand(in: type) }.map(\.rawValue) == expected)
    }

    @Test func noTwoReadTheSame() {
        #expect(Set(ReasonCode.allCases.map { "\($0.name(in: .authentication))" }).count == ReasonCode.allCases.count)
        #expect(Set(PropertyIdentifier.allCases.map { "\($0.name)" }).count == PropertyIdentifier.allCases.count)
        #expect("\(ReasonCode.success.name(in: .disconnect))" == "normal disconnection")
        #expect("\(ReasonCode.success.name(in: .subscribeAcknowledgement))" == "granted QoS 0")
    }
}
