import Bytes

/// A topic name or filter that is kept once for the whole gateway.
struct TopicNameIndex: Hashable, Sendable {
    var rawValue: UInt32
}

/// Every topic name and filter that somebody in the gateway needs, each kept once and counted.
///
/// Whoever keeps an index has one use of it: registries for each id, subscriptions and open requests for their filters,
/// waiting messages for their topics, and the pre-defined topics for ever. What is only looked at during one event is
/// used and released within it. So the table is empty of what nobody needs. What clients have asked for or been given
/// is held, which counts in the limit on names; what waits counts its name by itself, and pre-defined topics are the
/// owner's.
struct TopicNameTable {
    private var names = CountedNameTable()
    /// All topic names are names of the one broker.
    private static let scope: UInt64 = 0

    var count: Int { names.count }

    /// Octets of all names that clients hold, and what it takes to keep and to hold them.
    var heldByteCount: Int { names.heldByteCount }

    /// Whether a session may take this name, which is in use, only as part of its share.
    func isFull(for name: TopicNameIndex, _ limits: Limits) -> Bool {
        heldByteCount + heldByteCount(of: name) > limits.topicNamesCommonByteCount
    }

    /// Octets of a name in use.
    func byteCount(of index: TopicNameIndex) -> Int { names.byteCount(of: index.rawValue) }

    /// Octets that a name in use counts where one client holds it.
    func heldByteCount(of index: TopicNameIndex) -> Int {
        byteCount(of: index) + Limits.nameOverheadByteCount + Limits.nameUseByteCount
    }

    /// The bytes of a name in use.
    func name(_ index: TopicNameIndex) -> [UInt8] { names.name(index.rawValue) }

    /// The name's index, whether or not it is in the table yet; the caller now uses it and must `release` it.
    mutating func use(_ name: RawSpan) -> TopicNameIndex {
        TopicNameIndex(rawValue: names.use(name, in: Self.scope))
    }

    /// One more user of a name that is in use.
    mutating func use(_ index: TopicNameIndex) { names.use(index.rawValue) }

    /// One user less; the last one takes the name with it.
    mutating func release(_ index: TopicNameIndex) { names.release(index.rawValue) }

    /// The name's index, whether or not it is in the table yet; the caller now holds it and must let it go.
    mutating func hold(_ name: RawSpan) -> TopicNameIndex {
        let index = use(name)
        hold(index)
        release(index)
        return index
    }

    /// One more user of a name that is in use, by whom it counts.
    mutating func hold(_ index: TopicNameIndex) { names.hold(index.rawValue) }

    /// One user less by whom it counts.
    mutating func letGo(_ index: TopicNameIndex) { names.letGo(index.rawValue) }

    /// The index of a name that is in use, without using it.
    func find(_ name: RawSpan) -> TopicNameIndex? {
        names.find(name, in: Self.scope).map { TopicNameIndex(rawValue: $0) }
    }

    /// What does not hold here; nil if all does.
    func checkInvariants() -> String? { names.checkInvariants() }
}
