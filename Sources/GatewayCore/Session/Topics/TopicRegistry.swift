import MQTTSN
import Time

/// One session's normal topic ids: which name each stands for, who wanted it and whether the client has been told
/// (MQTT-SN 1.2 §6.5).
///
/// **What it owns.** The pairs of id and name, one hold on each of those names in the gateway's table, and for ids that
/// nobody has asked for the time of their last use. A session with few names, as most are, pays eight octets for each;
/// the rest of the state exists only once it is needed.
///
/// **Which id.** The one that follows from ClientId and name, or the next free one. The gateway has no memory over its
/// own end, and a client keeps ids that it was told in an earlier life: with these it finds the same name behind them,
/// or none. Only where two names of a client want one id, 65,534 being few, the order decides.
///
/// **How long.** An id that the client has asked for, by REGISTER or SUBSCRIBE, stands for its name until the session
/// ends. One that the gateway gave for a delivery is forgotten where another name needs the room: the one whose last
/// use is longest ago, and none that was used within the client's patience, as messages under it may still be on their
/// way. So a wildcard may see any number of names. Where the client has asked for all that it may have, one more place
/// is for deliveries, so that none waits for ever. A client that uses a forgotten id is told that it is unknown (0x02).
///
/// **Awkward cases.** A name that the client has been offered and has not accepted is not what the client means by that
/// id: it may be an id of an earlier life. So an id is good for the client's own messages only after its REGACK, SUBACK
/// or acceptance. Room is not only places: where the octets of all names are used up, each session may still have its
/// share of them, whoever has filled the rest.
///
/// **Invariants.** No id and no name stands twice; ids are 1…0xFFFE; see `checkInvariants`.
struct TopicRegistry {
    /// What the client is known to think of an id.
    enum Standing: UInt8 {
        /// It must get a REGISTER before the gateway may use the id (GW-34).
        case unknown
        /// It has the id from a REGACK, a SUBACK or its own acceptance of a REGISTER.
        case known
        /// It rejected the gateway's REGISTER; the name is not delivered to it (GW-37).
        case rejected
        /// It was heard and did not answer the gateway's REGISTER: it is not asked again before there is hope.
        case ignored
        /// The same, but it has had the id before: that is used until the client denies it.
        case assumed
    }

    /// Who wanted the id.
    enum Origin: UInt8 {
        /// The client, by REGISTER or SUBSCRIBE.
        case asked
        /// The gateway, for a delivery.
        case given
    }

    struct Entry {
        var name: TopicNameIndex
        var id: TopicID
        var standing = Standing.unknown
        fileprivate var marks: Marks

        /// Whether the client has asked for the id.
        var isAsked: Bool { marks.contains(.asked) }
        /// Whether the client has had the id from this session, in this connection or an earlier one. Before that it
        /// may mean another name by it.
        var isTold: Bool { marks.contains(.told) }
        /// Whether the gateway may use the id towards the client.
        var isUsable: Bool { standing == .known || standing == .assumed }
        /// Whether the client was asked to learn the id, and has not answered in time.
        var isPassedOver: Bool { standing == .ignored || standing == .assumed }
    }

    struct Marks: OptionSet, Hashable {
        let rawValue: UInt8
        static let asked = Marks(rawValue: 1)
        static let told = Marks(rawValue: 2)
        /// It has denied the id when that was assumed.
        static let denied = Marks(rawValue: 4)
    }

    /// In no order that matters; a place is a position in it.
    private var entries: [Entry] = []
    /// One element, or none as long as there are few names and all of them were asked for.
    private var details: [Details] = []

    private struct Details {
        /// The places of all ids and names, once there are so many that looking through them would take long.
        var placeByID = PlaceTable()
        var placeByName = PlaceTable()
        /// When the id at a place was used last; empty before the gateway has given one.
        var lastUses: [Instant] = []
        /// Before this no given id has been unused for long enough.
        var noneFreeBefore = Instant(nanoseconds: 0)
    }

    /// Most clients have no more names than this.
    private static let fewNames = 16

    private var isIndexed: Bool { entries.count > Self.fewNames }
    private var tracksUse: Bool { details.first?.lastUses.isEmpty == false }

    // MARK: Looking

    var count: Int { entries.count }

    /// All of them, in no order that matters.
    var all: some RandomAccessCollection<Entry> { entries }

    func id(for name: TopicNameIndex) -> TopicID? { place(of: name).map { entries[$0].id } }

    func entry(_ id: TopicID) -> Entry? { place(of: id).map { entries[$0] } }

    /// Octets of all names here, with what it takes to keep and to hold them.
    func byteCount(in names: TopicNameTable) -> Int { entries.reduce(0) { $0 + names.heldByteCount(of: $1.name) } }

    /// Octets of filters that the client holds, besides those of the names here.
    func byteCount(ofFilters filters: [TopicNameIndex], in names: TopicNameTable) -> Int {
        filters.reduce(0) { $0 + (id(for: $1) == nil ? names.heldByteCount(of: $1) : Limits.nameUseByteCount) }
    }

