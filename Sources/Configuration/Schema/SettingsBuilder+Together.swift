import GatewayCore
import Time

// What several keys must keep between them; keys that are wrong by themselves have been reported and are left out.

extension SettingsBuilder {
    mutating func checkTogether() {
        checkReconnect()
        checkCredentials()
        checkClientIDs()
        checkTLS()
        checkProxy()
        checkStatusTopic()
        checkListeners()
        checkGroups()
        checkSerials()
        checkTopics()
        checkClients()
    }

    private mutating func checkReconnect() {
        let (minimum, maximum) = ("broker.reconnect_minimum_seconds", "broker.reconnect_maximum_seconds")
        let upstream = settings.gateway.upstream
        guard !seen.isWrong(minimum), !seen.isWrong(maximum), upstream.reconnectMinimum > upstream.reconnectMaximum,
            let offset = seen.offset(of: minimum) ?? seen.offset(of: maximum)
        else { return }
        let limit = upstream.reconnectMaximum.nanoseconds / 1_000_000_000
        report(offset, "\(quoted(minimum)) must not exceed \(quoted(maximum)), which is \(limit)")
    }

    /// MQTT 3.1.1 §3.1.2.9: without a user name there is no password [MQTT-3.1.2-22].
    private mutating func checkCredentials() {
        guard let password = seen.offset(of: "broker.password"), settings.gateway.upstream.username == nil,
            !seen.isWrong("broker.username")
        else { return }
        report(password, "'broker.password' needs 'broker.username' (MQTT 3.1.1 section 3.1.2.9)")
    }

    /// The prefix and a client's id together are one string of MQTT, of at most 65,535 bytes (MQTT 3.1.1 §1.5.3).
    private mutating func checkClientIDs() {
        let (prefix, longest) = ("broker.client_id_prefix", "clients.id_bytes")
        let limit = 65_535 - settings.gateway.limits.clientIDByteCount
        guard let offset = seen.offset(of: prefix), !seen.isWrong(longest),
            settings.gateway.upstream.clientIDPrefix.count > limit
        else { return }
        report(offset, "\(quoted(prefix)) must leave room for \(quoted(longest)): it must be at most \(limit) bytes")
    }

    private mutating func checkListeners() {
        let text = text
        var taken: [(listener: UDPListener, offset: Int)] = []
        for (listener, seen) in listeners {
            let endpoint = listener.endpoint
            let name = endpoint.name.lowercased()
            // With port 0 the system chooses another port for each.
            guard endpoint.port > 0, let offset = seen.offset(of: "udp.listen") else { continue }
            if let other = taken.first(where: { $0.listener.name.lowercased() == name }) {
                report(offset, "two listeners at \(quoted(name)); the first one is at \(text.place(other.offset))")
            } else if let other = taken.first(where: { $0.listener.coversOrIsCovered(by: endpoint) }) {
                report(
                    offset,
                    "the listeners \(quoted(name)) and \(quoted(other.listener.name)) cannot have one port, as one of"
                        + " them is at all addresses; the first one is at \(text.place(other.offset))")
            } else {
                taken.append((endpoint, offset))
            }
        }
    }

    private mutating func checkTopics() {
        let text = text
        var first: [TopicKey: Int] = [:]
        for (topic, seen) in topics {
            checkNames(of: topic, seen)
            guard let offset = seen.offset(of: "topic.id"), !seen.isWrong("topic.client") else { continue }
            let key = TopicKey(clientID: topic.clientID, topicID: topic.topicID)
            if let other = first[key] {
                let holder = topic.clientID.map { "client " + quoted(String(decoding: $0, as: UTF8.self)) }
                report(
                    offset,
                    "topic id \(topic.topicID) is already set for \(holder ?? "all clients");"
                        + " the first one is at \(text.place(other))")
            } else {
                first[key] = offset
            }
        }
    }

    /// A pre-defined topic is published to, so it has no wildcards (MQTT 3.1.1 §4.7.1) and nothing that a broker may
    /// end the connection for (§1.5.3), and it keeps the limits.
    private mutating func checkNames(of topic: PredefinedTopics.Entry, _ names: SeenKeys) {
        let limits = settings.gateway.limits
        if let offset = names.offset(of: "topic.name") {
            let template = IdentityTemplate(topic.topicName)
            let clientID = topic.clientID ?? [UInt8](repeating: UInt8(ascii: "c"), count: limits.clientIDByteCount)
            let name = template.text(clientID: clientID, gatewayID: settings.gateway.gatewayID)
            if template.holds(.clientID), !template.takesClientID(clientID) {
                report(
                    offset,
                    "'topic.name' has ${client_id} in it, and with '/', '+', '#' or a '$' in front 'topic.client' does"
                        + " not make a topic name of it")
            } else if name.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }) {
                report(offset, "'topic.name' must not hold the wildcards '+' and '#'")
            }
            if PredefinedTopics.Entry(topicID: topic.topicID, topicName: name).hasDiscouragedName {
                report(offset, "'topic.name' must not hold control characters and non-characters of Unicode")
            }
            let levelCount = name.count { $0 == UInt8(ascii: "/") } + 1
            let levelLimit = limits.topicLevels
            if levelCount > levelLimit, !seen.isWrong("limits.topic_levels") {
                report(offset, "'topic.name' has \(levelCount) levels; 'limits.topic_levels' allows \(levelLimit)")
            }
            let (count, limit) = (name.count, limits.topicNameByteCount)
            if count > limit, !seen.isWrong("clients.topic_name_bytes"), !seen.isWrong("clients.id_bytes") {
                let isLongest = template.holds(.clientID) && topic.clientID == nil
                report(
                    offset,
                    "'topic.name' has \(count) bytes\(isLongest ? " with a ClientId of 'clients.id_bytes'" : "");"
                        + " 'clients.topic_name_bytes' allows \(limit)")
            }
        }
        if let offset = names.offset(of: "topic.client"), let clientID = topic.clientID {
            let (count, limit) = (clientID.count, limits.clientIDByteCount)
            if count > limit, !seen.isWrong("clients.id_bytes") {
                report(offset, "'topic.client' has \(count) bytes; 'clients.id_bytes' allows \(limit)")
            }
        }
    }
}

/// What is unique among the pre-defined topics.
private struct TopicKey: Hashable {
    var clientID: [UInt8]?
    var topicID: UInt16
}
