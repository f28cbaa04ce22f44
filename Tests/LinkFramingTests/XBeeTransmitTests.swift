// Proves how datagrams go out: addresses, frame ids, turns, and what follows each delivery status.

import LinkFraming
import Testing

@Suite struct XBeeTransmitTests {
    private let client: UInt64 = 0x0013_A200_4052_2BAA
    private let connack: [UInt8] = [3, 5, 0]

    @Test func theRouteIsRememberedAndTheFactoryAddressIsTheName() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: client)
        #expect(radio.takeWritten() == [octets("10 11 0013A20040522BAA FFFE 00 00 03 05 00")])
        radio.status(17, 0, destination16: 0x7D84)
        radio.sends(connack, to: client)
        #expect(radio.takeWritten() == [octets("10 12 0013A20040522BAA 7D84 00 00 03 05 00")])
        radio.status(18, 0, destination16: 0x7D84)
        // The node joined again elsewhere: the same client.
        radio.hears([2, 0x16], from: client, at: 0x1234)
        radio.sends(connack, to: client)
        #expect(radio.takeWritten() == [octets("10 13 0013A20040522BAA 1234 00 00 03 05 00")])
        #expect(radio.received == [.init(datagram: [2, 0x16], address: .xbee64(XBeeAddress64(client)))])
        #expect(radio.link.counters.delivered == 2)
    }

    @Test(arguments: [0x24, 0x25] as [UInt8]) func aLostWayIsSearchedOnce(status: UInt8) {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client)
        radio.sends(connack, to: client)
        _ = radio.takeWritten()
        radio.status(17, status)
        #expect(radio.takeWritten() == [octets("10 12 0013A20040522BAA FFFE 00 00 03 05 00")])
        radio.status(18, status)
        #expect(radio.takeWritten().isEmpty && radio.link.queuedMessageCount == 0)
        #expect(radio.link.counters.undelivered == 1 && radio.link.counters.resent == 1)
        // Without a remembered way there is nothing to try again.
        radio.sends(connack, to: client)
        _ = radio.takeWritten()
        radio.status(19, status)
        #expect(radio.takeWritten().isEmpty && radio.link.counters.undelivered == 2)
    }

    @Test func aNodeThatDoesNotAcknowledgeIsTriedAgainLater() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client)
        radio.sends(connack, to: client)
        radio.status(17, 0x21)
        _ = radio.takeWritten()
        radio.waits(499)
        #expect(radio.takeWritten().isEmpty)
        radio.waits(1)
        #expect(radio.takeWritten() == [octets("10 12 0013A20040522BAA FFFE 00 00 03 05 00")])
        radio.status(18, 0x21)
        radio.waits(2000)
        #expect(radio.takeWritten().isEmpty && radio.link.counters.undelivered == 1)
    }

    /// A status of the line before, read after the device was opened again, is nobody's.
    @Test func aStatusFromBeforeTheLineWasOpenedIsNotTakenForAnother() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.closes()
        radio.opens()
        radio.answersCommands()
        radio.sends(connack, to: 2)
        radio.status(17, 0, destination16: 0x7D84)
        #expect(radio.link.counters.unknownStatuses == 1 && radio.link.counters.delivered == 0)
        #expect(radio.link.queuedMessageCount == 1)
    }

    @Test func aRouteThatIsAnothersIsNotLearntFromAStatus() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: 1, at: 0x7D84)
        radio.sends(connack, to: 2)
        radio.status(17, 0, destination16: 0x7D84)
        radio.sends(connack, to: 2)
        #expect(radio.takeWritten().map { Array($0[10...11]) } == [[0xFF, 0xFE], [0xFF, 0xFE]])
        radio.status(18, 0, destination16: 0x1234)
        radio.sends(connack, to: 2)
        #expect(radio.takeWritten().map { Array($0[10...11]) } == [[0x12, 0x34]])
    }

    @Test func frameIDsGoFrom255To1AndAreNeverInUseTwice() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        let held = radio.takeWritten()[0][1]
        var previous = held
        for _ in 0..<600 {
            radio.sends(connack, to: client)
            let frameID = radio.takeWritten()[0][1]
            let expected = previous == 255 ? 1 : previous + 1
            #expect(frameID == (expected == held ? held + 1 : expected))
            #expect(frameID != 0 && frameID != held)
            previous = frameID
            radio.status(frameID, 0)
        }
    }

    @Test func broadcastsGoToAllWithTheirRadius() {
        let radio = RadioDialogue.ready()
        radio.broadcasts([3, 2, 1], radius: 5)
        #expect(radio.takeWritten() == [octets("10 11 000000000000FFFF FFFE 05 00 03 02 01")])
        radio.status(17, 0)
        #expect(radio.link.counters.delivered == 1)
    }

    @Test func oneTransmissionPerNodeAndFourInAll() {
        let radio = RadioDialogue.ready()
        for node in 1...6 {
            for number in 1...2 { radio.sends([2, UInt8(node * 16 + number)], to: UInt64(node)) }
        }
        #expect(radio.takeWritten().map { $0[15] } == [0x11, 0x21, 0x31, 0x41])
        radio.status(17, 0)
        radio.status(19, 0)
        // Nodes in turn: those that have waited, then those that were served.
        #expect(radio.takeWritten().map { $0[15] } == [0x51, 0x61])
        for frameID in [18, 20, 21, 22] as [UInt8] { radio.status(frameID, 0) }
        #expect(radio.takeWritten().map { $0[15] } == [0x12, 0x32, 0x22, 0x42])
    }

    @Test func deadNodesDoNotDelayOthers() {
        let radio = RadioDialogue.ready()
        for node in 1...8 { for number in 1...2 { radio.sends([3, UInt8(number), UInt8(node)], to: UInt64(node)) } }
        // The first time nobody knows that they are dead: two rounds of 4 that are never acknowledged.
        for frame in radio.takeWritten() { radio.status(frame[1], 0x01) }
        for frame in radio.takeWritten() { radio.status(frame[1], 0x01) }
        #expect(radio.takeWritten().count == 2)
        for number in 0..<20 as Range<UInt8> {
            radio.sends([2, 0x80 + number], to: client)
            let written = radio.takeWritten()
            #expect(written.map { $0.last } == [0x80 + number])
            radio.status(written[0][1], 0)
        }
        // A node that is heard is like the others again.
        radio.hears([2, 0x16], from: 5)
        #expect(radio.takeWritten().map { $0.last } == [5])
    }

    @Test func aMissingStatusCostsOnlyItsNode() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.sends([2, 0x17], to: 1)
        radio.waits(9000)
        radio.says("8A 07")
        _ = radio.takeWritten()
        radio.waits(1000)
        #expect(radio.takeWritten().map { $0.last } == [0x17])
        #expect(radio.observations.last == .statusMissing(for: .xbee64(XBeeAddress64(1))))
        radio.status(17, 0)
        #expect(radio.link.counters.unknownStatuses == 1 && radio.link.counters.delivered == 0)
    }

    @Test(arguments: [0x18, 0x2C, 0x32, 0x02] as [UInt8]) func aFullModuleIsLeftAloneForAWhile(status: UInt8) {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.status(17, status)
        radio.sends([2, 0x17], to: 2)
        _ = radio.takeWritten()
        radio.waits(99)
        #expect(radio.takeWritten().isEmpty)
        radio.waits(1)
        #expect(radio.takeWritten().map { $0.last } == [0, 0x17])
        #expect(radio.observations.last == .paused(XBeeDeliveryStatus(status)))
        for frameID in stride(from: 18, through: 26, by: 1) as StrideThrough<UInt8> { radio.status(frameID, status) }
        for _ in 0..<20 {
            radio.waits(1000)
            for frame in radio.takeWritten() { radio.status(frame[1], status) }
        }
        #expect(radio.link.queuedMessageCount == 0 && radio.link.counters.undelivered == 2)
        // Each was given to the module six times.
        #expect(radio.link.counters.transmitted == 12 && radio.link.counters.resent == 10)
    }

    /// What is left of the action table: the datagram is dropped, and the next one goes out.
    @Test(
        arguments: [
            0x01, 0x03, 0x15, 0x23, 0x26, 0x2B, 0x2D, 0x2E, 0x31, 0x34, 0x35, 0xBB, 0xFF, 0x40,
        ] as [UInt8])
    func otherStatusesDropTheDatagram(status: UInt8) {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.sends([2, 0x17], to: 1)
        _ = radio.takeWritten()
        radio.status(17, status)
        #expect(radio.takeWritten().map { $0.last } == [0x17])
        let address = LinkAddress.xbee64(XBeeAddress64(1))
        #expect(radio.observations.contains(.deliveryFailed(to: address, XBeeDeliveryStatus(status))))
        let isConfiguration = [0x15, 0x2B, 0x2D, 0x2E, 0x34, 0x35, 0xBB].contains(status)
        #expect(
            radio.observations.contains(.configurationError(to: address, XBeeDeliveryStatus(status)))
                == isConfiguration)
        #expect(radio.link.counters.undelivered == 1 && radio.link.state == .ready)
    }

    @Test func tooLargePayloadsLowerTheMaximum() {
        let radio = RadioDialogue.ready()
        radio.sends([UInt8](repeating: 1, count: 200), to: 1)
        radio.status(17, 0x74)
        #expect(radio.link.maximumDatagramByteCount == 84)
        #expect(
            radio.observations == [
                .payloadTooLarge(to: .xbee64(XBeeAddress64(1)), byteCount: 200),
                .maximumDatagramChanged(byteCount: 84, broadcastByteCount: 84),
                .deliveryFailed(to: .xbee64(XBeeAddress64(1)), .payloadTooLarge),
            ])
        radio.sends([UInt8](repeating: 1, count: 80), to: 1)
        radio.status(18, 0x74)
        radio.broadcasts([UInt8](repeating: 1, count: 80))
        radio.status(19, 0x74)
        #expect(radio.link.maximumDatagramByteCount == 79 && radio.link.maximumBroadcastByteCount == 79)
    }

    @Test func aModuleThatFindsShortPayloadsTooLargeDoesNotSilenceTheLink() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.status(17, 0x74)
        radio.broadcasts([3, 2, 1])
        radio.status(18, 0x74)
        #expect(radio.link.counters.undelivered == 2)
        #expect(radio.link.maximumDatagramByteCount == 40 && radio.link.maximumBroadcastByteCount == 40)
        #expect(radio.sends(connack, to: 1) == nil)
    }

    @Test func addressesThatAreNobodysAreRefused() {
        let radio = RadioDialogue.ready()
        let addresses: [LinkAddress] = [
            .otherEnd, .xbee64(.broadcast), .xbee64(.unknown), .xbee64(.coordinator), .xbee16(.unknown),
            .xbee16(.broadcast),
        ]
        for address in addresses { #expect(radio.sends(connack, to: address) == .notSendable) }
        #expect(radio.sends([], to: 1) == .notSendable)
        #expect(radio.takeWritten().isEmpty && radio.link.counters.refusedNotSendable == 7)
    }

    @Test func otherFramesAreUsedWhereConfigured() {
        var configuration = XBeeLinkConfiguration()
        configuration.transmitOptions = 0x40
        configuration.transmission = .explicit(.digiData)
        let explicit = RadioDialogue.ready(configuration)
        explicit.sends([2, 0x17], to: client)
        #expect(explicit.takeWritten() == [octets("11 11 0013A20040522BAA FFFE E8 E8 0011 C105 00 40 02 17")])
        configuration.transmission = .legacy
        let legacy = RadioDialogue.ready(configuration)
        legacy.sends(connack, to: client)
        legacy.broadcasts([3, 2, 1])
        #expect(
            legacy.takeWritten() == [octets("00 11 0013A20040522BAA 40 03 05 00"), octets("01 12 FFFF 40 03 02 01")])
        legacy.says("89 11 00")
        #expect(legacy.link.counters.delivered == 1)
    }

    @Test func nodesHeardThroughLegacyFramesAreAnsweredAlike() {
        let radio = RadioDialogue.ready()
        radio.says("81 1234 28 00 02 16")
        radio.says("80 0013A20040522BAA 28 02 03 01 00")
        #expect(
            radio.received == [
                .init(datagram: [2, 0x16], address: .xbee16(XBeeAddress16(0x1234))),
                .init(datagram: [3, 1, 0], address: .xbee64(XBeeAddress64(client)), isBroadcast: true),
            ])
        radio.sends([2, 0x17], to: .xbee16(XBeeAddress16(0x1234)))
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten() == [octets("01 11 1234 00 02 17"), octets("00 12 0013A20040522BAA 00 02 17")])
    }

    @Test func aNodeThatTellsNoFactoryAddressIsReachedByItsShortOne() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: .max, at: 0x4A81)
        radio.sends([2, 0x17], to: .xbee16(XBeeAddress16(0x4A81)))
        #expect(radio.takeWritten() == [octets("10 11 FFFFFFFFFFFFFFFF 4A81 00 00 02 17")])
    }
}
