import Bytes

/// The rules for Topic Names and Topic Filters and for how they match (MQTT 3.1.1 §4.7); allocates nothing.
public enum TopicFilter {
    static let levelSeparator = UInt8(ascii: "/")
    private static let singleLevelWildcard = UInt8(ascii: "+")
    static let multiLevelWildcard = UInt8(ascii: "#")

    /// Whether `name` may be published to: 1 to 65,535 octets, well-formed, no wildcard (§4.7.1, §4.7.3).
    public static func isValidName(_ name: RawSpan) -> Bool {
        hasValidByteCount(name) && !hasWildcards(name) && name.isWellFormedString
    }

    /// Whether `filter` may be subscribed to: 1 to 65,535 octets, well-formed, wildcards in place (§4.7.1, §4.7.3).
    public static func isValidFilter(_ filter: RawSpan) -> Bool {
        hasValidByteCount(filter) && hasWildcardsInPlace(filter) && filter.isWellFormedString
    }

    /// Whether `filter` holds `+` or `#` anywhere.
    public static func hasWildcards(_ filter: RawSpan) -> Bool {
        filter.holds(singleLevelWildcard, or: multiLevelWildcard)
    }

    /// Whether the topic `name` is one of those that `filter` selects (§4.7.1, §4.7.2).
    ///
    /// Takes time in proportion to the two lengths. Both are meant to be valid; if they are not, the answer means
    /// nothing but nothing else happens.
    public static func matches(filter: RawSpan, name: RawSpan) -> Bool {
        // §4.7.2: a filter that begins with a wildcard does not match a name that begins with `$`.
        if name.byte(at: 0) == UInt8(ascii: "$"), let first = filter.byte(at: 0), isWildcard(first) { return false }
        var filterStart = 0
        var nameStart = 0
        while true {
            if filter.byte(at: filterStart) == multiLevelWildcard { return true }
            let filterLevel = filterStart..<endOfLevel(in: filter, from: filterStart)
            let nameLevel = nameStart..<endOfLevel(in: name, from: nameStart)
            guard isLevel(filterLevel, of: filter, matching: nameLevel, of: name) else { return false }
            filterStart = filterLevel.upperBound + 1
            nameStart = nameLevel.upperBound + 1
            // A level that ends before the last octet is followed by a separator, and so by another level.
            let filterHasMore = filterStart <= filter.byteCount
            let nameHasMore = nameStart <= name.byteCount
            if !filterHasMore { return !nameHasMore }
            // §4.7.1.2: the multi-level wildcard also stands for its parent level.
            if !nameHasMore { return filter.byte(at: filterStart) == multiLevelWildcard }
        }
    }

    /// Whether `filter` is that of a Shared Subscription, of which only MQTT 5.0 knows (5.0 §4.8.2).
    public static func isShared(_ filter: RawSpan) -> Bool {
        for (index, octet) in sharePrefix.utf8.enumerated() where filter.byte(at: index) != octet { return false }
        return true
    }

    static var sharePrefix: String { "$share/" }

    /// Whether a Shared Subscription's filter has a Share Name without wildcards and a Topic Filter (5.0 §4.8.2).
    static func hasShareNameAndFilter(_ filter: RawSpan) -> Bool {
        let start = sharePrefix.utf8.count
        let end = endOfLevel(in: filter, from: start)
        guard end > start, end + 1 < filter.byteCount else { return false }
        return !hasWildcards(filter.extracting(start..<end))
    }

    /// Whether every wildcard fills a level of its own, and `#` only the last one (§4.7.1.2, §4.7.1.3).
    static func hasWildcardsInPlace(_ filter: RawSpan) -> Bool {
        guard hasWildcards(filter) else { return true }
        for index in 0..<filter.byteCount {
            let octet = filter[unchecked: index]
            guard isWildcard(octet) else { continue }
            guard index == 0 || filter[unchecked: index - 1] == levelSeparator else { return false }
            let next = filter.byte(at: index + 1)
            guard next == nil || (octet == singleLevelWildcard && next == levelSeparator) else { return false }
        }
        return true
    }

    static func isLevel(
        _ filterLevel: ByteRange, of filter: RawSpan, matching nameLevel: ByteRange, of name: RawSpan
    ) -> Bool {
        if filterLevel.count == 1, filter[unchecked: filterLevel.lowerBound] == singleLevelWildcard { return true }
        return filter.equals(name.extracting(nameLevel), in: filterLevel)
    }

    static func endOfLevel(in topic: RawSpan, from start: Int) -> Int {
        var index = start
        while index < topic.byteCount, topic[unchecked: index] != levelSeparator { index += 1 }
        return index
    }

    static func isWildcard(_ octet: UInt8) -> Bool {
        octet == singleLevelWildcard || octet == multiLevelWildcard
    }

    private static func hasValidByteCount(_ topic: RawSpan) -> Bool {
        (1...Int(UInt16.max)).contains(topic.byteCount)
    }
}
