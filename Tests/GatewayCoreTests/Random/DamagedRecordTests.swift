import FuzzTargets
import Testing
import Time

@testable import GatewayCore

/// Octets that nobody vouches for: they are read or refused with a reason, and a record that no session could have been
/// brings none.
@Suite struct DamagedRecordTests {
    /// A sleeper with something of everything.
    static let rich = SessionRecord.rich

    private static func decode(_ octets: [UInt8]) throws(SessionRecordError) -> SessionRecord {
        try SessionRecord.decode(octets.span.bytes)
    }

    /// Reads octets and, where they are a record, brings it back.
    ///
    /// - Returns: what is wrong; nil where nothing is.
    private func fault(in octets: [UInt8]) -> String? {
        let span = octets.span
        return FuzzTarget.sessionRecord.fault(in: span.bytes) { gateway, peers, streams, limits in
            gateway.brokenInvariants(peers: peers, streams: streams, limits: limits)
        }
    }

    @Test("GW-90 The record that is damaged is a whole one")
    func whole() throws {
        let record = Self.rich
        #expect(try Self.decode(record.octets) == record)
        let missing = RecordProof.Feature.allCases.filter { !record.has($0) }
        #expect(missing == [.active, .awake, .away])
        #expect(fault(in: record.octets) == nil)
        var gateway = Gateway(configuration: .dialogue(), seed: 1)
        try gateway.restore(record, from: PeerID(link: LinkID(0), number: 9), at: RecordProof.otherNow)
        #expect(gateway.record(of: record.clientID, at: RecordProof.otherNow) == record)
    }

    @Test("GW-90 The octets are what they were: others need another version, and SessionRecord.txt the new ones")
    func octetsStay() throws {
        let input = try FuzzCorpusTests.file(of: .sessionRecord).inputs.first
        #expect(input?.bytes == Self.rich.octets)
    }

