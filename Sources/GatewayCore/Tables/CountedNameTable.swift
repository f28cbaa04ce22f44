import Bytes

/// Names, each kept once for as long as somebody uses it, and known by a small number meanwhile; the same octets in two
/// scopes are two names.
///
/// **What it owns.** The names' bytes, their use counts and the numbers that are free. **How.** Open addressing over
/// the names' bytes, so that a name that came with a packet is found without making a key of it. Hashes differ from
/// process to process; nothing is ever enumerated, so no effect depends on them. **Invariants.** A name has one number,
/// a number in use is found in its bucket or behind it without a gap, and the sums are those of the names; see
/// `checkInvariants`. **Awkward case.** A number given back is used again, so who keeps one keeps a use of it.
struct CountedNameTable {
    private struct Entry {
        var name: [UInt8] = []
        var scope: UInt64 = 0
        var useCount: UInt32 = 0
        /// Of the uses.
        var holdCount: UInt32 = 0
        var hash = 0
    }

    private var entries: [Entry] = []
    private var free: [UInt32] = []
    /// Entry index + 1; 0 where nothing is. The count is a power of two.
    private var buckets: [UInt32] = Array(repeating: 0, count: 16)
    private(set) var count = 0
    /// Octets of all names that are held, and what it takes to keep them and to hold them.
    private(set) var heldByteCount = 0

    /// Numbers ever given out at the same time.
    var placeCount: Int { entries.count }

    /// Octets of a name in use.
    func byteCount(of index: UInt32) -> Int { entries[Int(index)].name.count }

    /// The bytes of a name in use.
    func name(_ index: UInt32) -> [UInt8] { entries[Int(index)].name }

    /// The name's number, whether or not it is in the table yet; the caller now uses it and must `release` it.
    mutating func use(_ name: RawSpan, in scope: UInt64) -> UInt32 {
        let hash = Self.hash(name, scope)
        if let found = find(name, scope, hash: hash) {
            entries[Int(found)].useCount += 1
            return found
        }
        let entry = Entry(name: name.copy(of: 0..<name.byteCount), scope: scope, useCount: 1, hash: hash)
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
            entries[Int(index)] = entry
        } else {
            index = UInt32(entries.count)
            entries.append(entry)
        }
        count += 1
        if count * 4 > buckets.count * 3 { grow() } else { place(index, hash: hash) }
        return index
    }

    /// One more user of a name that is in use.
    mutating func use(_ index: UInt32) {
        precondition(entries[Int(index)].useCount > 0, "a name is used before it is shared")
        entries[Int(index)].useCount += 1
    }

    /// One user less; the last one takes the name with it.
    mutating func release(_ index: UInt32) {
        let slot = Int(index)
        precondition(entries[slot].useCount > 0, "a name is released once per use")
        entries[slot].useCount -= 1
        guard entries[slot].useCount == 0 else { return }
        unplace(index, hash: entries[slot].hash)
        entries[slot] = Entry()
        free.append(index)
        count -= 1
    }

    /// One more user of a name that is in use, who answers for it.
    mutating func hold(_ index: UInt32) {
        use(index)
        if entries[Int(index)].holdCount == 0 { heldByteCount += keptByteCount(of: index) }
        entries[Int(index)].holdCount += 1
        heldByteCount += Limits.nameUseByteCount
    }

    /// One user less who answers for the name.
    mutating func letGo(_ index: UInt32) {
        precondition(entries[Int(index)].holdCount > 0, "a name is let go once per hold")
        entries[Int(index)].holdCount -= 1
        heldByteCount -= Limits.nameUseByteCount
        if entries[Int(index)].holdCount == 0 { heldByteCount -= keptByteCount(of: index) }
        release(index)
    }

    private func keptByteCount(of index: UInt32) -> Int { byteCount(of: index) + Limits.nameOverheadByteCount }

    /// The number of a name that is in use, without using it.
    func find(_ name: RawSpan, in scope: UInt64) -> UInt32? { find(name, scope, hash: Self.hash(name, scope)) }

    private func find(_ name: RawSpan, _ scope: UInt64, hash: Int) -> UInt32? {
        var bucket = hash & (buckets.count - 1)
        while buckets[bucket] != 0 {
            let index = Int(buckets[bucket]) - 1
            if entries[index].hash == hash, entries[index].scope == scope, isSame(name, asNameOf: index) {
                return UInt32(index)
            }
            bucket = (bucket + 1) & (buckets.count - 1)
        }
        return nil
    }

    private func isSame(_ name: RawSpan, asNameOf index: Int) -> Bool {
        let other = entries[index].name
        return name.equals(other.span.bytes, in: 0..<name.byteCount)
    }

    private static func hash(_ name: RawSpan, _ scope: UInt64) -> Int {
        var hasher = Hasher()
        hasher.combine(scope)
        name.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    private mutating func place(_ index: UInt32, hash: Int) {
        var bucket = hash & (buckets.count - 1)
        while buckets[bucket] != 0 { bucket = (bucket + 1) & (buckets.count - 1) }
        buckets[bucket] = index + 1
    }

    private mutating func grow() {
        buckets = Array(repeating: 0, count: buckets.count * 2)
        for index in entries.indices where entries[index].useCount > 0 {
            place(UInt32(index), hash: entries[index].hash)
        }
    }

    /// Empties the entry's bucket and moves those behind it up, so that no search breaks off too early.
    private mutating func unplace(_ index: UInt32, hash: Int) {
        let mask = buckets.count - 1
        var hole = hash & mask
        while buckets[hole] != index + 1 { hole = (hole + 1) & mask }
        var bucket = (hole + 1) & mask
        while buckets[bucket] != 0 {
            let home = entries[Int(buckets[bucket]) - 1].hash & mask
            if (bucket &- home) & mask >= (bucket &- hole) & mask {
                buckets[hole] = buckets[bucket]
                hole = bucket
            }
            bucket = (bucket + 1) & mask
        }
        buckets[hole] = 0
    }
}

extension CountedNameTable {
    /// What does not hold here; nil if all does.
    func checkInvariants() -> String? {
        let used = entries.indices.filter { entries[$0].useCount > 0 }
        let heldSum = used.reduce(0) { sum, index in
            let (holdCount, name) = (Int(entries[index].holdCount), entries[index].name)
            let kept = holdCount > 0 ? name.count + Limits.nameOverheadByteCount : 0
            return sum + kept + holdCount * Limits.nameUseByteCount
        }
        if used.count != count || heldSum != heldByteCount { return "the sums are not those of the names" }
        if used.contains(where: { entries[$0].holdCount > entries[$0].useCount }) { return "a name is held unused" }
        if used.count + free.count != entries.count || Set(free).count != free.count {
            return "a number is neither used nor free"
        }
        if buckets.count(where: { $0 != 0 }) != count { return "a bucket leads to no name" }
        for index in used {
            var bucket = entries[index].hash & (buckets.count - 1)
            while buckets[bucket] != UInt32(index) + 1 {
                if buckets[bucket] == 0 { return "a name is not found" }
                bucket = (bucket + 1) & (buckets.count - 1)
            }
        }
        return nil
    }
}
