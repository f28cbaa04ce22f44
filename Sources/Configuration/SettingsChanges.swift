import GatewayCore

/// What differs between two settings, in the words of the file: for the owner of a gateway that reads its file again.
package struct SettingsChanges: Equatable, Sendable {
    /// What a running gateway does from now on, such as `clients.maximum 500 → 800`, in the order of the schema.
    package private(set) var live: [String] = []
    /// The same for what it does only when it is started anew.
    package private(set) var needingRestart: [String] = []

    /// What makes `new` out of `old`.
    package init(from old: Settings, to new: Settings) {
        for key in Schema.settings {
            guard let change = Self.change(of: key, old, new) else { continue }
            if key.needsRestart { needingRestart.append(change) } else { live.append(change) }
        }
        live += Self.changes("udp", old.listeners, new.listeners, by: Schema.listener) { $0.endpoint.name }
        live += Self.changes("serial", old.serials, new.serials, by: Schema.serial) { $0.port.device }
        live += Self.changes("topic", old.topics, new.topics, by: Schema.topic) { $0.place }
        needingRestart += Self.changesOfRules(old.clients, new.clients)
    }

    /// Rules have their meaning from their order, and so are told apart by it.
    private static func changesOfRules(_ old: [ClientEntry], _ new: [ClientEntry]) -> [String] {
        var changes: [String] = []
        for (index, pair) in zip(old, new).enumerated() {
            changes += Schema.client.compactMap { change(of: $0, pair.0, pair.1) }.map { "\($0) (rule \(index + 1))" }
        }
        for index in old.indices.dropFirst(new.count) { changes.append("client rule \(index + 1) removed") }
        for index in new.indices.dropFirst(old.count) { changes.append("client rule \(index + 1) added") }
        return changes
    }

    package var isEmpty: Bool { live.isEmpty && needingRestart.isEmpty }

    private static func change<Target>(of key: Key<Target>, _ old: Target, _ new: Target) -> String? {
        let (before, after) = (key.read(old), key.read(new))
        guard before != after else { return nil }
        if key.isSecret || key.maybeElsewhere { return "\(key.path) changed" }
        return "\(key.path) \(before ?? "none") → \(after ?? "none")"
    }

    /// What came, what went, and what is another, where `name` tells the tables of a list apart.
    private static func changes<Target>(
        _ list: String, _ old: [Target], _ new: [Target], by keys: [Key<Target>], name: (Target) -> String
    ) -> [String] {
        var changes: [String] = []
        var left = old
        for table in new {
            guard let index = left.firstIndex(where: { name($0) == name(table) }) else {
                changes.append("\(list) \(name(table)) added")
                continue
            }
            let former = left.remove(at: index)
            changes += keys.compactMap { change(of: $0, former, table) }.map { "\($0) (\(name(table)))" }
        }
        return changes + left.map { "\(list) \(name($0)) removed" }
    }
}

extension Settings {
    /// These settings, with what only a start can change left as a running gateway has it.
    package func keepingStart(of running: Settings) -> Settings {
        var settings = self
        settings.gateway.gatewayID = running.gateway.gatewayID
        settings.gateway.upstream.clientIDPrefix = running.gateway.upstream.clientIDPrefix
        settings.gateway.upstream.version = running.gateway.upstream.version
        settings.gateway.upstream.sessionExpirySeconds = running.gateway.upstream.sessionExpirySeconds
        // The broker may have what would be refused from now on.
        settings.gateway.upstream.maximumQoS = running.gateway.upstream.maximumQoS
        settings.gateway.willUpdate = running.gateway.willUpdate
        settings.host.broker = running.host.broker
        settings.host.otherBrokers = running.host.otherBrokers
        settings.gateway.upstream.brokerCount = running.gateway.upstream.brokerCount
        settings.host.proxy.endpoint = running.host.proxy.endpoint
        settings.host.sharedClientID = running.host.sharedClientID
        settings.host.store = running.host.store
        settings.gateway.clientRules = running.gateway.clientRules
        settings.host.clientPlaces = running.host.clientPlaces
        settings.host.clientKeyPassphrases = running.host.clientKeyPassphrases
        settings.numberClientLinks()
        settings.gateway.upstream.wayPropertyBits = running.gateway.upstream.wayPropertyBits
        settings.nameLinks()
        return settings
    }

    /// Each `[[udp]]`, with the numbers of its link.
    fileprivate var listeners: [Listener] {
        host.listeners.indices.map { index in
            Listener(endpoint: host.listeners[index], link: gateway.link(LinkID(UInt16(index))))
        }
    }

    /// Each `[[serial]]`; its links stand behind those of the listeners.
    fileprivate var serials: [Serial] {
        host.serialPorts.indices.map { index in
            var serial = Serial()
            serial.port = host.serialPorts[index]
            serial.link = gateway.link(LinkID(UInt16(host.listeners.count + index)))
            return serial
        }
    }

    fileprivate var topics: [PredefinedTopics.Entry] { gateway.predefinedTopics.entries }

    /// Each `[[client]]`.
    var clients: [ClientEntry] {
        zip(gateway.clientRules, host.clientPlaces).enumerated().map { index, entry in
            ClientEntry(rule: entry.0, place: entry.1, keyPassphrase: host.keyPassphrase(ofRule: index))
        }
    }
}

extension PredefinedTopics.Entry {
    /// The id, and for whom it holds.
    fileprivate var place: String {
        guard let clientID else { return "\(topicID)" }
        return "\(topicID) of client \(quoted(String(decoding: clientID, as: UTF8.self)))"
    }
}
