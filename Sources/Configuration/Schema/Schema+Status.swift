import GatewayCore

// The keys of `[status]`.

extension Schema {
    static let status: [Key<Settings>] = [
        .optionalText(
            "status.topic", \.gateway.upstream.statusTopic, 1...32_768,
            "Below which topic the gateway publishes how it is, its own and nobody else's; without the key nowhere."),
        .integer(
            "status.clients_per_second", \.host.status.clientsPerSecond, 1...1_000, "clients",
            "Clients whose availability is published in one second; where more change, the latest of each follows."),
    ]
}

extension SettingsBuilder {
    /// What is published to has no wildcards (MQTT 3.1.1 §4.7.1), and is nothing of the broker's own (§4.7.2).
    mutating func checkStatusTopic() {
        guard let offset = seen.offset(of: "status.topic"), !seen.isWrong("status.topic"),
            let topic = settings.gateway.upstream.statusTopic
        else { return }
        let levels = topic.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if topic.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }) {
            report(offset, "'status.topic' must not hold the wildcards '+' and '#', as the gateway publishes there")
        }
        if levels.contains(where: \.isEmpty) {
            report(offset, "'status.topic' must not have an empty level: no '/' at its begin or end, and none doubled")
        }
        if topic.first == UInt8(ascii: "$") {
            report(offset, "'status.topic' must not begin with '$': what does belongs to the broker")
        }
        if settings.gateway.upstream.hasDiscouragedStatusTopic {
            report(offset, "'status.topic' must not hold control characters and non-characters of Unicode")
        }
    }
}
