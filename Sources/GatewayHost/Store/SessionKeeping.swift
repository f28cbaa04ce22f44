import Configuration
import GatewayCore
import Journal
import Time
import Transports

/// Keeps the sessions of a host over its end: writes what has changed, and lets nothing leave before that is durable.
///
/// What an event causes is held back, in order, until the end of the turn. If no session has changed by then, and
/// nothing else is held, it leaves at once; else when the batch with these changes is durable. So nobody has seen
/// anything of what a killed process forgets. At once are done only what takes in less: streams that are paused, or
/// that the core hears no more of, and senders whose number it has forgotten.
///
/// While the disk fails, everything is written anew from time to time; until that succeeds either nothing leaves
/// (`store.on_error = "refuse"`), or everything does, and nothing is kept.
final class SessionKeeping {
    private enum Health: Equatable {
        case fine
        /// Nothing counts that is written; when it is tried again, in monotonic nanoseconds.
        case failed(retryAt: UInt64)
        /// Everything was written anew in the batch of that number.
        case mending(UInt64)
    }

    /// What one event has caused.
    private struct Held {
        /// The batch that must be durable before; nil for what the turn at hand has caused.
        var number: UInt64?
        var list: [Effect]
        var bytes: [UInt8]
    }

    private static let shortestPause: UInt64 = 1_000_000_000
    private static let longestPause: UInt64 = 60_000_000_000

    let store: SessionStore
    let path: String
    let settings: StoreSettings
    unowned let host: Host
    private var held: [Held] = []
    private(set) var heldByteCount = 0
    /// Octets that are held for a stream, and whether the core was told that these are many.
    private var heldByStream: [UpstreamID: (byteCount: Int, isReported: Bool)] = [:]
    private var lastNumber: UInt64 = 0
    private var health = Health.fine
    private var pause = SessionKeeping.shortestPause
    /// Sessions of an earlier life that this one cannot go on with: they stay as they were.
    var leftBehind: [[UInt8]: RecoveredJournal.Entry] = [:]
    private(set) var droppedDatagramCount = 0
    /// Since when nothing becomes durable, in monotonic nanoseconds; nil where the disk works.
    private(set) var failedSince: UInt64?
    /// Why; nil where it works.
    private(set) var lastError: IOError?
    /// Whether as much waits for the disk as may, as at the end of the last turn.
    private var isDiskBehind = false
    private var isEnding = false
    private var isClosed = false

    init(_ path: String, _ settings: StoreSettings, acceptsForeign: Bool, host: Host) throws(StoreRefusal) {
        var limits = StoreWriter.Limits()
        limits.queuedByteCount = settings.queuedByteCount
        limits.commitDelay = settings.commitDelay.nanoseconds
        (self.path, self.settings, self.host) = (path, settings, host)
        store = try SessionStore(
            path: path, gatewayID: host.settings.gateway.gatewayID, segmentByteCount: settings.segmentByteCount,
            acceptsForeign: acceptsForeign, limits: limits, forgetsOnError: settings.failurePolicy == .memory,
            loop: host.loop)
        store.delegate = self
    }

    // MARK: In a turn

    /// Keeps what an event has caused, and does of it what takes in less.
    func hold(_ effects: inout Effects) {
        guard !effects.list.isEmpty else { return }
        var crowded: [UpstreamID] = []
        for effect in effects.list {
            switch effect {
            case .pauseStream(let id): host.streams.pause(id)
            case .resumeStream(let id): host.streams.resume(id)
            case .closeStream(let id): host.streams.silence(id)
            case .forgetPeer(let peer): host.link(of: peer).retire(peer)
            case .sendStream(let range, let id): if isCrowded(id, range.count) { crowded.append(id) }
            case .sendDatagram, .broadcastDatagram, .openStream, .observe: break
            }
        }
        heldByteCount += effects.bytes.count + effects.list.count * MemoryLayout<Effect>.stride
        held.append(Held(number: nil, list: effects.list, bytes: effects.bytes))
        (effects.list, effects.bytes) = ([], [])
        for id in crowded {
            host.handle(.streamBlocked(id, queuedByteCount: heldByStream[id]?.byteCount ?? 0))
        }
    }

    /// What is held back counts as what the system does not take.
    private func isCrowded(_ id: UpstreamID, _ byteCount: Int) -> Bool {
        heldByStream[id, default: (0, false)].byteCount += byteCount
        guard let entry = heldByStream[id], !entry.isReported,
            entry.byteCount > host.settings.gateway.limits.queuedByteCountPerUpstream
        else { return false }
        heldByStream[id]?.isReported = true
        return true
    }

