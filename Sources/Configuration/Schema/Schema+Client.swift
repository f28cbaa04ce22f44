import GatewayCore

// The keys of each `[[client]]`.

/// What one `[[client]]` fills: what holds for clients, and where they are.
struct ClientEntry: Sendable {
    var rule = ClientRule()
    var place = ClientPlace()
    var keyPassphrase: [UInt8]?
}

extension Schema {
    static let client: [Key<ClientEntry>] = [
        .text(
            "client.id", \.rule.clientID, 1...ClientRule.maximumTextByteCount,
            "ClientIds that it is for, * for any characters and ? for one; only * fits publishers without a connection."
        ),
        .optionalList(
            "client.networks", \.place.networks, upTo: ClientPlace.maximumCount, "networks",
            parse: EndpointParser.network, write: { $0.name },
            "Where they are, as in 10.0.0.0/8; without the key anywhere."),
        .optionalList(
            "client.links", \.place.links, upTo: ClientPlace.maximumCount, "names of [[udp]] and [[serial]]",
            parse: EndpointParser.link, write: { $0 },
            "By which links they come; without the key by any."),
        .boolean(
            "client.deny", \.rule.isDenied,
            "Whether they are told 0x03 \"not supported\"; so is everybody whom none of the rules is for."),
        .optionalText(
            "client.broker_client_id", \.rule.brokerClientID, 1...ClientRule.maximumTextByteCount,
            "Client identifier at the broker; without the key their own behind broker.client_id_prefix."
        ).template,
        .optionalText(
            "client.username", \.rule.username, 1...ClientRule.maximumTextByteCount,
            "User name at the broker, or \"env:NAME\" or \"file:PATH\"; without the key as the gateway."
        ).elsewhere.template,
        .optionalText(
            "client.password", \.rule.password, 0...65_535,
            "Its password, or \"env:NAME\" or \"file:PATH\"; needs username."
        ).secret.template,
        .endpoint(
            "client.certificate_file", "PATH", parse: EndpointParser.fileOfClients,
            write: { $1.rule.certificateFile = $0 }, read: { $0.rule.certificateFile.map(EndpointParser.text(of:)) },
            "The certificate that their connections show the broker, PEM; without it that of [tls]; needs key_file."
        ).withVariables.template,
        .endpoint(
            "client.key_file", "PATH", parse: EndpointParser.fileOfClients,
            write: { $1.rule.keyFile = $0 }, read: { $0.rule.keyFile.map(EndpointParser.text(of:)) },
            "The key of that certificate, PEM; both are read again when they change, for new connections."
        ).withVariables.template,
        .optionalText(
            "client.key_passphrase", \.keyPassphrase, 1...1_023,
            "What that key is encrypted with, or \"env:NAME\" or \"file:PATH\"."
        ).secret,
        .optionalText(
            "client.topic_prefix", \.rule.topicPrefix, 1...ClientRule.maximumTextByteCount,
            "Stands before all their topics at the broker, and they never see it; with '/' at its end."
        ).template.topicPrefix,
        .optionalList(
            "client.publish", \.rule.publish, upTo: ClientRule.maximumFilterCount, "topic filters",
            parse: EndpointParser.topicFilter, write: { String(decoding: $0, as: UTF8.self) },
            "What they may publish to, Wills included; without the key everything, with none nothing."),
        .optionalList(
            "client.subscribe", \.rule.subscribe, upTo: ClientRule.maximumFilterCount, "topic filters",
            parse: EndpointParser.topicFilter, write: { String(decoding: $0, as: UTF8.self) },
            "What they may subscribe to, each with all that selects no more; without the key everything."),
        .integer(
            "client.maximum_qos", \.rule.maximumQoS, 0...2, "(QoS)",
            "The highest QoS: above it a publish is told 0x03, and a subscription is granted less."),
        .boolean(
            "client.retain", \.rule.passesRetain,
            "Whether what they publish retained stays so at the broker; else it passes as any other message."),
    ]
}

extension Key {
    /// The key, in whose value `${client_id}` and its like stand for what is known of a client (`ClientRule`).
    var template: Key {
        var key = self
        key.isTemplate = true
        let (write, isSecret) = (self.write, self.isSecret)
        key.write = { (value, target) throws(KeyFailure) in
            if case .string(let text) = value,
                let fault = EndpointParser.templateFault(Array(text.utf8), tellsIt: !isSecret)
            {
                throw .wrong(fault)
            }
            try write(value, &target)
        }
        return key
    }

    /// The key, in whose value `${client_id}` and `${gateway_id}` stand for the client's own and the gateway's.
    var topicTemplate: Key {
        var key = self
        let write = self.write
        key.write = { (value, target) throws(KeyFailure) in
            if case .string(let text) = value,
                let fault = EndpointParser.templateFault(Array(text.utf8), variables: [.clientID, .gatewayID])
            {
                throw .wrong(fault)
            }
            try write(value, &target)
        }
        return key
    }

    /// The key, whose value stands before topic names and filters.
    var topicPrefix: Key {
        var key = self
        let write = self.write
        key.write = { (value, target) throws(KeyFailure) in
            if case .string(let text) = value, let fault = EndpointParser.topicPrefixFault(text) { throw .wrong(fault) }
            try write(value, &target)
        }
        return key
    }

    /// A list as `list` reads it, where nothing is set unless the key is there.
    static func optionalList<Element>(
        _ path: String, _ field: any WritableKeyPath<Target, [Element]?> & Sendable, upTo limit: Int, _ form: String,
        parse: @escaping @Sendable (String) -> Result<Element, EndpointError>,
        write name: @escaping @Sendable (Element) -> String, _ reason: String
    ) -> Key {
        list(
            path, upTo: limit, form, parse: parse, store: { $1[keyPath: field] = $0 }, fetch: { $0[keyPath: field] },
            write: name, reason)
    }
}
