import GatewayCore
import Time
import TraceFile

/// The disk of a world's gateway: what is durable of its sessions, what is being written, and what may not leave
/// before that is.
///
/// A batch is durable whole or not at all, and not before the ones before it. When the process is killed, any number of
/// the first batches that were not yet durable may be so after all, although nobody was told.
struct WorldStore {
    /// What is written of one session.
    private struct Entry {
        var record: [UInt8]
        /// Whether the next life goes on with it as with that of somebody who is connected.
        var isConnected: Bool
        /// Where its client was; nil where it was away.
        var address: Int?
        var writtenAt: Instant
        /// The place of its last writing among all.
        var order: Int
    }

    private struct Batch {
        var number: Int
        var changes: [(clientID: [UInt8], entry: Entry?)]
        var memory: GatewayMemory
    }

    /// Something of the gateway that waits for a batch.
    private struct Held {
        var number: Int
        var departure: Departure
    }

    private var entries: [[UInt8]: Entry] = [:]
    /// Of whom it is durable that they are not connected, or that nothing is left.
    private var ended: Set<[UInt8]> = []
    /// What the gateway knew when the last durable batch was written; nil before any.
    private(set) var memory: GatewayMemory?
    private var batches: [Batch] = []
    private var held: [Held] = []
    /// How many batches were handed to the disk.
    private var batchCount = 0
    private var writtenCount = 0
    private var skipCount = 0
    /// Whether the disk has all that it was given.
    var isDurable: Bool { batches.isEmpty }
    var isIdle: Bool { batches.isEmpty && held.isEmpty }

    /// - Returns: the number of the batch.
    mutating func write(
        _ changes: [SessionChange], at now: Instant, _ memory: GatewayMemory, addressOf: (PeerID) -> Int?
    ) -> Int {
        batchCount += 1
        let changes = changes.filter { !skips($0) }.map { change in
            writtenCount += 1
            let entry = change.record.map { record in
                var octets: [UInt8] = []
                record.encode(into: &octets)
                return Entry(
                    record: octets, isConnected: record.contents.phase != "disconnected",
                    address: change.peer.flatMap(addressOf), writtenAt: now, order: writtenCount)
            }
            return (change.clientID, entry)
        }
        batches.append(Batch(number: batchCount, changes: changes, memory: memory))
        return batchCount
    }

    /// A bug to plant: what replaces something is written every other time, or not while an exchange is open.
    var canary: Canary?

    private mutating func skips(_ change: SessionChange) -> Bool {
        guard let canary, let record = change.record, entries[change.clientID] != nil else { return false }
        switch canary {
        case .recordSkipped:
            skipCount += 1
            return skipCount % 2 == 0
        case .exchangeForgotten: return record.contents.openExchangeCount > 0
        default: return false
        }
    }

    /// What leaves now waits for all that was written.
    mutating func hold(_ departure: Departure) { held.append(Held(number: batchCount, departure: departure)) }

    /// The disk has everything up to a batch.
    mutating func persisted(upTo number: Int) {
        while let batch = batches.first, batch.number <= number {
            for (clientID, entry) in batch.changes {
                entries[clientID] = entry
                if entry?.isConnected == true { ended.remove(clientID) } else { ended.insert(clientID) }
            }
            memory = batch.memory
            batches.removeFirst()
        }
    }

    /// Octets that wait here for a stream.
    func heldByteCount(of stream: Int) -> Int {
        held.reduce(0) { sum, held in
            if case .packet(let bytes, stream) = held.departure { sum + bytes.count } else { sum }
        }
    }

    mutating func persistAll() { if let last = batches.last { persisted(upTo: last.number) } }

    /// What need not wait any more, first to last.
    mutating func takeReleased() -> [Departure] {
        let last = batches.first?.number ?? .max
        let count = held.firstIndex { $0.number >= last } ?? held.count
        defer { held.removeFirst(count) }
        return held[..<count].map(\.departure)
    }

    /// The process is killed: what waited has never left, and of what was not durable the first batches may be.
    mutating func kill(keeping count: Int) {
        held = []
        if count > 0 { persisted(upTo: batches[count - 1].number) }
        batches = []
    }

    var pendingCount: Int { batches.count }

    /// What another life goes on with, in the order in which it was written.
    var kept: [(clientID: [UInt8], record: [UInt8], address: Int?, writtenAt: Instant)] {
        entries.sorted { $0.value.order < $1.value.order }
            .map { ($0.key, $0.value.record, $0.value.address, $0.value.writtenAt) }
    }

    func has(_ clientID: [UInt8]) -> Bool { entries[clientID] != nil }

    /// Whether the next life goes on with a session as with that of somebody who is connected.
    func hasConnected(_ clientID: [UInt8]) -> Bool { entries[clientID]?.isConnected == true }

    /// Whether a life that begins with what is durable, or with that and the first of what is being written, may find
    /// that a client is not connected, such as one whose QoS 2 message goes with the process (AMB-30).
    func mayHaveEnded(_ clientID: [UInt8]) -> Bool {
        ended.contains(clientID)
            || batches.contains { $0.changes.contains { $0.clientID == clientID && $0.entry?.isConnected != true } }
    }
}

/// What the checkers take for known to the gateway: a life that goes on from a disk knows what it knew then.
struct GatewayMemory {
    private let conversations: ConversationChecker
    private let isolation: IsolationChecker
    private let sessions: SessionChecker
    private let wills: WillChecker
    private let deliveries: DeliveryChecker
    private let clients: [WorldClient]

