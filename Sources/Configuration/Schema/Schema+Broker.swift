import GatewayCore

// Where the broker is, and how it is spoken to.

extension Schema {
    static let broker: [Key<Settings>] = [
        .brokers(
            "broker.url",
            "Where the broker listens: mqtts:// and wss:// by TLS, ws:// and wss:// by WebSocket; IPv6 in brackets."
        ).atStart,
        .seconds(
            "broker.steady_seconds", \.gateway.upstream.steadyTime, 1...86_400,
            "With several: for how long the first must be there without a break before connections go there again."),
        .text(
            "broker.client_id_prefix", \.gateway.upstream.clientIDPrefix, 0...65_535,
            "Put before each client's id, so that two gateways at one broker do not clash."
        ).atStart,
        .optionalText(
            "broker.shared_client_id", \.host.sharedClientID, 1...65_535,
            "Client identifier of the gateway's own connection; without the key one made by the machine, see README."
        ).atStart,
        .optionalText(
            "broker.username", \.gateway.upstream.username, 1...65_535,
            "User name of every connection to the broker, or \"env:NAME\" or \"file:PATH\"; unset, none is sent."
        ).elsewhere,
        .optionalText(
            "broker.password", \.gateway.upstream.password, 0...65_535,
            "Password of every connection to the broker, or \"env:NAME\" or \"file:PATH\"; needs a user name."
        ).secret,
        .choice(
            "broker.protocol", \.gateway.upstream.version,
            "The version of MQTT; \"auto\" tries 5.0, and keeps to 3.1.1 for a day where the broker takes only that."
        ).atStart,
        .integer(
            "broker.session_expiry_seconds", \.gateway.upstream.sessionExpirySeconds, 0...4_294_967_295, "seconds",
            "With 5.0: how long the broker keeps a lasting session without its connection; 4294967295 for ever."
        ).atStart,
        .integer(
            "broker.will_delay_seconds", \.gateway.upstream.willDelaySeconds, 0...86_400, "seconds",
            "With 5.0: how long the broker waits with a lasting session's Will, which may go on meanwhile; 0: not."
        ),
        .list(
            "broker.user_properties", upTo: WayProperty.allCases.count, "of \"gateway\", \"link\", \"node\"",
            parse: EndpointParser.wayProperty, store: { $1.gateway.upstream.wayPropertyBits = WayProperty.bits($0) },
            fetch: { WayProperty.all(in: $0.gateway.upstream.wayPropertyBits) }, write: \.name,
            "With 5.0: what each publication tells of its way to the gateway, as User Properties; see README."
        ).atStart,
        .integer(
            "broker.topic_aliases", \.gateway.upstream.topicAliases, 0...255, "topics",
            "With 5.0: how many topics of a connection are told by a number, if the broker takes as many; 0: none."
        ),
        .integer(
            "broker.maximum_qos", \.gateway.upstream.maximumQoS, 0...2, "(QoS)",
            "The highest QoS that the broker takes; clients are told 0x03 \"not supported\" above it."
        ).atStart,
        .integer(
            "broker.keep_alive_seconds", \.gateway.upstream.keepAliveSeconds, 1...65_535, "seconds",
            "MQTT keep alive of each connection; independent of the clients' own, which may sleep longer."),
        .seconds(
            "broker.connect_timeout_seconds", \.gateway.upstream.connectTimeout, 1...3_600,
            "For the TCP connection and the CONNACK together."),
        .seconds(
            "broker.response_timeout_seconds", \.gateway.upstream.responseTimeout, 1...3_600,
            "For a PINGRESP; a broker that is silent for longer is taken for lost."),
        .integer(
            "broker.network_timeout_seconds", \.host.networkTimeoutSeconds, 4...3_600, "seconds",
            "For the network to acknowledge what is written; an idle connection is probed after two thirds of it (TCP)."
        ),
        .seconds(
            "broker.reconnect_minimum_seconds", \.gateway.upstream.reconnectMinimum, 1...86_400,
            "The first pause before a new attempt, at most; later ones grow at random to three times the last."),
        .seconds(
            "broker.reconnect_maximum_seconds", \.gateway.upstream.reconnectMaximum, 1...86_400,
            "The longest pause before a new attempt."),
        .seconds(
            "broker.restore_timeout_seconds", \.gateway.upstream.restoreTimeout, 1...86_400,
            "How long a client's lost broker connection may stay lost before the client is told."),
    ]
}