    /// Writes what has changed, and lets leave what need not wait.
    func turnEnded() {
        guard !isClosed else { return }
        if case .failed(let retryAt) = health, host.loop.now >= retryAt { writeEverything() }
        switch health {
        case .fine, .mending:
            if host.gateway.mayHaveChanges { writeChanges() }
            number(lastNumber)
        case .failed: number(settings.failurePolicy == .memory ? 0 : .max)
        }
        release()
        isDiskBehind = store.isFull
        host.streams.holdReading(isFull)
    }

    private func number(_ number: UInt64) {
        for index in held.indices.reversed() {
            guard held[index].number == nil else { return }
            held[index].number = number
        }
    }

    /// Whether nothing more may be taken in, not even that time passes: the core would repeat itself for ever.
    var isFull: Bool { isDiskBehind || heldByteCount > settings.queuedByteCount }

    /// Whether nothing of what the core says can leave for a while, so that no time passes for it.
    var isAtAStandstill: Bool { isFull || failedSince != nil && settings.failurePolicy == .refuse }

    /// A datagram is not taken in: whoever needs an answer says it again.
    func drop(from peer: PeerID) {
        if !host.gateway.knows(peer) { host.link(of: peer).forget(peer) }
        droppedDatagramCount += 1
        guard droppedDatagramCount & (droppedDatagramCount - 1) == 0 else { return }
        let reason = failedSince == nil ? "the disk is too slow" : "the disk fails, and more waits than is allowed"
        host.log.write(
            .warning,
            "store \(path): \(reason) (store.queued_bytes=\(settings.queuedByteCount)):"
                + " \(droppedDatagramCount) datagrams dropped so far",
            event: "store_full")
    }

    /// What is as much as a segment is cut into batches, as after a start. What has become of several sessions together
    /// may then be there in part after a crash; nobody has been told of it.
    private func writeChanges() {
        var batch = JournalBatch()
        host.gateway.takeChanges(at: host.now) { change in
            put(change, into: &batch)
            guard batch.byteCount >= settings.segmentByteCount else { return }
            lastNumber = store.write(batch)
            batch = JournalBatch()
        }
        guard !batch.isEmpty else { return }
        addRewritten(to: &batch)
        lastNumber = store.write(batch)
    }

    /// What tidying up needs to have written once more.
    private func addRewritten(to batch: inout JournalBatch) {
        let now = host.now
        for key in store.keysToRewrite() {
            if let entry = leftBehind[key] {
                batch.put(key, entry.value, asOf: entry.moment)
            } else {
                put(host.gateway.change(of: key, at: now), into: &batch)
            }
        }
    }

    private func put(_ change: SessionChange, into batch: inout JournalBatch) {
        leftBehind[change.clientID] = nil
        guard let record = change.record else { return batch.remove(change.clientID) }
        let link = change.peer.map { host.link(of: $0) }
        let address = change.peer.flatMap { link?.octets(of: $0) } ?? []
        let stored = StoredSession(link: link?.title ?? "", address: address, record: record)
        batch.put(change.clientID, stored.octets)
    }

    /// Everything anew, after the disk has failed.
    private func writeEverything(isLast: Bool = false) {
        var batch = JournalBatch()
        host.gateway.forgetWritten()
        for (key, entry) in leftBehind.sorted(by: { $0.value.sequence < $1.value.sequence }) {
            batch.put(key, entry.value, asOf: entry.moment)
        }
        host.gateway.takeChanges(at: host.now) { put($0, into: &batch) }
        if isLast { batch.close() }
        lastNumber = store.write(batch, isWhole: true)
        health = .mending(lastNumber)
        for index in held.indices where held[index].number == .max { held[index].number = lastNumber }
    }

    /// Lets leave what waits for nothing any more.
    private func release() {
        let persisted = store.persisted
        var count = 0
        while count < held.count, let number = held[count].number, number <= persisted || number == 0 { count += 1 }
        guard count > 0 else { return }
        let released = Array(held[..<count])
        held.removeFirst(count)
        for turn in released {
            heldByteCount -= turn.bytes.count + turn.list.count * MemoryLayout<Effect>.stride
            host.run(turn.list, turn.bytes)
        }
        for turn in released { for effect in turn.list { noteReleased(effect) } }
    }