    @Test("GW-90 What was given up stands behind everything else, and each once")
    func givenUp() throws {
        var record = Self.rich
        for token in 54...56 as ClosedRange<UInt16> {
            record.downlink.memory.givenUp.note(
                BrokerToken(packetID: token), MessageDigest(rawValue: 0xFACE), before: .none)
        }
        #expect(try Self.decode(record.octets) == record)
        #expect(
            Array(record.octets.dropFirst().prefix(Self.rich.octets.count - 1)) == Array(Self.rich.octets.dropFirst()))
        #expect(fault(in: record.octets) == nil)
        // The second is another first one, and none may be missing.
        let twice = record.octets.dropLast(12) + record.octets.suffix(18).prefix(6) + record.octets.suffix(6)
        #expect(try Self.decode(Array(twice)).downlink.fault == "a message is given up twice, or too many")
        let none = record.octets.dropLast(22) + [0, 0, 0, 0]
        #expect(throws: SessionRecordError.self) { try Self.decode(Array(none)) }
    }

    @Test("GW-90 Every beginning of a record is refused, at its end")
    func beginnings() {
        let octets = Self.rich.octets
        for count in octets.indices {
            let error = #expect(throws: SessionRecordError.self) { try Self.decode(Array(octets[..<count])) }
            #expect(error?.reason == .endsEarly && error.map { $0.offset <= count } == true, "\(count) octets")
        }
        #expect(throws: SessionRecordError(reason: .endsLate, offset: octets.count)) {
            try Self.decode(octets + [0])
        }
    }

    @Test("GW-90 A record of another version is refused", arguments: [0, 65] as [UInt8])
    func version(octet: UInt8) {
        #expect(throws: SessionRecordError(reason: .unknownVersion, offset: 0)) {
            try Self.decode([octet] + Self.rich.octets.dropFirst())
        }
    }

    @Test("GW-90 Whatever octet of a record is another, no session is broken by it", arguments: 0..<8)
    func otherOctets(bit: Int) {
        for index in Self.rich.octets.indices {
            var octets = Self.rich.octets
            octets[index] ^= 1 << bit
            let fault = fault(in: octets)
            #expect(fault == nil, "octet \(index), bit \(bit)")
        }
    }

    @Test("GW-90 Random octets are no record, or one that breaks nothing")
    func randomOctets() {
        var random = RandomNumbers(seed: 4)
        var recordCount = 0
        for _ in 0..<3_000 {
            var octets = Self.rich.octets
            // A stretch of other octets, another piece of the same, or one left out.
            let start = Int(random.next() % UInt64(octets.count))
            let end = min(octets.count, start + Int(random.next() % 12))
            switch random.next() % 3 {
            case 0: for index in start..<end { octets[index] = UInt8(truncatingIfNeeded: random.next()) }
            case 1: octets.removeSubrange(start..<end)
            default: octets.insert(contentsOf: octets[start..<end], at: Int(random.next() % UInt64(octets.count)))
            }
            let fault = fault(in: octets)
            #expect(fault == nil)
            if (try? Self.decode(octets)) != nil { recordCount += 1 }
        }
        #expect(recordCount > 300, "some of them are records: \(recordCount)")
    }

    // MARK: What no session could be

    /// A change to a record, and why it is refused.
    struct Change: Sendable, CustomTestStringConvertible {
        var refusal: RestoreRefusal
        var testDescription: String
        var apply: @Sendable (inout SessionRecord) -> Void

        init(_ text: String, _ what: String = "", _ apply: @escaping @Sendable (inout SessionRecord) -> Void) {
            (refusal, testDescription, self.apply) = (.contradiction(text), "\(text) \(what)", apply)
        }

        init(exceeding text: String, _ apply: @escaping @Sendable (inout SessionRecord) -> Void) {
            (refusal, testDescription, self.apply) = (.exceedsLimit(text), text, apply)
        }
    }

    static let changes = [
        Change("a message id has two exchanges") { $0.uplink.open[1].messageID = $0.uplink.open[0].messageID },
        Change("a token has two exchanges") { $0.uplink.open[1].token = $0.uplink.open[0].token },
        Change("a message id belongs to nobody") { $0.uplink.open[0].messageID = 0 },
        Change("a token belongs to nobody") { $0.uplink.open[0].token = .none },
        Change("told what is not known") { $0.uplink.open[0].broker = .owesReceived },
        Change("released, and nothing owed") { $0.uplink.open[0].client = .released },
        Change("QoS 1 with a PUBREC of the broker") { $0.uplink.open[1].broker = .holds },
        Change("nobody has anything to say") {
            $0.uplink.open[0].client = .gone
            $0.uplink.open[0].messageID = 0
            $0.uplink.open[0].broker = .done
            $0.uplink.open[0].token = .none
        },
        Change("an id has two ended exchanges") { $0.uplink.ended.append($0.uplink.ended[0]) },
        Change("ended exchanges are counted wrong") { $0.uplink.ended[0].messageID = 0 },
        Change("ends are out of order") { $0.uplink.ended[1].endedAgo = .seconds(1_000) },
        Change("a run of numbers that is none", "as it goes down") { $0.downlink.numbers.ended[0].first = 9_999 },
        Change("a run of numbers that is none", "as it has 0") { $0.downlink.numbers.ended[0].first = 0 },
        Change("too many numbers are remembered") { $0.downlink.numbers.ended[0].last = 0xFFFF },
        Change("a message is lost with the connection") { $0.isCleanAtBroker = true },
        Change("an id stands for two names") { $0.topics.all[1].id = $0.topics.all[0].id },
        Change("a name has two ids") { $0.topics.all[1].name = $0.topics.all[0].name },
        Change("a reserved id is given", "0") { $0.topics.all[0].id = 0 },
        Change("a reserved id is given", "0xFFFF") { $0.topics.all[0].id = 0xFFFF },
        Change("an id stands for what is no name") { $0.topics.all[0].name = [0x2B] },
        Change("the use of some ids is tracked") { $0.topics.all[0].unusedFor = nil },
        Change("an untold id is known") { $0.topics.all[1].standing = .known },
        Change("a filter has two subscriptions") { $0.subscriptions.all[1].filter = $0.subscriptions.all[0].filter },
        Change("a subscription to no filter") { $0.subscriptions.all[0].filter = Array("a/#/b".utf8) },
        Change("a token is used twice") { $0.downlink.waiting[1].token = $0.downlink.waiting[0].token },
        Change("QoS 0 is waited for") { $0.downlink.waiting[2].state = .sent(7) },
        Change("PUBREC at another QoS than 2") { $0.downlink.waiting[0].state = .received(7) },
        Change("a doubt without reason") { $0.downlink.waiting[2].isDoubtful = true },
        Change("a message has no topic") { $0.downlink.waiting[0].topicName = [] },
        Change("QoS 0 is set aside") { $0.downlink.aside.messages[0] = $0.downlink.waiting[2] },
        Change("what is set aside is never tried again") { $0.downlink.aside.nextRoundIn = nil },
        Change("a token is settled twice, or none") { $0.downlink.memory.settledTokens.append(.none) },
        Change("a Will on no topic") { $0.wills.current?.topic = [0x23] },
        Change("a Will update goes on without its client") { $0.phase = .disconnected },
        Change("a node without a name that fits an envelope", "as it is empty") { $0.nodeID = [] },
        Change("a node without a name that fits an envelope", "as it is long") {
            $0.nodeID = [UInt8](repeating: 1, count: 253)
        },
        Change("no client may go by that name", "as it has none") { $0.clientID = [] },
        Change("no client may go by that name", "as it is none") { $0.clientID = [0xFF] },
        Change("no client may go by that name", "as the gateway gives none like it") {
            $0.clientID = Array("assigned-".utf8) + [UInt8](repeating: 0x61, count: 70_000)
        },
        Change(exceeding: "octets of a Will") { $0.wills.current?.message = [UInt8](repeating: 0, count: 4_097) },
        Change(exceeding: "octets of messages") {
            $0.downlink.waiting[0].payload = [UInt8](repeating: 0, count: 4_000_000)
        },
        Change(exceeding: "undeliverable messages") { record in
            let message = record.downlink.aside.messages[0]
            record.downlink.aside.messages += (0..<10 as Range<UInt16>).map { number in
                var copy = message
                copy.token = BrokerToken(packetID: 40_000 + number)
                return copy
            }
        },
        Change(exceeding: "exchanges") { record in
            let exchange = record.uplink.open[1]
            record.uplink.open += (0..<16 as Range<UInt16>).map { number in
                var copy = exchange
                copy.token = BrokerToken(packetID: 40_000 + number)
                copy.messageID = 40_000 + number
                return copy
            }
        },
        Change(exceeding: "topic ids") { record in
            record.topics.all = (0..<1_002 as Range<UInt16>).map { number in
                var name = record.topics.all[0]
                name.id = number + 1
                name.name = Array("n/\(number)".utf8)
                return name
            }
        },
        Change(exceeding: "subscriptions") { record in
            record.subscriptions.all = (0..<201).map { number in
                var subscription = record.subscriptions.all[0]
                subscription.filter = Array("n/\(number)".utf8)
                return subscription
            }
        },
    ]

    @Test("GW-08 A node that could not be sent the shortest answer is refused")
    func narrowLink() {
        var gateway = Gateway(configuration: .dialogue { $0.links[0].maximumDatagramByteCount = 24 }, seed: 1)
        var record = Self.rich
        record.nodeID = [UInt8](repeating: 1, count: 20)
        #expect(throws: RestoreRefusal.exceedsLimit("octets of a node's name")) {
            try gateway.restore(record, from: PeerID(link: LinkID(0), number: 9), at: RecordProof.otherNow)
        }
    }

    @Test("GW-87 GW-90 What no session could be, or no limit allows, is refused whole", arguments: changes)
    func refused(change: Change) {
        var record = Self.rich
        change.apply(&record)
        #expect((try? Self.decode(record.octets)) == record)
        var gateway = Gateway(configuration: .dialogue(), seed: 1)
        let empty = gateway.takeCensus()
        let refusal = #expect(throws: RestoreRefusal.self) {
            try gateway.restore(record, from: PeerID(link: LinkID(0), number: 9), at: RecordProof.otherNow)
        }
        #expect(refusal == change.refusal)
        #expect(gateway.takeCensus() == empty)
    }
}
