import Bytes
import MQTT

/// The Topic Aliases of one broker connection: which number the broker knows a topic name by (MQTT 5.0 §3.3.2.3.4).
///
/// **What it owns.** The names, behind each other as octets, in the order in which they got their aliases.
/// **Invariant.** There are no more of them than `maximum`; their aliases are all those from 1 on, each there once.
/// **Which one gives way.** The oldest, as then a message whose topic is known changes nothing here; and only for every
/// fourth message whose topic is not, so that a client that speaks of more topics in turn than there are aliases does
/// not renew one for each of its messages and never use it.
struct TopicAliasTable {
    /// How a PUBLISH names its topic.
    enum Choice: Equatable {
        /// By its name alone.
        case name
        /// By its name, which an alias stands for from then on.
        case both(UInt8)
        /// By the alias alone.
        case alias(UInt8)

        /// 0 where there is none.
        @inline(__always)
        var alias: UInt16 {
            switch self {
            case .name: 0
            case .both(let alias), .alias(let alias): UInt16(alias)
            }
        }

        @inline(__always)
        var isNameWritten: Bool {
            switch self {
            case .name, .both: true
            case .alias: false
            }
        }
    }

    /// An alias takes as many octets in a packet.
    static let octetsInPacket = 3
    /// A name that an alias would not make shorter, or that has no room here, has none.
    static let nameByteCounts = octetsInPacket + 1...Int(UInt8.max)
    /// Every so many messages whose topics have no alias, one gets that of another.
    private static let missesPerReplacement: UInt8 = 4

    /// Of each its alias, its length and its octets.
    private var names: [UInt8] = []
    private var count: UInt8 = 0
    private var missCount: UInt8 = 0
    /// How many the broker and the owner take.
    private(set) var maximum: UInt8 = 0

    init(maximum: UInt8 = 0) { self.maximum = maximum }

    /// Forgets all names, of which the broker may not know what they stand for; the connection is the same.
    mutating func forgetNames() { self = TopicAliasTable(maximum: maximum) }

    /// How a PUBLISH that is written now names the topic of `prefix` and `name` behind it. `hasRoom` says whether it
    /// may carry an alias besides its name.
    mutating func choose(for prefix: RawSpan, _ name: RawSpan, hasRoom: Bool) -> Choice {
        let byteCount = prefix.byteCount + name.byteCount
        guard maximum > 0, Self.nameByteCounts.contains(byteCount) else { return .name }
        if let alias = alias(of: prefix, name) { return .alias(alias) }
        guard hasRoom else { return .name }
        if count < maximum {
            count += 1
            append(count, prefix, name, byteCount)
            return .both(count)
        }
        missCount += 1
        guard missCount == Self.missesPerReplacement else { return .name }
        missCount = 0
        let alias = names[0]
        names.removeFirst(2 + Int(names[1]))
        append(alias, prefix, name, byteCount)
        return .both(alias)
    }

    private mutating func append(_ alias: UInt8, _ prefix: RawSpan, _ name: RawSpan, _ byteCount: Int) {
        names.append(alias)
        names.append(UInt8(byteCount))
        names.append(prefix)
        names.append(name)
    }

    private func alias(of prefix: RawSpan, _ name: RawSpan) -> UInt8? {
        let byteCount = prefix.byteCount + name.byteCount
        let octets = names.span.bytes
        var position = 0
        while position < octets.byteCount {
            let start = position + 2
            let end = start + Int(octets[unchecked: position + 1])
            let middle = start + prefix.byteCount
            if end - start == byteCount, octets.equals(name, in: middle..<end),
                octets.equals(prefix, in: start..<middle)
            {
                return octets[unchecked: position]
            }
            position = end
        }
        return nil
    }
}

extension TopicAliasTable {
    /// What does not hold here; nil if all does.
    func checkInvariants() -> String? {
        var (position, aliases) = (0, Set<UInt8>())
        while position < names.count {
            guard position + 1 < names.count else { return "a topic alias has no length" }
            aliases.insert(names[position])
            let byteCount = Int(names[position + 1])
            guard Self.nameByteCounts.contains(byteCount) else { return "a topic alias stands for what it may not" }
            position += 2 + byteCount
        }
        if position != names.count { return "a topic alias has lost its name" }
        if count > maximum || aliases.count != Int(count) { return "topic aliases are not what they are counted as" }
        return aliases.allSatisfy { (1...count).contains($0) } ? nil : "a topic alias is out of its range"
    }
}

/// Those of all connections, by the connection's place.
///
/// **Invariant.** Nothing is here as long as no broker has said that it takes aliases.
struct TopicAliases {
    private var tables: [TopicAliasTable] = []

    /// The stream of the connection is new or over, and its aliases with it (MQTT 5.0 §3.3.2.3.4).
    @inline(__always)
    mutating func reset(on slot: UInt32) {
        if Int(slot) < tables.count { tables[Int(slot)] = TopicAliasTable() }
    }

    /// The broker takes so many on the connection, which is new.
    mutating func begin(_ maximum: UInt8, on slot: UInt32) {
        guard maximum > 0 else { return reset(on: slot) }
        while tables.count <= Int(slot) { tables.append(TopicAliasTable()) }
        tables[Int(slot)] = TopicAliasTable(maximum: maximum)
    }

    mutating func forgetNames(on slot: UInt32) {
        if Int(slot) < tables.count { tables[Int(slot)].forgetNames() }
    }

    /// Whether PUBLISHes on the connection may have aliases.
    @inline(__always)
    func areUsed(on slot: UInt32) -> Bool { Int(slot) < tables.count && tables[Int(slot)].maximum > 0 }

    /// See `TopicAliasTable.choose`; the connection uses aliases.
    mutating func choose(
        for prefix: RawSpan, _ name: RawSpan, hasRoom: Bool, on slot: UInt32
    ) -> TopicAliasTable.Choice {
        tables[Int(slot)].choose(for: prefix, name, hasRoom: hasRoom)
    }

    /// What does not hold here; nil if all does. `hasStream` tells of a place whether its connection has one.
    func checkInvariants(hasStream: (UInt32) -> Bool) -> String? {
        for index in tables.indices {
            if let violation = tables[index].checkInvariants() { return violation }
            if tables[index].maximum > 0, !hasStream(UInt32(index)) { return "topic aliases have outlived a stream" }
        }
        return nil
    }
}

extension Environment {
    /// How the PUBLISH that is now written names its topic.
    @inline(__always)
    mutating func aliasChoice(
        _ qos: QoS, _ topicPrefix: [UInt8], _ topicName: RawSpan, payloadByteCount: Int, on slot: UInt32
    ) -> TopicAliasTable.Choice {
        guard aliases.areUsed(on: slot) else { return .name }
        // What the broker's Maximum Packet Size lets pass by its name passes by its alias, but perhaps not with both;
        // one octet more is for a length of properties that grows by it.
        let excess = upstreams[slot].limits.excess(
            of: topicPrefix.count + topicName.byteCount, payloadByteCount, qos, retain: false,
            wayByteCount: wayByteCount(on: slot) + TopicAliasTable.octetsInPacket + 1)
        return aliases.choose(for: topicPrefix.span.bytes, topicName, hasRoom: excess == nil, on: slot)
    }
}
