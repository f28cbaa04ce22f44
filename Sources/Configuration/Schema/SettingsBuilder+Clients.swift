import GatewayCore

// What the keys of a `[[client]]` must keep between them.

extension SettingsBuilder {
    mutating func checkClients() {
        let names = settings.host.linkNames
        for (entry, seen) in clients {
            if let offset = seen.offset(of: "client.password"), entry.rule.username == nil,
                !seen.isWrong("client.username")
            {
                report(offset, "'client.password' needs 'client.username' (MQTT 3.1.1 section 3.1.2.9)")
            }
            for (link, offset) in zip(entry.place.links ?? [], seen.elementOffsets(of: "client.links"))
            where !names.contains(where: { $0.lowercased() == link.lowercased() }) {
                report(
                    offset,
                    "no [[udp]] listens at \(quoted(link)), and no [[serial]] is there; there are"
                        + " \(names.joined(separator: ", "))")
            }
            checkBrokerClientID(entry, seen)
            checkCertificate(seen)
        }
    }

    /// A name for many would be cut from the broker by each of them for the next (MQTT 3.1.1 §3.1.4).
    private mutating func checkBrokerClientID(_ entry: ClientEntry, _ seen: SeenKeys) {
        guard let offset = seen.offset(of: "client.broker_client_id"), let name = entry.rule.brokerClientID,
            !seen.isWrong("client.id")
        else { return }
        let template = IdentityTemplate(name)
        let isForMany = entry.rule.clientID.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
        guard isForMany, !template.holds(.clientID), !template.holds(.node) else { return }
        report(
            offset,
            "'client.broker_client_id' must hold ${client_id} or ${node}, as the rule is for more than one client:"
                + " the broker lets one client have an identifier")
    }

    /// It is as with the gateway's own, below `[tls]`.
    private mutating func checkCertificate(_ seen: SeenKeys) {
        let (certificate, key, passphrase) = ("client.certificate_file", "client.key_file", "client.key_passphrase")
        for (name, needed) in [(certificate, key), (key, certificate), (passphrase, key)] {
            guard let offset = seen.offset(of: name) else { continue }
            if seen.offset(of: needed) == nil, !seen.isWrong(needed) {
                report(offset, "\(quoted(name)) needs \(quoted(needed))")
            }
            guard !settings.host.isAnyBrokerEncrypted, !self.seen.isWrong("broker.url") else { continue }
            report(
                offset,
                "\(quoted(name)) is for a broker.url that begins with mqtts:// or wss://; this one is without TLS")
        }
    }

    /// Puts the rules into the settings: their networks and links as the core knows them.
    mutating func setClients() {
        settings.gateway.clientRules = clients.map(\.entry.rule)
        settings.host.clientPlaces = clients.map(\.entry.place)
        settings.host.clientKeyPassphrases = clients.map(\.entry.keyPassphrase)
        let networks = ClientNetworks(settings.host.clientPlaces)
        for (index, place) in settings.host.clientPlaces.enumerated() {
            settings.gateway.clientRules[index].networks = place.networks.map { networks.numbers(within: $0) }
        }
        settings.numberClientLinks()
    }
}
