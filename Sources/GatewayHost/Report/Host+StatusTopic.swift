import Bytes
import Configuration
import GatewayCore
import Time
import Transports

// What the gateway publishes of itself at the broker, below `status.topic`; the core has the connection for it.

extension Host {
    /// Publishes what is due.
    func publishStatus() {
        if publisher?.announcement != gateway.statusAnnouncement { knowClients() }
        publisher?.follow(gateway.statusAnnouncement, isSearching: gateway.isSearchingStatus, at: loop.now)
        while let turn = publisher?.due(at: loop.now) {
            let messages = messages(for: turn)
            guard messages.allSatisfy({ gateway.takesStatus(byteCount: $0.count + $1.count) }) else {
                publisher?.blocked(at: loop.now)
                return
            }
            publisher?.published(turn, at: loop.now)
            for (name, payload) in messages {
                let bytes = name + payload
                handle(.statusReported(nameByteCount: name.count), bytes.span.bytes)
            }
            if turn == .health { reviewClients() }
        }
    }

    /// Names below the topic, with what is published there.
    private func messages(for turn: StatusPublisher.Turn) -> [(name: [UInt8], payload: [UInt8])] {
        switch turn {
        case .info: [(Array("info".utf8), json(writeInfo))]
        case .health: [(Array("health".utf8), json(writeHealthReport))]
        case .client(let clientID): availability(of: clientID)
        }
    }

    private func json(_ content: (inout JSONText) -> Void) -> [UInt8] {
        var json = JSONText()
        json.object { content(&$0) }
        return json.bytes
    }

    // MARK: Clients

    /// A client that is lost and not remembered is told of once; then nothing of it stands.
    private func availability(of clientID: [UInt8]) -> [(name: [UInt8], payload: [UInt8])] {
        guard let client = publisher?.clients[clientID] else { return [] }
        let name = Array("clients/\(PercentEncoding.encoded(clientID))/availability".utf8)
        let payload = json { json in
            json.add("state", client.availability.rawValue)
            json.add("since", WallTime(of: client.since).text)
            guard let until = sleepsUntil(clientID, client.availability) else { return }
            json.add("until", WallTime(of: until).text)
        }
        if client.isThere { return [(name, payload)] }
        return client.availability == .lost ? [(name, payload), (name, [])] : [(name, [])]
    }

    /// When a sleeper has said that it will be heard at the latest, in monotonic nanoseconds; nil for others.
    private func sleepsUntil(_ clientID: [UInt8], _ availability: StatusPublisher.Availability) -> UInt64? {
        guard availability == .asleep || availability == .overdue, let place = gateway.place(ofClient: clientID)
        else { return nil }
        let report = gateway.clientReport(at: place, now: now)
        return report.promisedSilence.map { loop.now &- report.heardAgo.nanoseconds &+ $0.nanoseconds }
    }

    /// Takes note of what was observed of a client.
    func noteStatus(_ observation: Observation, _ arena: RawSpan) {
        guard !observation.clientID.isEmpty else { return }
        let clientID = arena.copy(of: observation.clientID)
        let isThere = gateway.place(ofClient: clientID) != nil
        let before = publisher?.leftBehindCount
        publisher?.note(observation.kind, of: clientID, isThere: isThere, at: loop.now)
        // Once: how many, `health` says.
        if before == 0, publisher?.leftBehindCount == 1 { reporter.statusLeftBehind() }
    }

    private func reviewClients() {
        publisher?.review(at: loop.now) { clientID in
            gateway.place(ofClient: clientID).map { gateway.clientState(at: $0, now: now) }
        }
    }

    /// Begins, goes on or ends, as the configuration has it now.
    func reconfigureStatus() {
        guard configuration.upstream.statusTopic != nil else { return publisher = nil }
        if publisher != nil {
            publisher?.reconfigure(settings.host.status, clientLimit: configuration.limits.clients)
            return
        }
        publisher = StatusPublisher(settings.host.status, clientLimit: configuration.limits.clients)
    }

    /// Tells the publisher of clients that were there before it was; since when is not known of them.
    private func knowClients() {
        for place in gateway.clientPlaces {
            let client = gateway.clientReport(at: place, now: now)
            let since = loop.now &- client.heardAgo.nanoseconds
            publisher?.know(client.clientID, .init(client.state), since: since)
        }
    }

    // MARK: The gateway

    private func writeInfo(to json: inout JSONText) {
        writeIdentity(to: &json)
        json.add("broker", brokerName)
        json.array("links") { json in
            for (link, counts) in zip(links, statistics.links) where counts.isThere {
                json.object {
                    $0.add("name", link.title)
                    $0.add("link", counts.name)
                }
            }
        }
        json.object("limits") { json in for limit in heldLimits { json.add(limit.key, limit.limit) } }
    }

    private func writeHealthReport(to json: inout JSONText) {
        let population = gateway.population(at: now)
        json.add("time", WallTime().text)
        writeHealth(looks(population.counts), to: &json)
        writeProcess(to: &json)
        writeBroker("mqtt", to: &json)
        writeClients(population.counts, to: &json)
        writeMessages(to: &json)
        json.add("availability_left_behind", publisher?.leftBehindCount ?? 0)
    }
}

extension StatusPublisher.Availability {
    fileprivate init(_ state: ClientReport.State) {
        switch state {
        case .awake: self = .awake
        case .asleep: self = .asleep
        case .overdue: self = .overdue
        case .remembered: self = .remembered
        }
    }
}
