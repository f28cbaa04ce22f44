/// The places of things in a list, by a number that each of them has, for a list that is looked through too often.
///
/// Open addressing with the numbers themselves in the buckets, in one piece of memory: no number is hashed with care,
/// as whoever chooses numbers that meet slows down nobody but himself. **Invariants.** A number is found in its bucket
/// or behind it without a gap; at most three quarters of the buckets are taken.
struct PlaceTable {
    /// The number, and one more than the place in the lowest 16 bits; 0 where nothing is. The count is a power of two.
    private var buckets: [UInt64] = []
    private(set) var count = 0

    private static let leastBucketCount = 32

    /// Places are 0…65,534; nil takes the number out.
    subscript(_ number: UInt32) -> Int? {
        get { bucket(of: number).map { Int(buckets[$0] & 0xFFFF) - 1 } }
        set {
            guard let newValue else { return remove(number) }
            precondition((0..<0xFFFF).contains(newValue), "a place is a small number")
            let content = UInt64(number) << 16 | UInt64(newValue + 1)
            if let bucket = bucket(of: number) {
                buckets[bucket] = content
            } else {
                insert(content)
            }
        }
    }

    private func bucket(of number: UInt32) -> Int? {
        guard count > 0 else { return nil }
        var bucket = home(of: number)
        while buckets[bucket] != 0 {
            if UInt32(truncatingIfNeeded: buckets[bucket] >> 16) == number { return bucket }
            bucket = (bucket + 1) & (buckets.count - 1)
        }
        return nil
    }

    /// Where the number is looked for first: the high digits of a product, in which all of its own take part.
    @inline(__always)
    private func home(of number: UInt32) -> Int {
        Int(number &* 0x9E37_79B1) >> (32 - buckets.count.trailingZeroBitCount)
    }

    private mutating func insert(_ content: UInt64) {
        if (count + 1) * 4 > buckets.count * 3 { grow() }
        count += 1
        put(content)
    }

    private mutating func put(_ content: UInt64) {
        var bucket = home(of: UInt32(truncatingIfNeeded: content >> 16))
        while buckets[bucket] != 0 { bucket = (bucket + 1) & (buckets.count - 1) }
        buckets[bucket] = content
    }

    private mutating func grow() {
        let former = buckets
        buckets = Array(repeating: 0, count: max(Self.leastBucketCount, 2 * former.count))
        for content in former where content != 0 { put(content) }
    }

    /// Empties the number's bucket and moves those behind it up, so that no search breaks off too early.
    private mutating func remove(_ number: UInt32) {
        guard var hole = bucket(of: number) else { return }
        let mask = buckets.count - 1
        var bucket = (hole + 1) & mask
        while buckets[bucket] != 0 {
            let home = home(of: UInt32(truncatingIfNeeded: buckets[bucket] >> 16))
            if (bucket &- home) & mask >= (bucket &- hole) & mask {
                buckets[hole] = buckets[bucket]
                hole = bucket
            }
            bucket = (bucket + 1) & mask
        }
        buckets[hole] = 0
        count -= 1
    }

    /// What does not hold; nil where all does.
    func checkInvariants() -> String? {
        let taken = buckets.filter { $0 != 0 }
        if taken.count != count || count * 4 > buckets.count * 3 { return "a table of places is counted wrong" }
        if taken.contains(where: { self[UInt32(truncatingIfNeeded: $0 >> 16)] != Int($0 & 0xFFFF) - 1 }) {
            return "a place is not found"
        }
        return nil
    }
}
