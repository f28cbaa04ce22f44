import Bytes

/// A topic name or filter that is kept once for the whole gateway.
struct TopicNameIndex: Hashable, Sendable {
    var rawValue: UInt32
}

/// Every topic name and filter that somebody in the gateway needs, each kept once and counted.
///
/// Open addressing over the names' bytes, so that a name that came with a packet is found without making a key of it.
/// Hashes differ from process to process; nothing is ever enumerated, so no effect depends on them.
struct TopicNameTable {
    private struct Entry {
        var name: [UInt8] = []
        var useCount: UInt32 = 0
        var hash = 0
    }

    private var entries: [Entry] = []
    private var free: [UInt32] = []
    /// Entry index + 1; 0 where nothing is. The count is a power of two.
    private var buckets: [UInt32] = Array(repeating: 0, count: 16)
    private(set) var count = 0
    /// Octets of all names in use.
    private(set) var byteCount = 0

    /// The bytes of a name in use.
    func name(_ index: TopicNameIndex) -> [UInt8] { entries[Int(index.rawValue)].name }

    /// The name's index, whether or not it is in the table yet; the caller now uses it and must `release` it.
    mutating func use(_ name: RawSpan) -> TopicNameIndex {
        let hash = Self.hash(name)
        if let found = find(name, hash: hash) {
            entries[Int(found.rawValue)].useCount += 1
            return found
        }
        let entry = Entry(name: name.copy(of: 0..<name.byteCount), useCount: 1, hash: hash)
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
            entries[Int(index)] = entry
        } else {
            index = UInt32(entries.count)
            entries.append(entry)
        }
        count += 1
        byteCount += name.byteCount
        if count * 4 > buckets.count * 3 { grow() } else { place(index, hash: hash) }
        return TopicNameIndex(rawValue: index)
    }

    /// One more user of a name that is in use.
    mutating func use(_ index: TopicNameIndex) {
        precondition(entries[Int(index.rawValue)].useCount > 0, "a name is used before it is shared")
        entries[Int(index.rawValue)].useCount += 1
    }

    /// One user less; the last one takes the name with it.
    mutating func release(_ index: TopicNameIndex) {
        let slot = Int(index.rawValue)
        precondition(entries[slot].useCount > 0, "a name is released once per use")
        entries[slot].useCount -= 1
        guard entries[slot].useCount == 0 else { return }
        unplace(index.rawValue, hash: entries[slot].hash)
        byteCount -= entries[slot].name.count
        entries[slot] = Entry()
        free.append(index.rawValue)
        count -= 1
    }

    /// The index of a name that is in use, without using it.
    func find(_ name: RawSpan) -> TopicNameIndex? { find(name, hash: Self.hash(name)) }

    private func find(_ name: RawSpan, hash: Int) -> TopicNameIndex? {
        var bucket = hash & (buckets.count - 1)
        while buckets[bucket] != 0 {
            let index = Int(buckets[bucket]) - 1
            if entries[index].hash == hash, isSame(name, asNameOf: index) {
                return TopicNameIndex(rawValue: UInt32(index))
            }
            bucket = (bucket + 1) & (buckets.count - 1)
        }
        return nil
    }

    private func isSame(_ name: RawSpan, asNameOf index: Int) -> Bool {
        let other = entries[index].name
        return name.equals(other.span.bytes, in: 0..<name.byteCount)
    }

    private static func hash(_ name: RawSpan) -> Int {
        var hasher = Hasher()
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
