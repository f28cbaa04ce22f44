import Bytes
package import MQTTSN

/// Which topic id a client's name gets wherever that is free: it follows from the ClientId and the name alone, and so
/// is the same in every life of the gateway (AMB-27).
package enum PreferredTopicID {
    /// So many ids there are: 1…0xFFFE (GW-33).
    static let count = 0xFFFE

    /// FNV-1a over both names, which hold no U+0000, with one between them; then MurmurHash3's finish, as the low
    /// digits of FNV-1a depend too little on the first octets.
    package static func of(_ name: RawSpan, clientID: RawSpan) -> TopicID {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        add(clientID, to: &hash)
        hash = hash &* prime
        add(name, to: &hash)
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        hash ^= hash >> 33
        return TopicID(truncatingIfNeeded: hash % UInt64(count)) + 1
    }

    /// The id to try where `id` belongs to another name.
    static func following(_ id: TopicID) -> TopicID { Int(id) == count ? 1 : id + 1 }

    private static let prime: UInt64 = 0x100_0000_01B3

    private static func add(_ octets: RawSpan, to hash: inout UInt64) {
        for index in 0..<octets.byteCount { hash = (hash ^ UInt64(octets[unchecked: index])) &* prime }
    }
}
