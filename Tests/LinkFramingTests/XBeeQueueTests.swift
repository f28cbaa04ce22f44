// Proves what waits for a node of a radio network: the bounds, and what takes the place of what.

import LinkFraming
import Testing

@Suite struct XBeeQueueTests {
    private let ping: [UInt8] = [2, 0x17]
    private let connack = octets("03 05 00")

    @Test func theQueueIsBoundedPerNodeAndInAll() {
        let radio = RadioDialogue.ready()
        for number in 0..<8 as Range<UInt8> { #expect(radio.sends([3, 0x7F, number], to: 1) == nil) }
        #expect(radio.sends([3, 0x7F, 8], to: 1) == .nodeQueueFull)
        for node in 2...57 { #expect(radio.sends(ping, to: UInt64(node)) == nil) }
        #expect(radio.sends(ping, to: 100) == .queueFull)
        #expect(radio.link.queuedMessageCount == 64 && radio.link.counters.refusedQueueFull == 2)
        radio.status(17, 0)
        #expect(radio.sends(ping, to: 100) == nil)
    }

    @Test func theBoundsAreTheOwners() {
        var configuration = XBeeLinkConfiguration()
        configuration.maximumMessageCount = 300
        configuration.maximumMessageCountPerNode = 200
        configuration.maximumNodeCount = 301
        let radio = RadioDialogue.ready(configuration)
        for number in 0..<200 as Range<UInt8> { #expect(radio.sends([3, 0x7F, number], to: 1) == nil) }
        #expect(radio.sends(ping, to: 1) == .nodeQueueFull)
        for node in 2...101 { #expect(radio.sends(ping, to: UInt64(node)) == nil) }
        #expect(radio.sends(ping, to: 102) == .queueFull)
    }

    /// What waits for node 1, which has one datagram under way; the others go out one after the other.
    private func drained(_ radio: RadioDialogue) -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        var frames = radio.takeWritten()
        while !frames.isEmpty {
            for frame in frames {
                payloads.append(Array(frame[14...]))
                radio.status(frame[1], 0)
            }
            frames = radio.takeWritten()
        }
        return payloads
    }

    /// Datagrams to one node, in their order, and what is left of them; the first one is `02 17`, which is under way.
    struct Queue: Sendable {
        var sent: [String]
        var left: [String]
    }

    @Test(arguments: [
        // A repetition has DUP, which its copy that still waits must not have: nobody has seen it. The order stays.
        Queue(
            sent: ["08 0C 20 0001 0007 41", "08 0C 20 0001 0008 42", "08 0C A0 0001 0007 41"],
            left: ["08 0C 20 0001 0007 41", "08 0C 20 0001 0008 42"]),
        Queue(sent: ["08 0C 40 0001 0007 41", "08 0C C0 0001 0007 41"], left: ["08 0C 40 0001 0007 41"]),
        Queue(
            sent: ["01 000A 0C 20 0001 0007 41", "01 000A 0C A0 0001 0007 41"], left: ["01 000A 0C 20 0001 0007 41"]),
        // A client that does not understand DUP must get the one without.
        Queue(sent: ["08 0C A0 0001 0007 41", "08 0C 20 0001 0007 41"], left: ["08 0C 20 0001 0007 41"]),
        // Messages of QoS 0 that look the same are two messages.
        Queue(
            sent: ["08 0C 00 0001 0000 41", "08 0C 00 0001 0000 41"],
            left: ["08 0C 00 0001 0000 41", "08 0C 00 0001 0000 41"]),
        // Another message id, another message.
        Queue(
            sent: ["08 0C 20 0001 0007 41", "08 0C A0 0001 0008 41"],
            left: ["08 0C 20 0001 0007 41", "08 0C A0 0001 0008 41"]),
        Queue(sent: ["04 10 0007", "04 10 0007", "04 10 0008"], left: ["04 10 0007", "04 10 0008"]),
        Queue(sent: ["09 0A 0001 0005 612F62", "09 0A 0001 0005 612F62"], left: ["09 0A 0001 0005 612F62"]),
        // The latest answer to a CONNECT ends the set-ups before it, and a farewell that was on its way.
        Queue(sent: ["03 05 00", "03 05 01"], left: ["03 05 01"]),
        Queue(sent: ["02 06", "03 05 03"], left: ["03 05 03"]),
        Queue(sent: ["02 08", "02 06", "03 05 00"], left: ["03 05 00"]),
        Queue(sent: ["02 18", "03 05 00"], left: ["03 05 00"]),
        // A farewell ends nothing that has its turn before it.
        Queue(sent: ["03 05 00", "02 18"], left: ["03 05 00", "02 18"]),
        Queue(sent: ["02 16", "03 05 00", "02 16"], left: ["02 16", "03 05 00"]),
        // The same for nodes behind a forwarder, each for itself (§5.5).
        Queue(
            sent: ["04 FE 00 01 08 0C 20 0001 0007 41", "04 FE 00 01 08 0C A0 0001 0007 41"],
            left: ["04 FE 00 01 08 0C 20 0001 0007 41"]),
        Queue(
            sent: ["04 FE 00 01 03 05 00", "04 FE 00 02 03 05 00", "04 FE 00 01 02 06"],
            left: ["04 FE 00 01 02 06", "04 FE 00 02 03 05 00"]),
        Queue(sent: ["04 FE 00 01", "04 FE 00 01 03 05 00"], left: ["04 FE 00 01", "04 FE 00 01 03 05 00"]),
        // What is no message at all.
        Queue(sent: ["01", "01"], left: ["01"]),
        Queue(sent: ["02 0C", "02 0C", "03 0C 20", "03 0C A0"], left: ["02 0C", "02 0C", "03 0C 20"]),
    ])
    func whatIsSaidAnewTakesThePlaceOfWhatWaits(_ queue: Queue) {
        let radio = RadioDialogue.ready()
        radio.sends(ping, to: 1)
        for datagram in queue.sent { #expect(radio.sends(octets(datagram), to: 1) == nil) }
        #expect(radio.link.queuedMessageCount == 1 + queue.left.count)
        #expect(radio.link.counters.replaced == UInt64(queue.sent.count - queue.left.count))
        #expect(drained(radio) == [ping] + queue.left.map(octets))
    }

    @Test func whatIsUnderWayIsNotReplaced() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.sends(connack, to: 1)
        radio.sends(connack, to: 1)
        #expect(radio.link.queuedMessageCount == 2)
        #expect(drained(radio) == [connack, connack])
    }

    @Test func aFullQueueStillTakesARepetition() {
        let radio = RadioDialogue.ready()
        for number in 0..<8 as Range<UInt8> { radio.sends([4, 0x10, 0, number], to: 1) }
        #expect(radio.sends([4, 0x10, 0, 7], to: 1) == nil)
        #expect(radio.sends([4, 0x10, 0, 8], to: 1) == .nodeQueueFull)
    }

    /// A repetition is as new as it can be: it waits as long as anything new.
    @Test func aRepetitionIsNotTooOldForItsFirstCopy() {
        let radio = RadioDialogue.ready()
        radio.sends(connack, to: 1)
        radio.status(17, 0x75)
        for second in 0..<60 {
            if second % 10 == 9 { radio.sends(connack, to: 1) }
            for frame in radio.takeWritten() { radio.status(frame[1], 0x75) }
            radio.waits(1_000)
        }
        #expect(radio.link.queuedMessageCount == 1 && radio.link.counters.expired == 0)
    }

    @Test func broadcastsReplaceTheirCopiesToo() {
        let radio = RadioDialogue.ready()
        for _ in 0..<5 { radio.broadcasts([3, 2, 1]) }
        #expect(radio.link.queuedMessageCount == 2)
    }
}
