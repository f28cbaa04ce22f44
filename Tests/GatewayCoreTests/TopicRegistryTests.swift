import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// The table of one session's normal topic ids, up to its end.
@Suite struct TopicRegistryTests {
    /// A registry with the names that its test invents.
    private struct Bench {
        var registry = TopicRegistry()
        var names = TopicNameTable()
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var nameCount = Int.max
        var byteCount = Int.max
        var clientID = ClientID(bytes: Array("c1".utf8))

        /// The id that a name gets, or has.
        mutating func id(of name: String, _ origin: TopicRegistry.Origin = .asked) -> TopicID? {
            let bytes = Array(name.utf8)
            let index = names.use(bytes.span.bytes)
            defer { names.release(index) }
            if let known = registry.id(for: index) { return known }
            let conditions = TopicRegistry.Conditions(
                clientID: clientID, nameCount: nameCount, byteCount: byteCount, now: now, patience: .seconds(40))
            return registry.assign(index, origin, conditions, in: &names)
        }

        /// The id that a name has.
        func knownID(of name: String) -> TopicID? {
            let bytes = Array(name.utf8)
            return names.find(bytes.span.bytes).flatMap { registry.id(for: $0) }
        }

        mutating func passes(_ seconds: Int) { now = now + .seconds(seconds) }
    }

    @Test("GW-33 AMB-27 Ids lie between 1 and 0xFFFE, each is given once, and then there are none")
    func allIDs() {
        var bench = Bench()
        var seen = Set<TopicID>()
        for number in 1..<0xFFFE {
            guard let id = bench.id(of: "\(number)"), (1...0xFFFE).contains(id), seen.insert(id).inserted else {
                Issue.record("name \(number) got no id, or a wrong one")
                return
            }
        }
        #expect(bench.id(of: "one more") == nil)
        let last = bench.id(of: "one for deliveries", .given)
        #expect(last.map { seen.insert($0).inserted } == true)
        #expect(bench.id(of: "no more", .given) == nil)
        #expect(bench.registry.checkInvariants() == nil)
        let hasReserved = bench.registry.entry(0) != nil || bench.registry.entry(0xFFFF) != nil
        #expect(!hasReserved)
        #expect(bench.names.count == 65_534)
        bench.registry.removeAll(in: &bench.names)
        #expect(bench.names.count == 0)
    }

    @Test("GW-31 A name keeps its id, among few names and among many")
    func idsByName() {
        var bench = Bench()
        var ids: [TopicID?] = []
        for number in 0..<40 {
            #expect(bench.knownID(of: "\(number)") == nil)
            ids.append(bench.id(of: "\(number)"))
            #expect((0...number).map { bench.knownID(of: "\($0)") } == ids)
            #expect(bench.registry.checkInvariants() == nil)
        }
        bench.registry.removeAll(in: &bench.names)
        #expect((0..<40).allSatisfy { bench.knownID(of: "\($0)") == nil })
    }

    @Test("GW-39 After a reconnect known ids must be told again, and the client may use those that it was told")
    func standings() {
        var bench = Bench()
        let ids = (0..<3).compactMap { bench.id(of: "\($0)") }
        bench.registry.setStanding(.known, of: ids[0])
        bench.registry.setStanding(.rejected, of: ids[1])
        bench.registry.setStanding(.known, of: 0)
        bench.registry.forgetStandings()
        #expect(ids.map { bench.registry.entry($0)?.standing } == [.unknown, .rejected, .unknown])
        #expect(ids.map { bench.registry.nameUsedByClient($0, at: bench.now) != nil } == [true, false, false])
    }

    // MARK: Making room

    @Test("AMB-27 A given id whose last use is longest ago makes room, but none within patience, and none asked for")
    func room() {
        var bench = Bench()
        bench.nameCount = 3
        let own = bench.id(of: "own")
        let first = bench.id(of: "1", .given)
        bench.passes(30)
        _ = bench.id(of: "2", .given)
        bench.passes(9)
        #expect(bench.id(of: "3", .given) == nil)
        bench.passes(1)
        #expect(bench.id(of: "3", .given) != nil)
        #expect(first.flatMap { bench.registry.entry($0) } == nil)
        bench.passes(30)
        #expect(bench.id(of: "4") != nil)
        #expect(bench.knownID(of: "2") == nil)
        #expect(bench.knownID(of: "own") == own)
        bench.passes(1_000)
        #expect(bench.id(of: "5") != nil)
        #expect(bench.id(of: "6") == nil)
        #expect(bench.registry.checkInvariants() == nil)
    }

    @Test("AMB-27 A use puts an id behind the others, and a name that was asked for meanwhile stays")
    func uses() {
        var bench = Bench()
        bench.nameCount = 3
        let ids = (1...3).compactMap { bench.id(of: "\($0)", .given) }
        bench.passes(50)
        bench.registry.noteUse(ids[0], at: bench.now)
        let isAsked = bench.registry.ask(for: ids[1], nameCount: bench.nameCount)
        #expect(isAsked)
        #expect(bench.id(of: "4", .given) != nil)
        #expect(bench.knownID(of: "3") == nil)
        #expect(bench.id(of: "5", .given) == nil)
        #expect([bench.knownID(of: "1"), bench.knownID(of: "2")] == [ids[0], ids[1]])
    }

