import Bytes

// Whether one Topic Filter selects everything that another one selects.

extension TopicFilter {
    /// Whether every topic that `narrow` selects is one that `wide` selects (MQTT 3.1.1 §4.7); of a Shared Subscription
    /// the filter behind its group counts (5.0 §4.8.2).
    ///
    /// Takes time in proportion to the two lengths; both are meant to be valid filters.
    public static func covers(_ wide: RawSpan, _ narrow: RawSpan) -> Bool {
        var narrowStart = startOfFilter(narrow)
        // §4.7.2: what begins with `$` is selected by none that begins with a wildcard.
        if narrow.byte(at: narrowStart) == UInt8(ascii: "$"), let first = wide.byte(at: 0), isWildcard(first) {
            return false
        }
        var wideStart = 0
        while true {
            if wide.byte(at: wideStart) == multiLevelWildcard { return true }
            let wideLevel = wideStart..<endOfLevel(in: wide, from: wideStart)
            let narrowLevel = narrowStart..<endOfLevel(in: narrow, from: narrowStart)
            if narrow.byte(at: narrowStart) == multiLevelWildcard { return false }
            guard isLevel(wideLevel, of: wide, matching: narrowLevel, of: narrow) else { return false }
            wideStart = wideLevel.upperBound + 1
            narrowStart = narrowLevel.upperBound + 1
            let wideHasMore = wideStart <= wide.byteCount
            let narrowHasMore = narrowStart <= narrow.byteCount
            if !wideHasMore { return !narrowHasMore }
            if !narrowHasMore { return wide.byte(at: wideStart) == multiLevelWildcard }
        }
    }

    /// Behind `$share/` and the Share Name; the beginning of every other filter.
    public static func startOfFilter(_ filter: RawSpan) -> Int {
        guard isShared(filter) else { return 0 }
        return min(endOfLevel(in: filter, from: sharePrefix.utf8.count) + 1, filter.byteCount)
    }
}
