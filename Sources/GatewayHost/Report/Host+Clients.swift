import Bytes
import GatewayCore
import Time

// The clients as JSON.

extension Host {
    /// Where a client stands in the list: those in trouble first, then by the octets of the ClientId.
    private struct Standing {
        var place: UInt32
        var isTroubled: Bool
        var clientID: [UInt8]

        func comesBefore(_ other: Standing) -> Bool {
            guard isTroubled == other.isTroubled else { return isTroubled }
            return clientID.lexicographicallyPrecedes(other.clientID)
        }

        /// What `after` takes to go on behind it.
        var cursor: String { (isTroubled ? "!" : "-") + ClientIDText.text(of: clientID) }

        init(_ place: UInt32, isTroubled: Bool, _ clientID: [UInt8]) {
            (self.place, self.isTroubled, self.clientID) = (place, isTroubled, clientID)
        }

        /// nil for a text that is no cursor.
        init?(cursor: String) {
            guard let mark = cursor.first, mark == "!" || mark == "-",
                let clientID = ClientIDText.octets(of: String(cursor.dropFirst()))
            else { return nil }
            self.init(0, isTroubled: mark == "!", clientID)
        }
    }

    func writeClients(to json: inout JSONText, after: String?, limit: Int, search: String?) {
        let now = now
        var standings = gateway.clientPlaces.map { place in
            Standing(
                place, isTroubled: gateway.isTroubled(at: place, now: now), gateway.clientID(at: place))
        }
        if let last = after.flatMap(Standing.init(cursor:)) { standings = standings.filter { last.comesBefore($0) } }
        if let search = search?.lowercased(), !search.isEmpty {
            standings = standings.filter { isFound(gateway.clientReport(at: $0.place, now: now), search) }
        }
        standings.sort { $0.comesBefore($1) }
        let page = standings.prefix(limit)
        json.array("clients") { json in
            for standing in page {
                json.object { write(gateway.clientReport(at: standing.place, now: now), to: &$0) }
            }
        }
        json.add("next", page.count < standings.count ? page.last?.cursor : nil)
    }

    private func isFound(_ client: ClientReport, _ search: String) -> Bool {
        ClientIDText.text(of: client.clientID).lowercased().contains(search)
            || client.state.rawValue.contains(search)
            || address(of: client)?.lowercased().contains(search) == true
    }

    /// Who it is on its link, in words, with the node behind a forwarder; nil while it is away.
    private func address(of client: ClientReport) -> String? {
        guard let peer = client.peer, let name = links[Int(peer.link.rawValue)].name(of: peer) else { return nil }
        guard let node = client.nodeID else { return name }
        return "node \(Hexadecimal.text(node)) behind \(name)"
    }

    func write(_ client: ClientReport, to json: inout JSONText) {
        json.add("id", ClientIDText.text(of: client.clientID))
        json.add("state", client.state.rawValue)
        let rest = client.promisedSilence.map { $0.inSeconds - client.heardAgo.inSeconds }
        json.add("until_seconds", seconds: rest)
        json.add("heard_seconds_ago", seconds: client.heardAgo.inSeconds)
        json.add("link", client.peer.map { linkName($0.link) })
        json.add("address", address(of: client))
        json.add("up", Int(client.upCount))
        json.add("down", Int(client.downCount))
        json.add("waiting", client.waitingCount)
        json.add("oldest_seconds", seconds: client.oldestWaiting?.inSeconds)
        json.add("repeated", Int(client.repeatedCount))
        json.add("round_trip_seconds", seconds: client.roundTrip?.inSeconds)
        json.add("last_topic", client.lastTopic.map { ClientIDText.text(of: $0) })
        json.add("trouble", trouble(of: client))
    }

    private func trouble(of client: ClientReport) -> String? {
        if client.state == .overdue { return overdueSentence(client) }
        guard client.setAsideCount > 0 else { return nil }
        return "it does not take \(client.setAsideCount) messages, which wait at the broker"
    }

    /// `udp0`, `serial0`: the link by its kind and its number among those.
    func linkName(_ id: LinkID) -> String { statistics.links[Int(id.rawValue)].name }
}

extension TimeSpan {
    /// Seconds, to the millisecond.
    var inSeconds: Double { Double(nanoseconds / 1_000_000) / 1_000 }
}