    private func noteReleased(_ effect: Effect) {
        guard case .sendStream(let range, let id) = effect, let entry = heldByStream[id] else { return }
        let left = entry.byteCount - range.count
        guard left <= 0 else { return heldByStream[id] = (left, entry.isReported) }
        heldByStream[id] = nil
        // What the system does not take now it has said by itself.
        if entry.isReported, host.streams.takesAll(id) { host.handle(.streamDrained(id)) }
    }

    // MARK: Time, and the end

    /// When the disk is tried again, in monotonic nanoseconds.
    var nextDeadline: UInt64? {
        guard case .failed(let retryAt) = health else { return nil }
        return retryAt
    }

    /// The process is to end: nothing waits for others any more, and where the disk has failed everything is tried once
    /// more. Who went on without it waits for the outcome here.
    ///
    /// - Returns: whether another life goes on with the sessions as they are; else their clients must be told.
    func isToGoOn() -> Bool {
        isEnding = true
        store.hurry()
        guard settings.failurePolicy == .memory else {
            if case .failed = health { health = .failed(retryAt: 0) }
            return true
        }
        if case .failed = health { writeEverything() }
        let deadline = MonotonicClock.now() + Self.shortestPause
        while case .mending = health {
            let now = MonotonicClock.now()
            guard now < deadline, store.wait(milliseconds: Int32((deadline - now) / 1_000_000)) else { break }
        }
        return health == .fine
    }

    /// Whether everything is durable, and has left, as far as that can be had: what the disk has refused to the last is
    /// tried once more by `close`.
    var isIdle: Bool {
        if case .failed = health { return true }
        return held.isEmpty && store.persisted >= lastNumber || isClosed
    }

    /// Writes that the process has ended in good order, and lets leave what that makes free.
    func close() {
        guard !isClosed else { return }
        isEnding = true
        if case .failed = health {
            writeEverything(isLast: true)
        } else {
            var batch = JournalBatch()
            host.gateway.takeChanges(at: host.now) { put($0, into: &batch) }
            batch.close()
            lastNumber = store.write(batch)
        }
        number(lastNumber)
        let isDone = store.close()
        isClosed = true
        guard !isDone else { return }
        host.log.write(.error, "store \(path): the disk has not taken everything in time", event: "store_failed")
    }
}

extension Event {
    /// Who has sent the datagram; nil for what is none.
    var sender: PeerID? {
        switch self {
        case .datagramReceived(let peer, _, _), .datagramTruncated(let peer): peer
        default: nil
        }
    }
}

extension SessionKeeping: StoreWriterDelegate {
    func storePersisted(upTo sequence: UInt64) {
        guard !isClosed else { return }
        if case .mending(let number) = health, sequence >= number {
            (health, pause, failedSince, lastError) = (.fine, Self.shortestPause, nil, nil)
            host.log.write(.info, "store \(path): everything is written again", event: "store_works_again")
        }
        release()
    }

    func storeFailed(_ error: IOError) {
        guard !isClosed else { return }
        host.log.write(.error, "store \(path): \(error); \(consequenceOfFailure)", event: "store_failed")
        (failedSince, lastError) = (failedSince ?? host.loop.now, error)
        health = .failed(retryAt: host.loop.now + pause)
        pause = min(2 * pause, Self.longestPause)
        guard settings.failurePolicy == .memory else {
            for index in held.indices where held[index].number.map({ $0 > store.persisted }) == true {
                held[index].number = .max
            }
            return
        }
        for index in held.indices { held[index].number = 0 }
        release()
    }

    private var consequenceOfFailure: String {
        switch (settings.failurePolicy, isEnding) {
        case (.refuse, false): "nothing is promised, and nothing leaves, until that works again (store.on_error)"
        case (.refuse, true): "what was to be said at the end is not said, and the next start goes on from before"
        case (.memory, false): "the gateway goes on without, and what it forgets at its end is lost (store.on_error)"
        case (.memory, true): "the next start knows nothing of its sessions"
        }
    }

    func storeCannotForget(_ error: IOError) {
        let advice = "delete the files there before the next start, should the gateway not end in good order"
        host.log.write(
            .error, "store \(path): what stands on the disk holds no longer and cannot be deleted: \(error); \(advice)",
            event: "store_outdated")
    }

    func storeCannotTidy(_ error: IOError) {
        host.log.write(.warning, "store \(path): old files stay: \(error)", event: "store_not_tidied")
    }
}
