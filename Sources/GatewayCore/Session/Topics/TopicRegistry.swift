import MQTTSN

/// One session's normal topic ids: which name each stands for and whether the client has been told (MQTT-SN 1.2 §6.5).
struct TopicRegistry {
    /// What the client is known to think of an id.
    enum Standing: UInt8 {
        /// It must get a REGISTER before the gateway may use the id (GW-34).
        case unknown
        /// It has the id from a REGACK, a SUBACK or its own acceptance of a REGISTER.
        case known
        /// It rejected the gateway's REGISTER; the name is not delivered to it (GW-37).
        case rejected
    }

    struct Entry {
        var name: TopicNameIndex
        var standing: Standing
    }

    /// The id of the entry at index i is i + 1: ids count up and are never used twice in a session (AMB-27).
    private var entries: [Entry] = []
    /// The ids of all names, once there are so many that looking through them would take long.
    private var idByName: [TopicNameIndex: TopicID] = [:]
    /// Most clients have fewer names than this.
    private static let fewNames = 16

    var count: Int { entries.count }

    func id(for name: TopicNameIndex) -> TopicID? {
        guard entries.count <= Self.fewNames else { return idByName[name] }
        return entries.lastIndex { $0.name == name }.map { TopicID($0 + 1) }
    }

    func entry(_ id: TopicID) -> Entry? {
        id > 0 && Int(id) <= entries.count ? entries[Int(id) - 1] : nil
    }

    /// Gives the name the next id; nil when `limit` names have one (GW-30).
    ///
    /// The registry uses the name from now on.
    mutating func assign(_ name: TopicNameIndex, limit: Int, in names: inout TopicNameTable) -> TopicID? {
        guard entries.count < min(limit, 0xFFFE) else { return nil }
        names.use(name)
        entries.append(Entry(name: name, standing: .unknown))
        let id = TopicID(entries.count)
        if entries.count == Self.fewNames + 1 {
            for index in entries.indices { idByName[entries[index].name] = TopicID(index + 1) }
        } else if entries.count > Self.fewNames {
            idByName[name] = id
        }
        return id
    }

    mutating func setStanding(_ standing: Standing, of id: TopicID) {
        guard id > 0, Int(id) <= entries.count else { return }
        entries[Int(id) - 1].standing = standing
    }

    /// After a reconnect the client's ids are still good, but the gateway tells it again before using them (GW-39).
    mutating func forgetStandings() {
        for index in entries.indices where entries[index].standing == .known {
            entries[index].standing = .unknown
        }
    }

    mutating func removeAll(in names: inout TopicNameTable) {
        for entry in entries { names.release(entry.name) }
        entries = []
        idByName = [:]
    }
}
