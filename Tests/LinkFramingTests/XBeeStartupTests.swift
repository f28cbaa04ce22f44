// Proves how a link finds its module, what it asks, and what it does when there is none or it resets.

import LinkFraming
import Testing

@Suite struct XBeeStartupTests {
    @Test(arguments: [1, 2]) func theModuleIsAskedWhatItIs(apiMode: Int) {
        let radio = RadioDialogue(apiMode: apiMode)
        radio.opens()
        #expect(radio.link.state == .starting)
        radio.answersCommands()
        let plain = [
            "08 01 41 50", "08 02 41 4F 00", "08 03 4E 50", "08 04 53 48", "08 05 53 4C", "08 06 48 56",
            "08 07 56 52", "08 08 45 45", "08 09 4B 59", "08 0A 41 52", "08 0B 4E 4A", "08 0C 49 44", "08 0D 4F 50",
            "08 0E 43 48", "08 0F 4D 59", "08 10 41 49",
        ]
        #expect(radio.takeWritten() == plain.map(octets))
        #expect(radio.link.state == .ready)
        #expect(radio.link.module.address == XBeeAddress64(0x0013_A200_4052_0001))
        #expect(radio.link.module.isZigbee)
        #expect(radio.link.maximumDatagramByteCount == 255 && radio.link.maximumBroadcastByteCount == 84)
        #expect(
            radio.takeObservations() == [
                .stateChanged(.starting), .moduleIdentified(radio.link.module),
                .maximumDatagramChanged(byteCount: 255, broadcastByteCount: 84),
                .networkIdentified(radio.link.module), .stateChanged(.ready),
            ])
        #expect(radio.link.nextDeadline == nil)
    }

    @Test func theFirstQueryIsReadableInBothModes() {
        let radio = RadioDialogue()
        radio.opens()
        #expect(radio.takeWire() == octets("7E 00 04 08 01 41 50 65"))
    }

    /// Frame ids go on over openings, and the first query and its answer never hold what one mode would escape.
    @Test(arguments: [1, 2]) func everyFirstQueryIsReadableInBothModes(apiMode: Int) {
        let radio = RadioDialogue(apiMode: apiMode)
        var frameIDs: Set<UInt8> = []
        var random = SplitMix64(seed: 9)
        for _ in 0..<300 {
            radio.opens()
            let wire = radio.takeWire()
            let special: Set<UInt8> = [0x7E, 0x7D, 0x11, 0x13]
            guard wire.count == 8, wire[0] == 0x7E, special.isDisjoint(with: wire[1...]) else {
                Issue.record("the query \(hexadecimal(wire)) has escapes")
                return
            }
            frameIDs.insert(wire[4])
            radio.says([0x88, wire[4], 0x41, 0x50, 0, UInt8(apiMode)])
            radio.answersCommands()
            #expect(radio.link.state == .ready)
            // So that the ids do not go in a circle.
            for node in 0..<random.below(5) { radio.sends([2, 0x17], to: 1 + UInt64(node)) }
            _ = radio.takeWritten()
            radio.closes()
            radio.waits(10_000)
        }
        #expect(frameIDs.count > 100)
    }

    @Test(arguments: [(1, "7E 00 11 10 11"), (2, "7E 00 7D 31 10 7D 31")])
    func datagramsAreWrittenInTheModulesMode(apiMode: Int, beginning: String) {
        let radio = RadioDialogue.ready(apiMode: apiMode)
        radio.sends([3, 5, 0], to: 0x0013_A200_4052_2BAA)
        #expect(radio.takeWire().starts(with: octets(beginning)))
        radio.hears([2, 0x7E], from: 0x0013_A200_407E_1311)
        #expect(radio.received.map(\.datagram) == [[2, 0x7E]])
    }

    @Test func withoutAnAnswerTheNextSpeedIsTried() {
        let radio = RadioDialogue()
        radio.opens()
        radio.waits(2999)
        #expect(radio.takeWritten().map { $0[2...] } == Array(repeating: octets("41 50")[...], count: 3))
        #expect(radio.speedChangeCount == 0 && radio.link.state == .starting)
        radio.waits(1)
        #expect(radio.speedChangeCount == 1 && radio.link.state == .noRadio)
        #expect(radio.takeObservations().suffix(2) == [.stateChanged(.noRadio), .noRadioAnswers(receivedByteCount: 0)])
        #expect(radio.link.nextDeadline == nil)
        #expect(radio.sends([2, 0x18], to: 1) == .linkDown)
        radio.opens()
        radio.readsRaw(octets("02 18 FF"))
        radio.waits(3000)
        #expect(radio.observations.last == .noRadioAnswers(receivedByteCount: 3))
        radio.opens()
        radio.answersCommands()
        #expect(radio.link.state == .ready)
    }

    @Test func anotherAPIModeIsToldApart() {
        let radio = RadioDialogue()
        radio.opens()
        radio.answersCommands(["AP": "00 04"])
        #expect(radio.link.state == .wrongMode)
        #expect(radio.observations.last == .wrongAPIMode(4))
        #expect(radio.sends([2, 0x18], to: 1) == .linkDown)
    }

    /// The mode may be set right meanwhile; what is wrong is told once.
    @Test func aModuleInAnotherAPIModeIsAskedAgain() {
        let radio = RadioDialogue()
        radio.opens()
        radio.answersCommands(["AP": "00 04"])
        for _ in 0..<3 {
            _ = radio.takeWritten()
            radio.waits(5000)
            radio.answersCommands(["AP": "00 04"])
        }
        #expect(radio.observations == [.stateChanged(.starting), .stateChanged(.wrongMode), .wrongAPIMode(4)])
        _ = radio.takeWritten()
        radio.waits(5000)
        radio.answersCommands()
        #expect(radio.link.state == .ready)
    }

    /// A module that is still booting refuses the query, or answers it with nothing.
    @Test(arguments: ["01", "00"]) func anAnswerWithoutAModeIsNone(answer: String) {
        let radio = RadioDialogue()
        radio.opens()
        radio.answersCommands(["AP": answer])
        #expect(radio.link.state == .starting)
        _ = radio.takeWritten()
        radio.waits(1000)
        radio.answersCommands()
        #expect(radio.link.state == .ready)
        radio.opens()
        for _ in 0..<3 {
            radio.answersCommands(["AP": answer])
            radio.waits(1000)
        }
        #expect(radio.link.state == .noRadio && radio.speedChangeCount == 1)
    }

    @Test func refusedCommandsAreNamedAndPassedOver() {
        let radio = RadioDialogue()
        radio.opens()
        radio.answersCommands(["AO": "03", "NP": "02", "AI": "02"])
        #expect(radio.link.state == .ready)
        #expect(radio.observations.contains(.commandRefused(.apiOptions, .invalidParameter)))
        #expect(radio.observations.contains(.commandRefused(.maximumPayload, .invalidCommand)))
        #expect(radio.link.maximumBroadcastByteCount == 84)
    }

    @Test func aLostAnswerIsAskedForAgain() {
        let radio = RadioDialogue()
        radio.opens()
        radio.answersCommands(["SH": ""])
        _ = radio.takeWritten()
        radio.waits(1000)
        let again = radio.takeWritten()
        #expect(again.map { $0[2...] } == [octets("53 48")[...]])
        radio.says(octets("88 01 53 48 00 00 13 A2 00"))
        #expect(radio.link.counters.unknownAnswers == 1 && radio.link.state == .starting)
    }

    /// HV, VR, NP, the configured maximum; what a datagram and a broadcast may have.
    struct Limits: Sendable {
        var hardware: String, firmware: String, payload: String
        var configured: XBeeLinkConfiguration.MaximumPayload = .automatic
        var unicast: Int, broadcast: Int
    }

    @Test(arguments: [
        Limits(hardware: "19 44", firmware: "21 A7", payload: "00 54", unicast: 255, broadcast: 84),
        Limits(hardware: "22 4A", firmware: "40 5F", payload: "00 42", unicast: 255, broadcast: 66),
        Limits(hardware: "22 4A", firmware: "20 03", payload: "00 64", unicast: 100, broadcast: 100),
        Limits(hardware: "41 00", firmware: "20 0A", payload: "00 6E", unicast: 110, broadcast: 110),
        Limits(hardware: "41 00", firmware: "30 08", payload: "00 49", unicast: 73, broadcast: 73),
        Limits(hardware: "23 11", firmware: "80 75", payload: "01 00", unicast: 256, broadcast: 256),
        // Broadcasts are never taken apart, whatever NP says of datagrams to one node.
        Limits(hardware: "41 00", firmware: "10 0D", payload: "FF FF", unicast: 255, broadcast: 84),
        Limits(hardware: "41 00", firmware: "10 0D", payload: "00 FF", unicast: 255, broadcast: 84),
        Limits(
            hardware: "41 00", firmware: "10 0D", payload: "00 54", configured: .byteCount(66), unicast: 66,
            broadcast: 66),
        Limits(
            hardware: "17 44", firmware: "10 EF", payload: "00 00", configured: .byteCount(200), unicast: 200,
            broadcast: 1),
    ])
    func theMaximumFollowsFirmwareAndPayload(_ limits: Limits) {
        var configuration = XBeeLinkConfiguration()
        configuration.maximumPayload = limits.configured
        let radio = RadioDialogue.ready(
            configuration,
            answers: ["HV": "00" + limits.hardware, "VR": "00" + limits.firmware, "NP": "00" + limits.payload])
        #expect(radio.link.maximumDatagramByteCount == limits.unicast)
        #expect(radio.link.maximumBroadcastByteCount == limits.broadcast)
        let longest = [UInt8](repeating: 1, count: limits.unicast)
        #expect(radio.sends(longest, to: 5) == nil)
        #expect(radio.sends(longest + [1], to: 5) == .tooLong(maximumByteCount: limits.unicast))
        let broadcast = [UInt8](repeating: 1, count: limits.broadcast + 1)
        #expect(radio.broadcasts(broadcast) == .tooLong(maximumByteCount: limits.broadcast))
        #expect(radio.takeWritten().count == 1 && radio.link.counters.refusedTooLong == 2)
    }

    @Test func aStormOfResetsStartsTheLinkAtABoundedPace() {
        let radio = RadioDialogue.ready()
        radio.waits(10_000)
        for _ in 0..<10_000 {
            radio.says("8A 00")
            radio.waits(2)
        }
        // 20 seconds, two starts in any five, and the first one of all.
        #expect((5...10).contains(radio.link.counters.starts))
        #expect(radio.link.counters.modemResets == 10_000)
        _ = radio.takeWritten()
        for _ in 0..<100 {
            radio.waits(50)
            radio.answersCommands()
        }
        #expect(radio.link.state == .ready)
    }

    @Test(arguments: ["8A 00", "8A 01"]) func aResetForgetsRoutesAndWhatWasUnderWay(_ reset: String) {
        let radio = RadioDialogue.ready()
        radio.hears([3, 1, 0], from: 0xA)
        radio.sends([2, 0x18], to: 0xA)
        radio.sends([2, 0x17], to: 0xA)
        #expect(radio.takeWritten().map { $0[10...11] } == [[0x7D, 0x84]])
        radio.says(reset)
        #expect(radio.link.state == .starting && radio.link.counters.lostWithLink == 1)
        radio.answersCommands()
        let written = radio.takeWritten()
        // What waited goes out after the start-up, with the 16-bit address unknown.
        #expect(written.last.map { Array($0[10...]) } == octets("FF FE 00 00 02 17"))
        #expect(written.count == 17)
    }

    @Test func withoutANetworkTheLinkIsDownUntilTheModuleJoins() {
        let radio = RadioDialogue.ready()
        radio.sends([2, 0x17], to: 0xA)
        radio.says("8A 03")
        #expect(radio.link.state == .disassociated)
        #expect(radio.sends([2, 0x18], to: 0xA) == .linkDown)
        #expect(radio.link.counters.lostWithLink == 1 && radio.link.counters.refusedLinkDown == 1)
        radio.says("8A 02")
        #expect(radio.link.state == .ready && radio.sends([2, 0x18], to: 0xA) == nil)
        radio.says("8A 03")
        radio.says("8A 06")
        #expect(radio.link.state == .ready)
        #expect(radio.observations.contains(.stateChanged(.disassociated)))
    }

    @Test func aModuleWithoutANetworkIsAskedAgain() {
        let radio = RadioDialogue.ready(answers: ["AI": "00 21"])
        #expect(radio.link.state == .disassociated)
        radio.waits(5000)
        #expect(radio.takeWritten() == [octets("08 11 41 49")])
        radio.says("88 11 41 49 00 00")
        #expect(radio.link.state == .ready)
        radio.answersCommands()
        #expect(radio.link.nextDeadline == nil)
    }

    @Test func aModuleThatFellSilentIsLookedFor() {
        let radio = RadioDialogue.ready()
        radio.waits(1)
        radio.sends([2, 0x17], to: 0xA)
        radio.waits(10_000)
        #expect(radio.link.state == .starting && radio.link.counters.statusMissing == 1)
        radio.waits(3000)
        #expect(radio.link.state == .noRadio && radio.speedChangeCount == 1)
    }

    /// The pause ends while the link is not ready: no reason to wake, and what waits goes out after the start-up.
    @Test(arguments: [0x02, 0x18, 0x32] as [UInt8]) func aPauseDuringTheStartUpKeepsNobodyAwake(status: UInt8) {
        let radio = RadioDialogue.searchingWithOneUnderWay()
        #expect(radio.link.state == .starting)
        radio.status(18, status)
        radio.waits(500)
        #expect(radio.link.state == .starting && radio.link.queuedMessageCount == 1)
        radio.waits(600)
        radio.answersCommands()
        #expect(radio.link.state == .ready && radio.takeWritten().last?.last == 0x17)
    }

    @Test func inAnotherAPIModeNothingIsUnderWay() {
        let radio = RadioDialogue.searchingWithOneUnderWay()
        radio.waits(1000)
        radio.answersCommands(["AP": "00 04"])
        #expect(radio.link.state == .wrongMode && radio.link.queuedMessageCount == 0)
        #expect(radio.link.counters.lostWithLink == 1)
        radio.status(18, 0x02)
        #expect(radio.link.counters.unknownStatuses == 1 && radio.link.counters.pauses == 0)
        radio.waits(500)
        #expect(radio.link.state == .wrongMode)
    }

    /// What is under way is lost with the line; what waits goes out when it is back, if it is still in time.
    @Test(arguments: [(29_000, 2), (31_000, 0)]) func aLineThatComesBackFindsWhatWaited(away: Int, left: Int) {
        let radio = RadioDialogue.ready()
        for node in 1...6 { radio.sends([2, UInt8(node)], to: UInt64(node)) }
        _ = radio.takeWritten()
        radio.closes()
        #expect(radio.link.queuedMessageCount == 2 && radio.link.nextDeadline == nil)
        #expect(radio.link.counters.lostWithLink == 4)
        radio.hears([3, 1, 0], from: 0xA)
        #expect(radio.received.isEmpty && radio.sends([2, 0x17], to: 1) == .linkDown)
        radio.waits(away)
        radio.opens()
        radio.answersCommands()
        #expect(radio.takeWritten().filter { $0[0] == 0x10 }.map { Int($0[15]) } == Array([5, 6].prefix(left)))
        #expect(radio.link.counters.expired == UInt64(2 - left))
    }

    @Test func whatWaitedForANetworkGoesOutWhenItIsThere() {
        let radio = RadioDialogue.ready()
        for number in 1...3 as ClosedRange<UInt8> { radio.sends([2, number], to: 1) }
        _ = radio.takeWritten()
        radio.says("8A 03")
        for _ in 0..<12 {
            radio.waits(1_000)
            radio.answersCommands(["AI": "00 21"])
            _ = radio.takeWritten()
        }
        radio.says("8A 02")
        radio.answersCommands()
        #expect(radio.takeWritten().filter { $0[0] == 0x10 }.map { $0.last } == [2])
        #expect(radio.link.counters.lostWithLink == 1 && radio.link.queuedMessageCount == 2)
    }
}