    init(_ world: World) {
        (conversations, isolation, sessions) = (world.conversations, world.isolation, world.sessions)
        (wills, deliveries, clients) = (world.wills, world.deliveries, world.clients)
    }

    /// Another life begins with that; its clients have all their time again.
    func bringBack(to world: World) {
        (world.conversations, world.isolation, world.sessions) = (conversations, isolation, sessions)
        world.wills.remember(wills)
        world.deliveries.remember(deliveries)
        for index in world.clients.indices {
            let former = clients[index]
            (world.clients[index].heardAt, world.clients[index].heardBefore) = (former.heardAt, nil)
            (world.clients[index].askedKeepAlive, world.clients[index].askedSleep) =
                (former.askedKeepAlive, former.askedSleep)
            world.clients[index].heardWish = former.heardWish
            (world.clients[index].heardConnection, world.clients[index].heardWillSentAt) =
                (former.heardConnection, former.heardWillSentAt)
            world.clients[index].isGivenUpUnawares = former.isGivenUpUnawares
            // Whoever is remembered is remembered without its set-up.
            world.conversations.setUpIsForgotten(of: index)
            world.wills.setUpIsForgotten(of: index)
            world.sessions.setUpIsForgotten(of: index)
        }
    }
}

/// Something that the gateway says, on its way out of the process.
enum Departure {
    case datagram(Datagram)
    case broadcast([UInt8], radius: UInt8, LinkID)
    case opening(Int)
    case packet([UInt8], Int)
    case closing(Int)
}

extension World {
    var hasStore: Bool { options[.store] > 0 }

    /// Lets what the gateway has said about an event leave, at once or when what it depends on is durable.
    func letLeave() {
        let leaving = departures
        departures.removeAll(keepingCapacity: true)
        guard hasStore else { return depart(leaving) }
        var changes: [SessionChange] = []
        gateway.takeChanges(at: now) { changes.append($0) }
        if !changes.isEmpty {
            let number = store.write(changes, at: now, GatewayMemory(self)) { addressByPeer[$0] }
            queue.insert(.storeSynced(number), at: now + diskTime())
        }
        guard !store.isIdle, canary != .acknowledgedBeforeDurable else { return depart(leaving) }
        for departure in leaving { store.hold(departure) }
        for departure in leaving {
            if case .packet(_, let number) = departure { reportCrowded(number) }
        }
    }

    /// What is held back counts as what the system does not take.
    private func reportCrowded(_ number: Int) {
        guard let stream = streams[number], !stream.isReportedBlocked, !stream.gatewayHasClosed, !stream.isBroken
        else { return }
        let byteCount = store.heldByteCount(of: number) + stream.queued.count
        guard byteCount > plan.gateway.limits.queuedByteCountPerUpstream else { return }
        streams[number]?.isReportedBlocked = true
        gatewayHandles(.streamBlocked(stream.id, queuedByteCount: byteCount))
    }

    private func diskTime() -> TimeSpan {
        isHealed ? .milliseconds(1) : rudeMilliseconds(0...options[.store])
    }

    func storeSynced(_ number: Int) {
        guard isGatewayUp else { return }
        store.persisted(upTo: number)
        depart(store.takeReleased())
    }

    /// The gateway ends in good order: not before its disk has all, and what waited for that has left.
    func storeHasEverything() {
        store.persistAll()
        depart(store.takeReleased())
    }

    private func depart(_ departures: [Departure]) {
        for departure in departures {
            switch departure {
            case .datagram(let datagram): takeOff(datagram)
            case .broadcast(let bytes, let radius, let link): takeOff(bytes, radius: radius, on: link)
            case .opening(let number): queue.insert(.streamAnswered(number), at: now + streamDelay())
            case .packet(let bytes, let number): writeStream(number, bytes)
            case .closing(let number): finishClosing(number)
            }
        }
        flushStreams()
    }

    private func noteRestored(_ record: [UInt8], _ peer: PeerID?, age: TimeSpan) {
        traceHash.combine(Effects(), at: now)
        trace.entries.append(
            Trace.Entry(now: now, fact: .restored(record, from: peer, age: age), effectHash: traceHash.value))
    }

    /// The process has ended, and what it knew and is not on the disk is forgotten.
    func forgetWhatIsNotKept() {
        for index in clients.indices where store.mayHaveEnded(clients[index].clientID) {
            clients[index].isPromised = false
        }
        for index in clients.indices {
            clients[index].knownAt = clients[index].isPromised ? clients[index].heardAt : nil
        }
        store.kill(keeping: pickRudely(store.pendingCount + 1))
        store.memory?.bringBack(to: self)
        for index in clients.indices {
            let clientID = clients[index].clientID
            if !store.has(clientID) {
                gatewayForgets(index)
            } else if !store.hasConnected(clientID) {
                // As of one who is away: it was dismissed, or would be as its message goes with the process (AMB-30).
                conversations.gatewayLost(index)
            }
        }
    }

    /// Another life goes on with what the disk has.
    func restoreSessions() {
        for index in clients.indices where store.has(clients[index].clientID) { clients[index].lastHeard = now }
        for entry in store.kept {
            let name = String(decoding: entry.clientID, as: UTF8.self)
            let peer = entry.address.map { self.peer(at: $0) }
            if let peer { ledger.know(peer) }
            do {
                let record = try SessionRecord.decode(entry.record.span.bytes)
                try gateway.restore(record, from: peer, age: now.since(entry.writtenAt), at: now)
                if recordsTrace { noteRestored(entry.record, peer, age: now.since(entry.writtenAt)) }
            } catch {
                fail("the session of \(name) is not gone on with: \(error)")
            }
        }
    }
}
