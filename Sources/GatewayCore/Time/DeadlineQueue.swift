import Time

/// What a deadline is for; a dense number, so that the queue finds an entry without hashing.
struct DeadlineKey: Hashable, Sendable {
    var rawValue: UInt32

    /// The gateway's own deadlines.
    static let gateway = DeadlineKey(rawValue: 0)
    static func session(_ index: SessionIndex) -> DeadlineKey { DeadlineKey(rawValue: index &* 2 &+ 1) }
    static func upstream(_ slot: UInt32) -> DeadlineKey { DeadlineKey(rawValue: slot &* 2 &+ 2) }

    enum Owner {
        case gateway
        case session(SessionIndex)
        case upstream(UInt32)
    }

    var owner: Owner {
        if rawValue == 0 { return .gateway }
        return rawValue & 1 == 1 ? .session(rawValue / 2) : .upstream(rawValue / 2 &- 1)
    }
}

/// Who must be looked at when: a binary heap with at most one entry per key.
///
/// An entry may be early, never late: a deadline that moves away stays where it is until it comes up, and its owner
/// then schedules the real one. A client's keep-alive, put off by every message, so costs nothing per message.
struct DeadlineQueue {
    private var heap: [DeadlineKey] = []
    /// Indexed by key; −1 where the key has no entry.
    private var position: [Int32] = []
    /// Indexed by key.
    private var time: [Instant] = []

    var next: Instant? {
        guard let first = heap.first else { return nil }
        return time[Int(first.rawValue)]
    }

    /// Makes sure that `key` comes up no later than `instant`.
    mutating func schedule(_ key: DeadlineKey, noLaterThan instant: Instant) {
        let index = Int(key.rawValue)
        makeRoom(for: index)
        if position[index] < 0 {
            position[index] = Int32(heap.count)
            time[index] = instant
            heap.append(key)
        } else {
            guard instant < time[index] else { return }
            time[index] = instant
        }
        rise(from: Int(position[index]))
    }

    /// Forgets the key's entry.
    mutating func cancel(_ key: DeadlineKey) {
        let index = Int(key.rawValue)
        guard index < position.count, position[index] >= 0 else { return }
        remove(at: Int(position[index]))
    }

    /// Takes the first key whose time has come; keys with the same time come in the order of their numbers.
    mutating func takeDue(at now: Instant) -> DeadlineKey? {
        guard let first = heap.first, time[Int(first.rawValue)] <= now else { return nil }
        remove(at: 0)
        return first
    }

    private mutating func makeRoom(for index: Int) {
        while position.count <= index {
            position.append(-1)
            time.append(Instant(nanoseconds: 0))
        }
    }

    private mutating func remove(at slot: Int) {
        position[Int(heap[slot].rawValue)] = -1
        let last = heap.removeLast()
        guard slot < heap.count else { return }
        heap[slot] = last
        position[Int(last.rawValue)] = Int32(slot)
        rise(from: slot)
        sink(from: Int(position[Int(last.rawValue)]))
    }

    /// Whether `left` comes up before `right`; keys with the same time come in the order of their numbers.
    @inline(__always)
    private func isEarlier(_ left: DeadlineKey, _ right: DeadlineKey) -> Bool {
        let (leftTime, rightTime) = (time[Int(left.rawValue)], time[Int(right.rawValue)])
        return leftTime == rightTime ? left.rawValue < right.rawValue : leftTime < rightTime
    }

    /// Others make way for the key, one after the other, until it has found its slot.
    private mutating func rise(from start: Int) {
        let key = heap[start]
        var slot = start
        while slot > 0 {
            let parent = heap[(slot - 1) / 2]
            guard isEarlier(key, parent) else { break }
            place(parent, at: slot)
            slot = (slot - 1) / 2
        }
        if slot != start { place(key, at: slot) }
    }

    private mutating func sink(from start: Int) {
        let key = heap[start]
        var slot = start
        while 2 * slot + 1 < heap.count {
            var child = 2 * slot + 1
            if child + 1 < heap.count, isEarlier(heap[child + 1], heap[child]) { child += 1 }
            let earliest = heap[child]
            guard isEarlier(earliest, key) else { break }
            place(earliest, at: slot)
            slot = child
        }
        if slot != start { place(key, at: slot) }
    }

    @inline(__always)
    private mutating func place(_ key: DeadlineKey, at slot: Int) {
        heap[slot] = key
        position[Int(key.rawValue)] = Int32(slot)
    }
}
