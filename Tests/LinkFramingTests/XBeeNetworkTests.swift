// Proves how a link finds out whether its module is in a network, and what it learns of the ways through that network.

import LinkFraming
import Testing

@Suite struct XBeeNetworkTests {
    private let client: UInt64 = 0x0013_A200_4052_2BAA
    private let connack: [UInt8] = [3, 5, 0]

    // MARK: Not joined, says a status

    /// One question settles whether the module is in a network; nothing is given up before.
    @Test func oneStatusNotJoinedIsSettledByOneQuestion() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: client)
        radio.sends([2, 0x17], to: 2)
        _ = radio.takeWritten()
        radio.status(17, 0x22)
        radio.status(18, 0x22)
        #expect(radio.takeWritten() == [octets("08 13 41 49")])
        #expect(radio.link.state == .ready && radio.sends([2, 0x16], to: 3) == nil)
        radio.says("88 13 41 49 00 00")
        radio.waits(100)
        #expect(radio.takeWritten().map { $0.suffix(1) } == [[0], [0x17], [0x16]].map { $0[...] })
        #expect(radio.link.counters.undelivered == 0 && radio.link.counters.resent == 2)
        #expect(!radio.observations.contains(.stateChanged(.disassociated)))
    }

    @Test func notJoinedMeansThatTheLinkIsDownWhenTheModuleSaysSoToo() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.status(17, 0x22)
        _ = radio.takeWritten()
        radio.says("88 12 41 49 00 21")
        #expect(radio.link.state == .disassociated)
        #expect(radio.sends(connack, to: 1) == .linkDown)
    }

    @Test func aModuleThatIsAskedForItsNetworkAndSilentIsLookedFor() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.status(17, 0x22)
        radio.waits(3_000)
        #expect(radio.link.state == .noRadio && radio.speedChangeCount == 1)
    }

    /// A module that contradicts itself costs a bounded number of tries.
    @Test func notJoinedForeverEndsInADrop() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        var tries = 0
        for _ in 0..<50 {
            for frame in radio.takeWritten() {
                if frame[0] == 0x10 {
                    tries += 1
                    radio.status(frame[1], 0x22)
                } else {
                    radio.says([0x88, frame[1], 0x41, 0x49, 0, 0])
                }
            }
            radio.waits(100)
        }
        #expect(tries == 6 && radio.link.counters.undelivered == 1 && radio.link.queuedMessageCount == 0)
        #expect(radio.link.state == .ready)
    }

    /// What was sent before says nothing of the module that is being asked now.
    @Test func notJoinedDoesNotEndAStartUp() {
        let radio = RadioDialogue.searchingWithOneUnderWay()
        radio.status(18, 0x22)
        #expect(radio.link.state == .starting && radio.link.queuedMessageCount == 1)
        radio.waits(1000)
        radio.answersCommands()
        #expect(radio.link.state == .ready)
    }

    // MARK: A status that is lost

    @Test func aLostStatusDoesNotHoldANodeThatIsHeard() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client)
        radio.sends(connack, to: client)
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten().count == 1)
        radio.waits(200)
        radio.hears([3, 1, 0], from: client)
        radio.waits(999)
        #expect(radio.takeWritten().isEmpty)
        radio.waits(1)
        #expect(radio.takeWritten().map { $0.last } == [0x17])
        #expect(radio.observations.last == .statusMissing(for: .xbee64(XBeeAddress64(client))))
        // The module may still be busy with the first one, whose status comes late and says nothing any more.
        radio.status(17, 0x24)
        #expect(radio.link.counters.unknownStatuses == 1 && radio.takeWritten().isEmpty)
        // A node that was heard is none of those that wait for a place behind others.
        radio.status(18, 0)
        for node in 1...3 { radio.sends([2, UInt8(node)], to: UInt64(node)) }
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten().count == 4)
    }

    @Test func aStatusThatComesInTimeIsTakenAlthoughTheNodeIsHeard() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: client)
        radio.hears([2, 0x16], from: client)
        radio.waits(900)
        radio.status(17, 0)
        #expect(radio.link.counters.delivered == 1 && radio.link.counters.statusMissing == 0)
    }

    // MARK: Addresses

    /// ZDO's Device_annce: little-endian, 16-bit before 64-bit address (Zigbee, cluster 0x0013 of profile 0).
    @Test func aDeviceThatAnnouncesItselfTellsItsRoute() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.says("91 0013A20040522BAA 2222 00 00 0013 0000 02 81 2222 AA2B524000A21300 8E")
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten() == [octets("10 11 0013A20040522BAA 2222 00 00 02 17")])
        #expect(radio.link.counters.announcements == 1 && radio.link.counters.foreignApplications == 0)
    }

    /// The announcement of one node may be relayed by the module under the sender's unknown address.
    @Test func anAnnouncementIsAboutTheNodeThatItNames() {
        let radio = RadioDialogue.ready()
        radio.sends([2, 0x17], to: client)
        radio.status(17, 0x75)
        _ = radio.takeWritten()
        radio.says("91 FFFFFFFFFFFFFFFF FFFE 00 00 0013 0000 02 81 8433 AA2B524000A21300 8E")
        #expect(radio.takeWritten() == [octets("10 12 0013A20040522BAA 3384 00 00 02 17")])
    }

    @Test(arguments: ["81 2222", "", "81 2222 AA2B524000A213"]) func aShortAnnouncementTeachesNothing(_ payload: String)
    {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.says("91 0013A20040522BAA FFFE 00 00 0013 0000 02 " + payload)
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten().map { Array($0[10...11]) } == [[0x11, 0x11]])
    }

    @Test func anIOSampleTellsTheRoute() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.says("92 0013A20040522BAA 2222 01 01 001C 02 0014 0225")
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten().map { Array($0[10...11]) } == [[0x22, 0x22]])
    }

    /// A module that does not know a sender's factory address says so; who has that route is the same client.
    @Test func aPacketWithTheShortAddressAloneIsItsNodes() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.hears([3, 1, 0], from: .max, at: 0x1111)
        radio.hears([2, 0x16], from: .max, at: 0x2222)
        #expect(
            radio.received.map(\.address) == [
                .xbee64(XBeeAddress64(client)), .xbee64(XBeeAddress64(client)), .xbee16(XBeeAddress16(0x2222)),
            ])
    }

    /// Two nodes never are at the same 16-bit address: who was there before has left it.
    @Test func anAddressThatAnotherNodeTookOverIsNotTheFirstOnes() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.hears([2, 0x16], from: client + 1, at: 0x1111)
        radio.hears([3, 1, 0], from: .max, at: 0x1111)
        #expect(radio.received.last?.address == .xbee64(XBeeAddress64(client + 1)))
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten().map { Array($0[10...11]) } == [[0xFF, 0xFE]])
    }

    // MARK: Source routes

    private static let record = "A1 0013A20040522BAA 3344 01 03 EEFF CCDD AABB"

    @Test func aRouteRecordIsTheWayBack() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.says(Self.record)
        radio.sends([2, 0x17], to: client)
        #expect(
            radio.takeWritten() == [
                octets("21 00 0013A20040522BAA 3344 00 03 EEFF CCDD AABB"),
                octets("10 11 0013A20040522BAA 3344 00 00 02 17"),
            ])
        #expect(radio.link.counters.routeRecords == 1)
        // The way that fails is forgotten.
        radio.status(17, 0x25)
        #expect(radio.takeWritten() == [octets("10 12 0013A20040522BAA FFFE 00 00 02 17")])
    }

    /// No module takes longer ones (0x21), and no node may fill the memory.
    @Test(arguments: [(30, 1), (31, 0), (200, 0)]) func aRouteLongerThanAnyIsNotKept(hopCount: Int, kept: Int) {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        let hops = [UInt8](repeating: 1, count: 2 * hopCount)
        radio.says(octets("A1 0013A20040522BAA 3344 01") + [UInt8(hopCount)] + hops)
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten().count { $0[0] == 0x21 } == kept)
    }

    @Test func aNeighbourNeedsNoSourceRoute() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.says(Self.record)
        radio.says("A1 0013A20040522BAA 3344 01 00")
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten() == [octets("10 11 0013A20040522BAA 3344 00 00 02 17")])
    }

    @Test func aNodeThatMovedHasNoSourceRoute() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.says(Self.record)
        radio.hears([2, 0x16], from: client, at: 0x5555)
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten() == [octets("10 11 0013A20040522BAA 5555 00 00 02 17")])
    }

    @Test func aRouteRecordIsASignOfLife() {
        let radio = RadioDialogue.ready()
        radio.sends([2, 0x17], to: client)
        radio.status(17, 0x75)
        _ = radio.takeWritten()
        radio.says(Self.record)
        #expect(radio.takeWritten().map { $0[0] } == [0x21, 0x10])
    }

    @Test func aRouteRecordOfAStrangerIsNotKept() {
        let radio = RadioDialogue.ready()
        radio.says(Self.record)
        #expect(radio.link.knownNodeCount == 0)
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten() == [octets("10 11 0013A20040522BAA FFFE 00 00 02 17")])
    }

    @Test(arguments: ["A1 0013A20040522BAA 3344 01 02 EEFF", "A1 0013A20040522BAA 3344 01 01 EEFF CC", "A1 00"])
    func aRouteRecordOfAnotherLengthIsMalformed(_ record: String) {
        let radio = RadioDialogue.ready()
        radio.says(record)
        #expect(radio.link.counters.malformedFrames == 1)
    }
}