    private func place(of id: TopicID) -> Int? {
        guard isIndexed else { return entries.firstIndex { $0.id == id } }
        return details[0].placeByID[UInt32(id)]
    }

    private func place(of name: TopicNameIndex) -> Int? {
        guard isIndexed else { return entries.firstIndex { $0.name == name } }
        return details[0].placeByName[name.rawValue]
    }

    // MARK: Giving

    /// What there is room for, and whose names these are.
    struct Conditions {
        var clientID: ClientID
        /// Names in one session.
        var nameCount: Int
        /// Octets of names that this session may have at most; `.max` while those of all sessions have room.
        var byteCount: Int
        /// Octets of names that it has besides; counted where that is so.
        var otherByteCount = 0
        var now: Instant
        /// How long after its last use a given id may still be on its way.
        var patience: TimeSpan
    }

    /// Gives an id to a name that has none; nil where there is no room and nothing that could make it (GW-30).
    ///
    /// The registry holds the name from now on.
    mutating func assign(
        _ name: TopicNameIndex, _ origin: Origin, _ conditions: Conditions, in names: inout TopicNameTable
    ) -> TopicID? {
        guard makeRoom(for: names.heldByteCount(of: name), conditions, in: &names) || origin == .given && mayUseReserve
        else { return nil }
        let bytes = names.name(name)
        var id = PreferredTopicID.of(bytes.span.bytes, clientID: conditions.clientID.bytes.span.bytes)
        while place(of: id) != nil { id = PreferredTopicID.following(id) }
        names.hold(name)
        append(Entry(name: name, id: id, marks: origin == .asked ? .asked : []), at: conditions.now)
        return id
    }

    /// Whether a delivery may have an id beyond every limit: where the client has asked for all that there is room for,
    /// one place is for deliveries, so that none waits for ever.
    private var mayUseReserve: Bool { entries.count < PreferredTopicID.count && entries.allSatisfy(\.isAsked) }

    /// Forgets given ids, the least recently used first, until a name of so many octets fits.
    private mutating func makeRoom(
        for byteCount: Int, _ conditions: Conditions, in names: inout TopicNameTable
    ) -> Bool {
        var ownByteCount = 0
        var allowance = Int.max
        if conditions.byteCount != .max {
            ownByteCount = self.byteCount(in: names) + conditions.otherByteCount
            allowance = max(conditions.byteCount, ownByteCount)
        }
        while entries.count >= min(conditions.nameCount, PreferredTopicID.count - 1)
            || ownByteCount + byteCount > allowance
        {
            guard let place = takeForgettable(conditions) else { return false }
            ownByteCount -= names.heldByteCount(of: entries[place].name)
            names.letGo(entries[place].name)
            remove(at: place)
        }
        return true
    }

    /// The place of the given id whose last use is longest ago, if that is long enough.
    private mutating func takeForgettable(_ conditions: Conditions) -> Int? {
        guard tracksUse, details[0].noneFreeBefore <= conditions.now else { return nil }
        var oldest: Int?
        var oldestUse = conditions.now
        for place in entries.indices where !entries[place].isAsked {
            let use = details[0].lastUses[place]
            if use < oldestUse { (oldest, oldestUse) = (place, use) }
        }
        guard let oldest, conditions.now.since(oldestUse) >= conditions.patience else {
            details[0].noneFreeBefore = oldestUse + conditions.patience
            return nil
        }
        return oldest
    }

    // MARK: Noting

    /// The client asks for the name of an id that it may so far have been given only.
    ///
    /// - Returns: false where that would leave no place for deliveries.
    mutating func ask(for id: TopicID, nameCount: Int) -> Bool {
        guard let place = place(of: id) else { return false }
        guard entries[place].isAsked || entries.count <= min(nameCount, PreferredTopicID.count - 1) else {
            return false
        }
        entries[place].marks.insert(.asked)
        return true
    }

    /// A message under the id leaves for the client, or an offer of the id.
    @inline(__always)
    mutating func noteUse(_ id: TopicID, at now: Instant) {
        guard tracksUse else { return }
        if let place = place(of: id) { details[0].lastUses[place] = now }
    }

    /// The name that the client means by an id in a message of its own; nil where the client cannot have it from this
    /// session.
    mutating func nameUsedByClient(_ id: TopicID, at now: Instant) -> TopicNameIndex? {
        guard let place = place(of: id), entries[place].isTold else { return nil }
        if tracksUse { details[0].lastUses[place] = now }
        return entries[place].name
    }

    mutating func setStanding(_ standing: Standing, of id: TopicID) {
        guard let place = place(of: id) else { return }
        entries[place].standing = standing
        switch standing {
        case .known: entries[place].marks = entries[place].marks.union(.told).subtracting(.denied)
        case .rejected: entries[place].marks.remove(.told)
        case .unknown, .ignored, .assumed: break
        }
    }

    /// The client was heard and left the REGISTER of the id unanswered.
    mutating func noteIgnored(_ id: TopicID) {
        guard let place = place(of: id) else { return }
        let marks = entries[place].marks
        entries[place].standing = marks.contains(.told) && !marks.contains(.denied) ? .assumed : .ignored
    }

