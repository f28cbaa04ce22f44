// Proves what follows for a node of which the module says that it did not ask for its datagram (status 0x75), and that
// every sign of life from a node releases what is held back for it.

import LinkFraming
import Testing

@Suite struct XBeeSleeperTests {
    private let client: UInt64 = 0x0013_A200_4052_2BAA
    private let connack: [UInt8] = [3, 5, 0]

    /// The parent keeps a datagram for a child until it polls, and no poll reaches the gateway: time alone must do.
    @Test func whatASleeperDidNotAskForIsTriedAgainByTime() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client)
        radio.sends(connack, to: client)
        #expect(radio.takeWritten().map { $0.suffix(3) } == [connack[...]])
        radio.status(17, 0x75)
        var frameID: UInt8 = 17
        for pause in [1_000, 2_000, 4_000, 8_000] {
            radio.waits(pause - 1)
            #expect(radio.takeWritten().isEmpty)
            radio.waits(1)
            frameID += 1
            #expect(radio.takeWritten() == [[0x10, frameID] + octets("0013A20040522BAA 7D84 00 00 03 05 00")])
            radio.status(frameID, 0x75)
        }
        radio.waits(4_000)
        radio.hears([2, 0x16], from: client)
        #expect(radio.takeWritten().count == 1)
        radio.status(22, 0, destination16: 0x7D84)
        #expect(radio.link.counters.delivered == 1 && radio.link.counters.resent == 5)
        #expect(radio.link.queuedMessageCount == 0)
    }

    @Test func whatASleeperNeverAsksForIsDroppedInTheEnd() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        var tries = 0
        for _ in 0..<40 {
            for frame in radio.takeWritten() {
                tries += 1
                radio.status(frame[1], 0x75)
            }
            radio.waits(1_000)
        }
        #expect(tries == 5 && radio.link.queuedMessageCount == 0 && radio.link.nextDeadline == nil)
        #expect(radio.observations.last == .messageExpired(to: .xbee64(XBeeAddress64(1))))
    }

    /// What it holds back for the parent must not keep others waiting.
    @Test func sleepersDoNotDelayOthers() {
        let radio = RadioDialogue.ready()
        for node in 1...4 { radio.sends([2, UInt8(node)], to: UInt64(node)) }
        for frame in radio.takeWritten() { radio.status(frame[1], 0x75) }
        radio.waits(1_000)
        #expect(radio.takeWritten().count == 2)
        radio.sends(connack, to: client)
        #expect(radio.takeWritten().count == 1)
    }

    /// The frames that a node can be heard through, whatever they are about.
    @Test(arguments: [
        "90 0013A20040522BAA 7D84 01 02 16", "90 0013A20040522BAA 7D84 01",
        "91 0013A20040522BAA 7D84 E8 E8 0011 C105 01 02 16", "91 0013A20040522BAA 7D84 00 00 0006 0000 01 0218",
        "92 0013A20040522BAA 7D84 01 01 001C 02 0014 0225",
        "95 0013A20040522BAA 7D84 02 7D84 0013A20040522BAA 2000 FFFE 01 01 C105 101E",
        "80 0013A20040522BAA 28 00 02 16",
    ])
    func everySignOfLifeReleasesANode(frame: String) {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: client)
        radio.status(17, 0x75)
        _ = radio.takeWritten()
        radio.says(frame)
        #expect(radio.takeWritten().map { $0.suffix(3) } == [connack[...]])
        // And the wait grows from its beginning again.
        radio.status(18, 0x75)
        radio.waits(1_000)
        #expect(radio.takeWritten().count == 1)
    }

    @Test func aShortAddressIsASignOfLifeToo() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: .xbee16(XBeeAddress16(0x1234)))
        radio.status(17, 0x75)
        _ = radio.takeWritten()
        radio.says("81 1234 28 00")
        #expect(radio.takeWritten().count == 1)
    }

    @Test func whoDidNotAcknowledgeIsTriedAtOnceWhenHeard() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: client)
        radio.status(17, 0x21)
        _ = radio.takeWritten()
        radio.says("92 0013A20040522BAA 7D84 01 01 001C 02 0014 0225")
        #expect(radio.takeWritten() == [octets("10 12 0013A20040522BAA 7D84 00 00 03 05 00")])
    }
}
