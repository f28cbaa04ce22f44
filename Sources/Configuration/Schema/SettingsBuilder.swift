import GatewayCore

/// Fills the settings from a parsed file, key by key, and collects what is wrong.
struct SettingsBuilder {
    let text: SourceText
    var settings = Settings()
    private(set) var errors: [SourceError] = []
    /// What is to be known of the file although it can be used.
    var warnings: [SourceError] = []
    /// Where the values of the keys that stand in the file once begin.
    var seen = SeenKeys()
    /// The `[[topic]]`s that are complete, with their places.
    var topics: [(entry: PredefinedTopics.Entry, seen: SeenKeys)] = []
    /// The `[[udp]]`s that are complete, with their places.
    var listeners: [(listener: Listener, seen: SeenKeys)] = []
    /// The `[[serial]]`s that are complete, with their places.
    var serials: [(serial: Serial, seen: SeenKeys)] = []
    /// The `[[client]]`s, with their places.
    var clients: [(entry: ClientEntry, seen: SeenKeys)] = []

    private let secrets: SecretSource
    /// The files that secrets were read from, and whether one stands in the text itself.
    private var secretFiles: [String] = []
    private var hasSecretInTheOpen = false

    init(text: SourceText, secrets: SecretSource) { (self.text, self.secrets) = (text, secrets) }

    /// Reads every key of the file, then checks what several keys must keep between them.
    mutating func fill(from root: TOMLTable) {
        for entry in root.entries {
            switch entry.key {
            case "udp": fillListeners(from: entry, isOnlyKind: root["serial"] == nil)
            case "serial": fillSerials(from: entry)
            case "topic": fillTopics(from: entry)
            case "client": fillClients(from: entry)
            default:
                // Taken out for the call, which also writes the errors.
                var (target, seen) = (settings, seen)
                fill(&target, from: entry, under: "", by: Schema.settings, &seen)
                (settings, self.seen) = (target, seen)
            }
        }
        // A file that names serial lines and no listener wants none; one that names neither has the usual listeners.
        if root["udp"] == nil, !serials.isEmpty { settings.host.listeners = [] }
        if root["udp"] != nil || !serials.isEmpty {
            settings.gateway.links = listeners.map(\.listener.link) + serials.map(\.serial.link)
        }
        settings.nameLinks()
        setClients()
        (settings.host.secretFiles, settings.host.hasSecretInTheOpen) = (secretFiles, hasSecretInTheOpen)
        checkTogether()
    }

    private mutating func fillListeners(from entry: TOMLEntry, isOnlyKind: Bool) {
        guard let tables = tables(of: entry) else { return }
        guard !tables.isEmpty || !isOnlyKind, tables.count <= HostSettings.maximumListenerCount else {
            let limit = HostSettings.maximumListenerCount
            return report(entry.keyOffset, "there must be 1 to \(limit) [[udp]] listeners; found \(tables.count)")
        }
        for table in tables {
            var listener = Listener()
            var seen = SeenKeys()
            if fill(&listener, from: table, under: entry.key, by: Schema.listener, &seen) {
                listeners.append((listener, seen))
            }
        }
        settings.host.listeners = listeners.map(\.listener.endpoint)
    }

    private mutating func fillSerials(from entry: TOMLEntry) {
        guard let tables = tables(of: entry) else { return }
        guard !tables.isEmpty, tables.count <= HostSettings.maximumSerialPortCount else {
            let limit = HostSettings.maximumSerialPortCount
            return report(entry.keyOffset, "there must be 1 to \(limit) [[serial]] lines; found \(tables.count)")
        }
        for table in tables {
            var serial = Serial()
            var seen = SeenKeys()
            if fill(&serial, from: table, under: entry.key, by: Schema.serial, &seen) {
                serials.append((serial, seen))
            }
        }
        settings.host.serialPorts = serials.map(\.serial.port)
    }

    private mutating func fillTopics(from entry: TOMLEntry) {
        for table in tables(of: entry) ?? [] {
            var topic = PredefinedTopics.Entry(topicID: 0, topicName: [])
            var seen = SeenKeys()
            if fill(&topic, from: table, under: entry.key, by: Schema.topic, &seen) {
                topics.append((topic, seen))
            }
        }
        settings.gateway.predefinedTopics = PredefinedTopics(topics.map(\.entry))
    }

    private mutating func fillClients(from entry: TOMLEntry) {
        guard let tables = tables(of: entry) else { return }
        guard tables.count <= ClientRule.maximumCount else {
            let limit = ClientRule.maximumCount
            return report(entry.keyOffset, "there must be at most \(limit) [[client]] rules; found \(tables.count)")
        }
        for table in tables {
            var client = ClientEntry()
            var seen = SeenKeys()
            if fill(&client, from: table, under: entry.key, by: Schema.client, &seen) {
                clients.append((client, seen))
            }
        }
    }

