// Proves what a link takes from the air, what it drops and counts, and that nothing makes it trap, grow or spin.

import Bytes
import LinkFraming
import Testing
import Time

@Suite struct XBeeReceiveTests {
    private let client: UInt64 = 0x0013_A200_4052_2BAA

    @Test func datagramsComeWithTheirSender() {
        let radio = RadioDialogue.ready()
        radio.hears([3, 1, 0], from: client, options: 2)
        radio.says("91 0013A20040522BAA 7D84 E8 E8 0011 C105 01 0B0C200001000732312E35")
        #expect(
            radio.received == [
                .init(datagram: [3, 1, 0], address: .xbee64(XBeeAddress64(client)), isBroadcast: true),
                .init(datagram: octets("0B0C200001000732312E35"), address: .xbee64(XBeeAddress64(client))),
            ])
    }

    /// A frame, and the counter that it is dropped under.
    struct Drop: Sendable {
        var data: [UInt8]
        var counter: @Sendable (LinkCounters) -> UInt64
    }

    @Test(arguments: [
        Drop(data: octets("90 0013A20040522BAA 7D84 01"), counter: \.emptyPayloads),
        Drop(
            data: octets("90 0013A20040522BAA 7D84 01") + [UInt8](repeating: 1, count: 257),
            counter: \.oversizedPayloads),
        Drop(data: octets("90 000000000000FFFF 7D84 01 0218"), counter: \.invalidSources),
        Drop(data: octets("90 0000000000000000 0000 01 0218"), counter: \.invalidSources),
        Drop(data: octets("90 FFFFFFFFFFFFFFFF FFFE 01 0218"), counter: \.invalidSources),
        Drop(data: octets("81 FFFF 28 00 0218"), counter: \.invalidSources),
        Drop(data: octets("91 0013A20040522BAA 7D84 00 00 0006 0000 01 0218"), counter: \.foreignApplications),
        Drop(data: octets("91 0013A20040522BAA 7D84 00 00 0013 0000 01 0218"), counter: \.announcements),
        Drop(data: octets("90 0013A200"), counter: \.malformedFrames),
        Drop(data: octets("8B 01"), counter: \.malformedFrames),
        Drop(data: octets("A1 00"), counter: \.malformedFrames),
        Drop(data: octets("A1 0013A20040522BAA 7D84 01 01 1234"), counter: \.routeRecords),
        Drop(data: octets("21 00 0013A20040522BAA 7D84 00 01 1234"), counter: \.otherFrames),
        Drop(data: octets("A5 00"), counter: \.otherFrames),
        Drop(data: octets("10 01 0013A20040522BAA FFFE 00 00 0218"), counter: \.otherFrames),
        Drop(data: octets("8B 77 FFFE 00 00 00"), counter: \.unknownStatuses),
        Drop(data: octets("89 77 00"), counter: \.unknownStatuses),
        Drop(data: octets("88 77 4E50 00"), counter: \.unknownAnswers),
        Drop(data: octets("92 0013A20040522BAA 7D84 01 01 001C 02 0014 0225"), counter: \.ioSamples),
        Drop(
            data: octets("95 0013A20040522BAA 7D84 02 7D84 0013A20040522BAA 2000 FFFE 01 01 C105 101E"),
            counter: \.nodeIdentifications),
        Drop(data: octets("FE 02"), counter: \.frameErrors),
        Drop(data: octets("8A 42"), counter: \.modemStatuses),
    ])
    func otherThingsAreCounted(_ drop: Drop) {
        let radio = RadioDialogue.ready()
        radio.says(drop.data)
        #expect(drop.counter(radio.link.counters) == 1)
        #expect(radio.received.isEmpty && radio.link.state == .ready)
        #expect(radio.takeWritten().isEmpty)
    }

    @Test func aNodeThatIntroducesItselfTellsItsRoute() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client, at: 0x1111)
        radio.says("95 0013A20040522BAA 2222 02 2222 0013A20040522BAA 2000 FFFE 01 01 C105 101E")
        radio.sends([2, 0x17], to: client)
        #expect(radio.takeWritten() == [octets("10 11 0013A20040522BAA 2222 00 00 02 17")])
    }

    @Test func silenceOnTheLineFreesWhatAFalseStartHid() {
        let radio = RadioDialogue.ready(apiMode: 1)
        radio.readsRaw(octets("7E 00 FF"))
        radio.hears([2, 0x16], from: client)
        #expect(radio.received.isEmpty)
        radio.waits(99)
        #expect(radio.received.isEmpty)
        radio.waits(1)
        #expect(radio.received.map(\.datagram) == [[2, 0x16]])
        #expect(radio.link.nextDeadline == nil)
    }

    @Test func theTableOfNodesIsBoundedAndTheIdlestGoes() {
        let radio = RadioDialogue.ready()
        radio.sends([2, 0x17], to: 1)
        radio.status(17, 0x75)
        for node in 2..<10_000 {
            radio.hears([2, 0x16], from: UInt64(node), at: 0x0042)
            if node % 100 == 0 { radio.hears([2, 0x16], from: 7, at: 0x0777) }
        }
        #expect(radio.link.knownNodeCount == 256)
        _ = radio.takeWritten()
        // Node 7 was used often, node 9 was forgotten, and node 1 stayed because a datagram waits for it.
        radio.sends([2, 7], to: 7)
        radio.sends([2, 9], to: 9)
        radio.hears([2, 0x16], from: 1, at: 0x0001)
        #expect(radio.takeWritten().map { Array($0[10...11]) } == [[0x07, 0x77], [0xFF, 0xFE], [0x00, 0x01]])
    }

    /// Random frames, sends and times: the bounds hold, what is written is well-formed, and time always passes.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func nothingBreaksALink(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let apiMode = seed % 2 == 0 ? 2 : 1
        let radio = RadioDialogue.ready(apiMode: apiMode)
        var (deliveredDatagrams, nextStatus) = (0, [UInt8]())
        for _ in 0..<20_000 {
            let node = UInt64(1 + random.below(12))
            let datagram = random.bytes(count: 1 + random.below(random.below(10) == 0 ? 300 : 20))
            switch random.below(12) {
            case 0...2: radio.sends(datagram, to: node)
            case 3: radio.broadcasts(datagram)
            case 4: radio.hears(datagram, from: node, at: UInt16(random.below(0x1_0000)))
            case 5...7:
                let statuses: [UInt8] = [0, 0, 0, 1, 2, 0x18, 0x21, 0x22, 0x24, 0x25, 0x32, 0x74, 0x75, 0xBB]
                let frameID = nextStatus.popLast() ?? UInt8(random.below(256))
                radio.status(frameID, statuses[random.below(statuses.count)])
            case 8: radio.says([0x8A, UInt8([0, 2, 3, 6, 7, 1][random.below(6)])])
            case 9: radio.readsRaw(random.bytes(count: random.below(40)))
            case 10: radio.says([UInt8([0x90, 0x91, 0x8B, 0x88, 0x95][random.below(5)])] + datagram)
            default: radio.waits(random.below(3000))
            }
            if radio.link.state == .noRadio || radio.link.state == .wrongMode { radio.opens() }
            radio.answersCommands()
            for frame in radio.takeWritten() where frame[0] != 8 {
                #expect(frame[0] == 0x10 && frame[1] != 0 && frame.count <= 14 + 256)
                deliveredDatagrams += 1
                nextStatus.append(frame[1])
            }
            if nextStatus.count > 8 { nextStatus.removeFirst(4) }
            if radio.link.queuedMessageCount > 64 || radio.link.knownNodeCount > 256 { Issue.record("it grew") }
            _ = radio.takeObservations()
        }
        let before = radio.now
        radio.waits(60_000)
        #expect(radio.now == before + .milliseconds(60_000), "time stands still")
        #expect(radio.link.queuedMessageCount == 0 && deliveredDatagrams > 500)
        let counters = radio.link.counters
        #expect(counters.delivered > 0 && counters.expired + counters.lostWithLink > 0 && counters.received > 0)
    }
}