    @Test("AMB-27 GW-87 Where the client has asked for all that it may, one place is for deliveries, and stays theirs")
    func reserve() {
        var bench = Bench()
        bench.nameCount = 2
        for name in ["1", "2"] { #expect(bench.id(of: name) != nil) }
        #expect(bench.id(of: "3") == nil)
        let given = bench.id(of: "w/1", .given) ?? 0
        #expect(bench.registry.entry(given) != nil)
        #expect(bench.id(of: "w/2", .given) == nil)
        let isAsked = bench.registry.ask(for: given, nameCount: bench.nameCount)
        #expect(!isAsked)
        bench.passes(40)
        #expect(bench.id(of: "w/2", .given) != nil)
        #expect(bench.registry.count == 3)
        #expect(bench.registry.checkInvariants() == nil)
    }

    @Test("GW-87 Where all names have no room, a session keeps to its share, and a long name takes the room of several")
    func share() {
        var bench = Bench()
        let overhead = Limits.nameOverheadByteCount + Limits.nameUseByteCount
        bench.byteCount = 6 * (2 + overhead)
        for number in 0..<6 { #expect(bench.id(of: "n\(number)", .given) != nil) }
        #expect(bench.id(of: "n6", .given) == nil)
        bench.passes(40)
        #expect(bench.id(of: String(repeating: "x", count: 4 + overhead), .given) != nil)
        #expect(bench.registry.count == 5)
        #expect(bench.registry.byteCount(in: bench.names) == bench.byteCount)
        #expect(bench.id(of: String(repeating: "y", count: bench.byteCount - overhead + 1), .given) == nil)
        #expect(bench.registry.checkInvariants() == nil)
    }

    // MARK: Against a model

    @Test("The registry does what a list of names with their times does", arguments: 0..<20)
    func model(seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        var bench = Bench()
        bench.nameCount = 10 + seed
        var given: [String: Instant] = [:]
        var asked: Set<String> = []
        for _ in 0..<2_000 {
            bench.passes(Int.random(in: 0..<8, using: &random))
            let name = "\(Int.random(in: 0..<40, using: &random))"
            let isKnown = given[name] != nil || asked.contains(name)
            switch Int.random(in: 0..<10, using: &random) {
            case 0 where !isKnown && asked.count < 5, 1...6 where !isKnown:
                let origin: TopicRegistry.Origin = asked.count < 5 && Bool.random(using: &random) ? .asked : .given
                let oldest = given.values.min() ?? bench.now
                let isFull = given.count + asked.count == bench.nameCount
                let hasRoom = !isFull || bench.now.since(oldest) >= .seconds(40)
                #expect((bench.id(of: name, origin) != nil) == hasRoom)
                guard hasRoom else { continue }
                if isFull {
                    let forgotten = given.filter { bench.knownID(of: $0.key) == nil }
                    #expect(forgotten.map(\.value) == [oldest])
                    for name in forgotten.keys { given[name] = nil }
                }
                if origin == .asked { asked.insert(name) } else { given[name] = bench.now }
            case 7 where given[name] != nil:
                if let id = bench.knownID(of: name) { bench.registry.noteUse(id, at: bench.now) }
                given[name] = bench.now
            default: break
            }
            #expect(bench.registry.count == given.count + asked.count)
            #expect(given.keys.allSatisfy { bench.knownID(of: $0) != nil })
            #expect(asked.allSatisfy { bench.knownID(of: $0) != nil })
            #expect(bench.registry.checkInvariants() == nil)
        }
        #expect(bench.names.count == bench.registry.count)
    }

    // MARK: Over the lives of a gateway

    /// The id that a client keeps of an earlier life means another name where the client has since registered others,
    /// not this one, and one of those has taken the id. An id is as likely as any other, so that is (names − 1) of
    /// 65,534 where this name had been the first, and less where it came later.
    @Test(
        "AMB-27 An id of an earlier life means another name as rarely as its reading says",
        arguments: [(10, 9.0 / 65_534), (100, 99.0 / 65_534), (1_000, 999.0 / 65_534)])
    func strangerBehindID(nameCount: Int, probability: Double) {
        let probes = 20_000
        var hits = 0
        for life in 0..<10 {
            var bench = Bench()
            bench.clientID = ClientID(bytes: Array("sensor-\(life)".utf8))
            for number in 1..<nameCount { _ = bench.id(of: "house/\(number)/state") }
            for probe in 0..<probes {
                let bytes = Array("house/\(probe)/earlier".utf8)
                let id = PreferredTopicID.of(bytes.span.bytes, clientID: bench.clientID.bytes.span.bytes)
                if bench.registry.entry(id) != nil { hits += 1 }
            }
        }
        let expected = probability * Double(10 * probes)
        #expect(abs(Double(hits) - expected) < 4 * expected.squareRoot())
    }

    @Test("AMB-27 In the order of the life before, no id stands for another name at any time")
    func sameOrder() {
        var before = Bench()
        var now = Bench()
        let all = (0..<1_000).map { "house/\($0)/state" }
        let ids = all.compactMap { before.id(of: $0) }
        for (number, name) in all.enumerated() {
            let isStranger = ids[number...].contains { now.registry.entry($0) != nil }
            #expect(!isStranger)
            #expect(now.id(of: name) == ids[number])
        }
    }
}