    /// The client says that it does not know the id.
    ///
    /// - Returns: whether it may be told again; not where it has left that unanswered.
    mutating func noteDenied(_ id: TopicID) -> Bool {
        guard let place = place(of: id) else { return false }
        guard entries[place].standing == .assumed else {
            if entries[place].standing != .rejected { entries[place].standing = .unknown }
            return entries[place].standing != .rejected
        }
        entries[place].standing = .ignored
        entries[place].marks.insert(.denied)
        return false
    }

    /// After a reconnect the client's ids are still good, but the gateway tells it again before using them (GW-39).
    mutating func forgetStandings() {
        for place in entries.indices where entries[place].standing != .rejected {
            entries[place].standing = .unknown
        }
    }

    mutating func removeAll(in names: inout TopicNameTable) {
        for entry in entries { names.letGo(entry.name) }
        entries = []
        details = []
    }

    // MARK: Places

    private mutating func append(_ entry: Entry, at now: Instant) {
        entries.append(entry)
        if !entry.isAsked, !tracksUse {
            if details.isEmpty { details = [Details()] }
            // What was asked for has no use that matters.
            details[0].lastUses = Array(repeating: now, count: entries.count)
        } else if tracksUse {
            details[0].lastUses.append(now)
        }
        if entries.count == Self.fewNames + 1 {
            if details.isEmpty { details = [Details()] }
            for place in entries.indices { index(place) }
        } else if isIndexed {
            index(entries.count - 1)
        }
    }

    /// The last entry takes the place of the one that goes.
    private mutating func remove(at place: Int) {
        let gone = entries[place]
        let last = entries.count - 1
        if isIndexed {
            details[0].placeByID[UInt32(gone.id)] = nil
            details[0].placeByName[gone.name.rawValue] = nil
        }
        entries[place] = entries[last]
        entries.removeLast()
        if tracksUse {
            details[0].lastUses[place] = details[0].lastUses[last]
            details[0].lastUses.removeLast()
        }
        if entries.count == Self.fewNames {
            details[0].placeByID = PlaceTable()
            details[0].placeByName = PlaceTable()
        } else if isIndexed, place < last {
            index(place)
        }
    }

    private mutating func index(_ place: Int) {
        details[0].placeByID[UInt32(entries[place].id)] = place
        details[0].placeByName[entries[place].name.rawValue] = place
    }
}

extension TopicRegistry {
    /// What does not hold here; nil if all does.
    func checkInvariants() -> String? {
        if Set(entries.map(\.id)).count != entries.count { return "an id stands for two names" }
        if Set(entries.map(\.name)).count != entries.count { return "a name has two ids" }
        if entries.contains(where: { $0.id == 0 || $0.id == 0xFFFF }) { return "a reserved id is given" }
        guard let details = details.first else {
            if isIndexed { return "many ids are not indexed" }
            return entries.contains { !$0.isAsked } ? "the use of given ids is not tracked" : nil
        }
        if self.details.count > 1 { return "details twice" }
        if !details.lastUses.isEmpty || entries.contains(where: { !$0.isAsked }),
            details.lastUses.count != entries.count
        {
            return "uses and ids differ in number"
        }
        let indexedCount = isIndexed ? entries.count : 0
        if details.placeByID.count != indexedCount || details.placeByName.count != indexedCount {
            return "the index has not as many ids as there are"
        }
        for place in entries.indices where isIndexed {
            let entry = entries[place]
            if self.place(of: entry.id) != place || self.place(of: entry.name) != place {
                return "the index leads astray"
            }
        }
        return nil
    }
}

// MARK: - Record

extension TopicRegistry {
    /// What must outlive the process: every id, in the registry's order.
    struct Record: Hashable, Sendable {
        /// An id, its name and what the client knows of it.
        struct Name: Hashable, Sendable {
            var name: [UInt8]
            var id: TopicID
            var standing: Standing
            var marks: Marks
            /// How long ago the id was used; nil where that does not matter.
            var unusedFor: TimeSpan?
        }

        var all: [Name]
    }

    func record(at now: Instant, in names: borrowing TopicNameTable) -> Record {
        var record = Record(all: [])
        for (place, entry) in entries.enumerated() {
            record.all.append(
                Record.Name(
                    name: names.name(entry.name), id: entry.id, standing: entry.standing, marks: entry.marks,
                    unusedFor: tracksUse ? now.since(details[0].lastUses[place]) : nil))
        }
        return record
    }

    /// A registry with everything that stands in a record without fault.
    init(_ record: Record, at now: Instant, in names: inout TopicNameTable) {
        for known in record.all {
            let name = names.hold(known.name.span.bytes)
            append(Entry(name: name, id: known.id, standing: known.standing, marks: known.marks), at: now)
        }
        let lastUses = record.all.compactMap { $0.unusedFor.map { now - $0 } }
        guard !lastUses.isEmpty else { return }
        if details.isEmpty { details = [Details()] }
        details[0].lastUses = lastUses
    }
}
