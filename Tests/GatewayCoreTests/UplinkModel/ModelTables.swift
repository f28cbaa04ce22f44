/// Numbers the distinct states of a search in the order of their discovery, and keeps whence each was reached.
///
/// Open addressing over plain memory: what the standard library's containers cost without optimisation would be most of
/// the search.
final class StateTable {
    private(set) var count = 0
    private var capacity = 1 << 12
    private var states: UnsafeMutablePointer<ModelState>
    private var parents: UnsafeMutablePointer<Int32>
    /// Twice as many as there is room for states; 0 is free, else a state's number and 1.
    private var slots: UnsafeMutablePointer<Int32>

    init() {
        states = .allocate(capacity: capacity)
        parents = .allocate(capacity: capacity)
        slots = .allocate(capacity: 2 * capacity)
        slots.initialize(repeating: 0, count: 2 * capacity)
    }

    deinit {
        states.deallocate()
        parents.deallocate()
        slots.deallocate()
    }

    func state(_ index: Int) -> ModelState { states[index] }

    func parent(_ index: Int) -> Int { Int(parents[index]) }

    /// Whether the state is new; it then is the last one.
    func insert(_ state: ModelState, from parent: Int) -> Bool {
        let mask = UInt(bitPattern: 2 &* capacity &- 1)
        var slot = state.hash & mask
        while true {
            let entry = slots[Int(bitPattern: slot)]
            if entry == 0 { break }
            if states[Int(entry) &- 1] == state { return false }
            slot = (slot &+ 1) & mask
        }
        states[count] = state
        parents[count] = Int32(parent)
        count &+= 1
        slots[Int(bitPattern: slot)] = Int32(count)
        if count == capacity { grow() }
        return true
    }

    private func grow() {
        let old = capacity
        capacity *= 2
        let (oldStates, oldParents) = (states, parents)
        states = .allocate(capacity: capacity)
        parents = .allocate(capacity: capacity)
        states.update(from: oldStates, count: old)
        parents.update(from: oldParents, count: old)
        oldStates.deallocate()
        oldParents.deallocate()
        slots.deallocate()
        slots = .allocate(capacity: 2 * capacity)
        slots.initialize(repeating: 0, count: 2 * capacity)
        let mask = UInt(bitPattern: 2 &* capacity &- 1)
        for index in 0..<old {
            var slot = states[index].hash & mask
            while slots[Int(bitPattern: slot)] != 0 { slot = (slot &+ 1) & mask }
            slots[Int(bitPattern: slot)] = Int32(index &+ 1)
        }
    }
}

/// Words by words; a key is not 0.
final class WordTable {
    private var count = 0
    private var capacity = 1 << 10
    /// Keys and values in turn.
    private var words: UnsafeMutablePointer<UInt>

    init() {
        words = .allocate(capacity: 2 * capacity)
        words.initialize(repeating: 0, count: 2 * capacity)
    }

    deinit { words.deallocate() }

    private func slot(_ key: UInt) -> Int {
        let mask = UInt(bitPattern: capacity &- 1)
        var hash = (key ^ key &>> 31) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash &>> 29) & mask
        while true {
            let found = words[Int(bitPattern: hash &* 2)]
            if found == key || found == 0 { return Int(bitPattern: hash &* 2) }
            hash = (hash &+ 1) & mask
        }
    }

    func value(_ key: UInt) -> UInt? {
        let slot = slot(key)
        return words[slot] == 0 ? nil : words[slot &+ 1]
    }

    func insert(_ key: UInt, _ value: UInt) {
        let slot = slot(key)
        if words[slot] == 0 { count &+= 1 }
        (words[slot], words[slot &+ 1]) = (key, value)
        if 2 &* count > capacity { grow() }
    }

    private func grow() {
        let (old, oldCapacity) = (words, capacity)
        capacity *= 2
        words = .allocate(capacity: 2 * capacity)
        words.initialize(repeating: 0, count: 2 * capacity)
        for index in 0..<oldCapacity where old[2 * index] != 0 {
            let slot = slot(old[2 * index])
            (words[slot], words[slot &+ 1]) = (old[2 * index], old[2 * index + 1])
        }
        old.deallocate()
    }
}
