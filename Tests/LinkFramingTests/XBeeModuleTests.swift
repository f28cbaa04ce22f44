// Proves what a link asks and tells of its module's network: its facts, encryption, signals, and source routing.

import LinkFraming
import Testing
import Time

@Suite struct XBeeModuleTests {
    private let client: UInt64 = 0x0013_A200_4052_2BAA

    // MARK: The network

    @Test func theFactsOfModuleAndNetworkAreRead() {
        let radio = RadioDialogue.ready(answers: ["EE": "00 01", "KY": "02", "NJ": "00 3C"])
        let module = radio.link.module
        #expect(module.encryption == 1 && module.linkKey == nil && module.routeBroadcastTime == 0xFF)
        #expect(module.networkID == 1 && module.operatingNetworkID == 0xDEAD_BEEF && module.channel == 15)
        #expect(module.joinTime == 60)
    }

    /// A module that finds a network carries datagrams at once, after the facts of the network are read.
    @Test func aNetworkThatIsFoundIsRead() {
        let radio = RadioDialogue.ready(answers: ["AI": "00 21", "OP": "00 00", "CH": "00 00"])
        #expect(radio.link.state == .disassociated && radio.link.module.channel == 0)
        radio.says("8A 02")
        #expect(radio.link.state == .ready && radio.sends([2, 0x17], to: client) == nil)
        radio.answersCommands()
        #expect(
            radio.takeWritten().map { String(decoding: $0[2...3], as: UTF8.self) }.prefix(6)
                == ["NJ", "ID", "OP", "CH", "MY", "AI"])
        #expect(radio.observations.last == .networkIdentified(radio.link.module))
        #expect(radio.link.module.channel == 15 && radio.link.state == .ready)
    }

    /// 0x3F and 0x40: the network has another ID than before, on the coordinator and on a router.
    @Test(arguments: [0x3F, 0x40] as [UInt8])
    func aNetworkThatChangedItsIDIsReadAnew(octet: UInt8) {
        let radio = RadioDialogue.ready()
        radio.says([0x8A, octet])
        radio.answersCommands(["ID": "00 05"])
        let status: XBeeModemStatus = octet == 0x3F ? .networkIDChanged : .networkIDChangedByCoordinator
        #expect(radio.observations.first == .modemStatus(status))
        #expect(radio.observations.last == .networkIdentified(radio.link.module))
        #expect(radio.link.module.networkID == 5)
    }

    @Test func aConflictOfNetworksIsSaid() {
        let radio = RadioDialogue.ready()
        radio.says("8A 3E")
        #expect(radio.observations == [.modemStatus(.networkIDConflict)] && radio.takeWritten().isEmpty)
    }

    /// With AO=1 the module passes on what nodes that join say of themselves.
    @Test func announcementsAreAskedForWhereTheOwnerWantsThem() {
        var configuration = XBeeLinkConfiguration()
        configuration.wantsAnnouncements = true
        let radio = RadioDialogue(configuration)
        radio.opens()
        radio.answersCommands()
        #expect(radio.takeWritten().contains(octets("08 02 41 4F 01")))
    }

    // MARK: Encryption

    /// Transmit option 0x20 beside what else is configured; nobody but the sender has a broadcast's key.
    @Test func datagramsAreEncryptedFromEndToEndWhereTheOwnerSaysSo() {
        var configuration = XBeeLinkConfiguration()
        configuration.usesAPSEncryption = true
        configuration.transmitOptions = 0x40
        let radio = RadioDialogue.ready(configuration)
        radio.sends([2, 0x17], to: client)
        radio.broadcasts([3, 2, 1])
        radio.says("81 1234 28 00 02 16")
        radio.sends([2, 0x17], to: .xbee16(XBeeAddress16(0x1234)))
        #expect(
            radio.takeWritten() == [
                octets("10 11 0013A20040522BAA FFFE 00 60 02 17"), octets("10 12 000000000000FFFF FFFE 00 40 03 02 01"),
                octets("01 13 1234 40 02 17"),
            ])
    }

    @Test(arguments: [(0x01, false), (0x21, true), (0x11, true), (0x61, true), (0x41, false), (0x02, false)])
    func whatIsNotEncryptedIsDroppedWhereTheOwnerSaysSo(options: UInt8, isTaken: Bool) {
        var configuration = XBeeLinkConfiguration()
        configuration.requiresEncryption = true
        let radio = RadioDialogue.ready(configuration)
        radio.hears([2, 0x16], from: client, options: options)
        #expect(radio.received.count == (isTaken ? 1 : 0))
        #expect(radio.link.counters.unencrypted == (isTaken ? 0 : 1))
        #expect(
            radio.observations.contains(.unencrypted(from: .xbee64(XBeeAddress64(client)))) == !isTaken)
        #expect(radio.link.knownNodeCount == (isTaken ? 1 : 0))
    }

    // MARK: Signals

    private func listening(seconds: Int = 10) -> RadioDialogue {
        var configuration = XBeeLinkConfiguration()
        configuration.signalInterval = .seconds(seconds)
        return RadioDialogue.ready(configuration)
    }

    private func signals(_ radio: RadioDialogue) -> [LinkObservation] {
        radio.takeObservations().filter { if case .signal = $0 { true } else { false } }
    }

    @Test func theModuleIsAskedNowAndThenHowStronglyItHears() {
        let radio = listening()
        let address = LinkAddress.xbee64(XBeeAddress64(client))
        radio.hears([2, 0x16], from: client)
        #expect(radio.takeWritten() == [octets("08 11 44 42")])
        radio.says("88 11 44 42 00 28")
        #expect(signals(radio) == [.signal(of: address, decibelMilliwatts: -40)])
        // Not for every packet, and little changes are not told.
        for _ in 0..<99 {
            radio.waits(100)
            radio.hears([2, 0x16], from: client)
        }
        #expect(radio.takeWritten().isEmpty)
        radio.waits(100)
        for (question, (answer, told)) in zip(0x12..., [(0x31, false), (0x32, true), (0x29, false), (0, false)]) {
            radio.hears([2, 0x16], from: client)
            radio.says([0x88, UInt8(question), 0x44, 0x42, 0, UInt8(answer)])
            #expect(signals(radio) == (told ? [.signal(of: address, decibelMilliwatts: -answer)] : []))
            radio.waits(10_000)
        }
    }

    /// The module tells of its latest packet, which may be another node's by now.
    @Test(arguments: ["90 0013A20040522BAB 1234 01 02 16", "92 0013A20040522BAB 1234 01 01 001C 02 0014 0225"])
    func aSignalOfAnotherNodeIsNotTaken(frame: String) {
        let radio = listening()
        radio.hears([2, 0x16], from: client + 1)
        radio.status(0, 0)
        radio.waits(10_000)
        radio.hears([2, 0x16], from: client)
        let query = radio.takeWritten().last ?? []
        radio.says(frame)
        radio.says([0x88, query[1], 0x44, 0x42, 0, 0x28])
        #expect(signals(radio).isEmpty)
    }

    @Test func aModuleThatDoesNotKnowTheQuestionIsNotAskedAgain() {
        let radio = listening(seconds: 1)
        radio.hears([2, 0x16], from: client)
        radio.says("88 11 44 42 02")
        _ = radio.takeWritten()
        for _ in 0..<10 {
            radio.waits(1_000)
            radio.hears([2, 0x16], from: client)
        }
        #expect(radio.takeWritten().isEmpty && signals(radio).isEmpty)
    }

    @Test func oldFramesTellTheSignalThemselves() {
        let radio = RadioDialogue.ready()
        radio.says("81 1234 28 00 02 16")
        radio.says("81 1234 29 00 02 16")
        radio.says("80 0013A20040522BAA 50 00 02 16")
        #expect(
            signals(radio) == [
                .signal(of: .xbee16(XBeeAddress16(0x1234)), decibelMilliwatts: -40),
                .signal(of: .xbee64(XBeeAddress64(client)), decibelMilliwatts: -80),
            ])
    }

    @Test func aRouteRecordTellsTheDistance() {
        let radio = RadioDialogue.ready()
        radio.hears([2, 0x16], from: client)
        for _ in 0..<3 { radio.says("A1 0013A20040522BAA 3344 01 03 EEFF CCDD AABB") }
        radio.says("A1 0013A20040522BAA 3344 01 00")
        let address = LinkAddress.xbee64(XBeeAddress64(client))
        #expect(radio.observations == [.distance(of: address, hopCount: 4), .distance(of: address, hopCount: 1)])
    }

    // MARK: Source routing

    private func crowded(_ nodeCount: Int, answers: [String: String] = [:]) -> RadioDialogue {
        var configuration = XBeeLinkConfiguration()
        configuration.sourceRoutingNodeCount = 40
        let radio = RadioDialogue.ready(configuration, answers: answers)
        for node in 1...nodeCount { radio.hears([2, 0x16], from: UInt64(node)) }
        return radio
    }

    @Test func aLargeNetworkIsAskedForSourceRoutes() {
        #expect(crowded(39).takeWritten().isEmpty)
        let radio = crowded(100)
        #expect(radio.takeWritten() == [octets("08 00 41 52 06")])
        #expect(radio.observations == [.sourceRoutesWanted(nodeCount: 40)])
        // A module that starts anew has forgotten it.
        radio.waits(10_000)
        radio.says("8A 00")
        radio.answersCommands()
        #expect(radio.takeWritten().last == octets("08 00 41 52 06"))
    }

    /// The owner has set it, the firmware does not know it, or it is no Zigbee network.
    @Test(arguments: [["AR": "00 03"], ["AR": "02"], ["HV": "00 23 11", "VR": "00 80 75"]])
    func otherNetworksAreNot(answers: [String: String]) {
        #expect(crowded(100, answers: answers).takeWritten().isEmpty)
    }
}