    /// The tables of a `[[name]]`; nil and an error when it is something else.
    private mutating func tables(of entry: TOMLEntry) -> [TOMLTable]? {
        switch entry.value.value {
        case .tables(let list):
            return list.tables
        case .array(let elements):
            var tables: [TOMLTable] = []
            for element in elements {
                guard case .table(let table) = element.value else {
                    report(element.offset, "\(quoted(entry.key)) must hold tables; found \(element.value.found)")
                    return nil
                }
                tables.append(table)
            }
            return tables
        case .string, .integer, .float, .boolean, .table:
            let found = entry.value.value.found
            report(
                entry.keyOffset,
                "\(quoted(entry.key)) must be a list of tables, written [[\(entry.key)]]; found \(found)")
            return nil
        }
    }

    /// Fills one element of a list; false when a required key is missing or wrong.
    private mutating func fill<Target>(
        _ target: inout Target, from table: TOMLTable, under section: String, by keys: [Key<Target>],
        _ seen: inout SeenKeys
    ) -> Bool {
        for entry in table.entries {
            fill(&target, from: entry, under: section, by: keys, &seen)
        }
        var isComplete = true
        for key in keys where key.isRequired && seen.offset(of: key.path) == nil {
            isComplete = false
            if !seen.isWrong(key.path) {
                report(table.offset, "this [[\(section)]] lacks the key \(quoted(key.path))")
            }
        }
        return isComplete
    }

    /// Fills the field of one entry, or those of the table that it is.
    private mutating func fill<Target>(
        _ target: inout Target, from entry: TOMLEntry, under section: String, by keys: [Key<Target>],
        _ seen: inout SeenKeys
    ) {
        // A quoted key may hold a dot; it must not pass for the path of another key.
        let name = entry.key.contains(".") ? "\"\(entry.key)\"" : entry.key
        let path = section.isEmpty ? name : "\(section).\(name)"
        if let key = keys.first(where: { $0.path == path }) {
            write(entry, as: key, to: &target, &seen)
        } else if section.isEmpty, Schema.sectionNames.contains(path) {
            guard case .table(let table) = entry.value.value else {
                let found = entry.value.value.found
                return report(
                    entry.keyOffset, "\(quoted(path)) must be a table, written [\(path)]; found \(found)")
            }
            for inner in table.entries {
                fill(&target, from: inner, under: path, by: keys, &seen)
            }
        } else {
            let nearest = Schema.suggestion
            report(
                entry.keyOffset,
                "unknown key \(quoted(path))" + (nearest(path).map { "; did you mean '\($0)'?" } ?? ""))
        }
    }

    private mutating func write<Target>(
        _ entry: TOMLEntry, as key: Key<Target>, to target: inout Target, _ seen: inout SeenKeys
    ) {
        do throws(KeyFailure) {
            try key.write(try value(of: entry, for: key), &target)
            seen.note(key.path, entry.value)
        } catch {
            seen.noteWrong(key.path)
            switch error {
            case .mismatch(let found):
                report(entry.value.offset, "\(quoted(key.path)) must be \(key.expectation); found \(found)")
            case .wrong(let message):
                report(entry.value.offset, "\(quoted(key.path)) \(message)")
            case .wrongElements(let errors):
                for error in errors { report(error.offset, "an element of \(quoted(key.path)) \(error.message)") }
            }
        }
    }

    /// What the entry says, or the secret that it stands for.
    private mutating func value<Target>(
        of entry: TOMLEntry, for key: Key<Target>
    ) throws(KeyFailure) -> TOMLValue {
        guard case .string(let text) = entry.value.value else { return entry.value.value }
        if key.hasVariables, text.contains("${") {
            return .string(try secrets.path(text, isTemplate: key.isTemplate))
        }
        guard key.maybeElsewhere else { return entry.value.value }
        let secret = try secrets.secret(text, isTemplate: key.isTemplate)
        if let file = secret.file { secretFiles.append(file) }
        if secret.isInTheOpen, key.isSecret { hasSecretInTheOpen = true }
        return .string(secret.text)
    }

    /// Notes an error; the message is not made when there are enough.
    mutating func report(_ offset: Int, _ message: @autoclosure () -> String) {
        guard errors.count < SettingsReader.maximumErrorCount else { return }
        errors.append(SourceError(offset: offset, message: message()))
    }
}

/// Which keys of a table have been read, and where their values begin.
struct SeenKeys {
    private var offsets: [String: Int] = [:]
    private var elementOffsets: [String: [Int]] = [:]
    private var wrong: Set<String> = []

    mutating func note(_ path: String, _ value: TOMLElement) {
        offsets[path] = value.offset
        if case .array(let elements) = value.value { elementOffsets[path] = elements.map(\.offset) }
    }

    mutating func noteWrong(_ path: String) { wrong.insert(path) }

    /// Nil when the key is not in the file or was not taken.
    func offset(of path: String) -> Int? { offsets[path] }

    /// Where the elements of a list begin; none when the key is not in the file or was not taken.
    func elementOffsets(of path: String) -> [Int] { elementOffsets[path] ?? [] }

    /// Whether the key is in the file with a value that was not taken, and so was reported already.
    func isWrong(_ path: String) -> Bool { wrong.contains(path) }
}
