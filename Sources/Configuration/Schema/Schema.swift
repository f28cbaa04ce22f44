import GatewayCore

/// Every key of the configuration file. To add one, add its line here and to `Config/gateway.toml`.
enum Schema {
    /// The keys that stand in the file once.
    static let settings = gateway + broker + everythingElse + tls + proxy + http + status + store

    private static let gateway: [Key<Settings>] = [
        // [gateway]
        .integer(
            "gateway.id", \.gateway.gatewayID, 0...255, "(GwId)",
            "The gateway's number, which no other gateway in its network has (MQTT-SN 1.2 section 5.3.8)."
        ).atStart,
        .choice(
            "gateway.qos_minus_one", \.gateway.qosMinusOne,
            "Publishes without a connection: none, on pre-defined topics, or on short topic names too."),
        .boolean(
            "gateway.qos_minus_one_full_names", \.gateway.qosMinusOneFullNames,
            "Whether they may also bring a whole topic name, as clients of RSMB send it."),
        .boolean(
            "gateway.lenient", \.gateway.isLenient,
            "Whether the wrong Length field that the Paho client library sends is understood."),
    ]

    /// Those that have no list of their own.
    private static let everythingElse: [Key<Settings>] = [
        // [clients]
        .integer(
            "clients.maximum", \.gateway.limits.clients, 1...1_000_000, "clients",
            "Sessions held at once, connected or remembered for a client that will return."),
        .integer(
            "clients.set_ups", \.gateway.limits.setUps, 1...1_000_000, "clients",
            "New clients whose CONNECT is being carried out; beyond it the oldest that owes an answer goes."),
        .integer(
            "clients.id_bytes", \.gateway.limits.clientIDByteCount, 1...1_024, "bytes",
            "Longest ClientId; MQTT-SN 1.2 section 5.3.1 says 23, many devices use more."),
        .choice(
            "clients.empty_id", \.gateway.emptyClientID,
            "A CONNECT without ClientId is refused, or assigned a new one each time."),
        .integer(
            "clients.topics", \.gateway.limits.topicsPerClient, 1...65_534, "topics",
            "Topic names with an id in one session; those that it did not ask for give way to new ones."),
        .integer(
            "clients.topic_name_bytes", \.gateway.limits.topicNameByteCount, 1...65_535, "bytes",
            "Longest topic name or filter."),
        .integer(
            "clients.subscriptions", \.gateway.limits.subscriptionsPerClient, 1...16_384, "subscriptions",
            "Subscriptions in one session."),
        .integer(
            "clients.exchanges", \.gateway.limits.exchangesPerClient, 1...1_024, "exchanges",
            "Publishes of QoS 1 and 2 and subscriptions that one client may have open towards the broker."),
        .integer(
            "clients.undeliverable", \.gateway.limits.undeliverablePerClient, 0...1_000, "messages",
            "QoS 1 and 2 not taken by a client that is there: kept at the broker; beyond that the oldest goes."),
        .integer(
            "clients.ended_exchanges", \.gateway.limits.endedExchangesPerClient, 1...65_535, "exchanges",
            "Ends of QoS 2 publishes remembered for late copies; more within Tretry × (Nretry + 1) must wait."),
        .integer(
            "clients.will_message_bytes", \.gateway.limits.willMessageByteCount, 0...65_535, "bytes",
            "Longest Will message."),
        .integer(
            "clients.queued_messages", \.gateway.limits.queuedMessagesPerClient, 1...1_000_000, "messages",
            "Messages waiting for one client, asleep or slow."),
        .integer(
            "clients.queued_bytes", \.gateway.limits.queuedByteCountPerClient, 1...1_073_741_824, "bytes",
            "Messages waiting for one client, each with its topic name and 200 bytes more."),
        .choice(
            "clients.queue_policy", \.gateway.queuePolicy,
            "Which QoS 0 message goes when that is too much; those of QoS 1 and 2 wait at the broker."),
        .integer(
            "clients.keep_alive_tolerance_short_percent", \.gateway.supervision.shortTolerancePercent, 0...1_000,
            "percent", "Added to keep-alive times of up to one minute before a silent client is lost."),
        .integer(
            "clients.keep_alive_tolerance_long_percent", \.gateway.supervision.longTolerancePercent, 0...1_000,
            "percent", "Added to keep-alive times above one minute before a silent client is lost."),
        .seconds(
            "clients.longest_silence_seconds", \.gateway.supervision.longestSilence, 0...31_536_000,
            "How long clients may be silent that have promised nothing (Duration 0); 0 for ever."),

        // [will]
        .choice(
            "will.update", \.gateway.willUpdate,
            "A changed Will reaches the broker by a new connection, or the gateway keeps and publishes it."
        ).atStart,

        // [sleep]
        .integer(
            "sleep.messages_per_wake_up", \.gateway.sleep.messagesPerWakeUp, 0...65_535, "messages",
            "What one wake-up may bring; 0 for all that waits."),
        .milliseconds(
            "sleep.pacing_milliseconds", \.gateway.sleep.pacing, 0...60_000,
            "The pause between two messages to an awake client, for receivers with small buffers."),
        .boolean(
            "sleep.allow_address_change", \.gateway.sleep.allowsAddressChange,
            "Whether a connected client may come from another address: a sleeper that wakes up, and a CONNECT."),
        .seconds(
            "sleep.restore_timeout_seconds", \.gateway.sleep.restoreTimeout, 1...86_400,
            "How long a sleeping client's lost broker connection may stay lost before the client is told."),

        // [discovery]
        .integer(
            "discovery.advertise_interval_seconds", \.gateway.discovery.advertiseIntervalSeconds, 1...65_535,
            "seconds", "Between two ADVERTISEs to the groups of each [[udp]] (TADV)."),
        .boolean(
            "discovery.standby", \.gateway.discovery.isStandby,
            "Whether the gateway keeps quiet as long as another one advertises."),
        .integer(
            "discovery.missed_advertisements", \.gateway.discovery.missedAdvertisements, 1...100, "ADVERTISEs",
            "So many of the other gateway's must be missed before a stand-by takes over (NADV)."),

        // [limits]
        .integer(
            "limits.queued_bytes", \.gateway.limits.queuedByteCount, 1...1_099_511_627_776, "bytes",
            "Messages waiting for all clients together, each with its topic name and 200 bytes more."),
        .integer(
            "limits.topic_names_bytes", \.gateway.limits.topicNamesByteCount, 1...1_099_511_627_776, "bytes",
            "Topic names and filters: 96 bytes more for each, 64 for each use; half is for the clients' equal shares."),
        .integer(
            "limits.topic_levels", \.gateway.limits.topicLevels, 3...65_535, "levels",
            "Levels of a topic name or filter; a broker may end the connection for more."),
        .integer(
            "limits.qos_minus_one_bytes", \.gateway.limits.qosMinusOneByteCount, 0...1_073_741_824, "bytes",
            "Publishes without connection that wait while the gateway's own broker connection returns."),
        .integer(
            "limits.upstream_queued_bytes", \.gateway.limits.queuedByteCountPerUpstream, 1_024...1_073_741_824,
            "bytes", "Octets waiting to be written to one broker connection, or at QoS 0 for its return."),
        .integer(
            "limits.upstream_read_bytes", \.host.readByteCountPerConnection, 256...65_536, "bytes",
            "Octets read at once from one broker connection; so many are kept while its client has no room."),
        .integer(
            "limits.closing_connections", \.host.closingConnectionCount, 1...1_000_000, "connections",
            "Broker connections whose end is awaited, one of each client; beyond that the system ends the oldest."),
        .integer(
            "limits.client_certificates", \.host.clientCertificateCount, 1...100_000, "certificates",
            "Certificates of clients held at once; beyond that one goes that no connection uses."),
        .integer(
            "limits.broker_handshakes", \.gateway.limits.brokerHandshakes, 1...1_000_000, "connections",
            "Connections to the broker that are being made at once, up to the CONNACK; further ones wait in a line."),
        .integer(
            "limits.broker_connects_per_second", \.gateway.limits.brokerConnectsPerSecond, 1...1_000_000,
            "connections", "Connections to the broker that are begun in a second; further ones wait in the same line."),
        .integer(
            "limits.packet_bytes", \.gateway.limits.packetByteCount, 128...268_435_460, "bytes",
            "Longest MQTT packet from the broker; a longer one closes that connection."),
        .integer(
            "limits.stranger_replies_per_second", \.gateway.limits.strangerRepliesPerSecond, 0...1_000_000,
            "replies", "DISCONNECTs sent to senders that the gateway does not know."),
        .integer(
            "limits.search_replies_per_second", \.gateway.limits.searchRepliesPerSecond, 0...1_000_000,
            "replies", "SEARCHGWs answered, each by a GWINFO to the searcher and one to the groups."),
        .integer(
            "limits.recent_departures", \.gateway.limits.recentDepartures, 0...1_000_000, "senders",
            "Departed clients remembered: for a repeated DISCONNECT, late answers, and that they answer no REGISTER."),
        .integer(
            "limits.unwelcome_messages", \.gateway.limits.unwelcomeMessages, 0...65_536, "messages",
            "Messages remembered on which the broker may have closed a connection."),

        // [log]
        .choice(
            "log.level", \.host.logLevel, alias: LogLevel.init(named:),
            "How much the log tells; a level includes those before it."),
        .choice(
            "log.format", \.host.logFormat,
            "The form of its lines; \"auto\" is what suits a terminal, the journal or a file."),
        .integer(
            "log.stranger_lines_per_second", \.host.strangerLogLinesPerSecond, 0...1_000_000, "lines",
            "Log lines about senders that the gateway does not know; further ones are only counted."),
        .integer(
            "log.client_lines_per_second", \.host.clientLogLinesPerSecond, 0...1_000_000, "lines",
            "Log lines about clients with which something is wrong; further ones are only counted."),
        .integer(
            "log.client_lines_per_minute", \.host.clientLogLinesPerMinute, 0...1_000_000, "lines",
            "Log lines about clients that come and go; where there are more, one line each minute counts them."),
    ]

    /// The keys of each `[[udp]]`.
    static let listener: [Key<Listener>] = [
        .endpoint(
            "udp.listen", "udp://ADDRESS[:PORT]", parse: EndpointParser.udp,
            write: { ($1.endpoint.host, $1.endpoint.port) = ($0.host, $0.port) }, read: { $0.endpoint.name },
            "Local address on which clients reach the gateway."
        ).required,
        .integer(
            "udp.receive_buffer_bytes", \.endpoint.receiveBufferByteCount, 4_096...1_073_741_824, "bytes",
            "What the system keeps for the gateway while it is busy (SO_RCVBUF)."),
        .integer(
            "udp.maximum_datagram_bytes", \.link.maximumDatagramByteCount, 32...65_507, "bytes",
            "Longest datagram that the gateway sends; keep it below the MTU."),
        .seconds(
            "udp.retry_interval_seconds", \.link.retryInterval, 1...3_600,
            "How long the gateway waits for an answer before it repeats a message (Tretry)."),
        .integer(
            "udp.retry_count", \.link.retryCount, 0...100, "times",
            "How often the gateway repeats a message before it gives the client up (Nretry)."),
        .boolean(
            "udp.adapt_retry_interval", \.link.adaptsRetryInterval,
            "Whether that wait shrinks to fit the round trips measured for each client."),
        .list(
            "udp.groups", \.endpoint.groups, upTo: UDPListener.maximumGroupCount, "udp://ADDRESS[:PORT]",
            parse: EndpointParser.group, write: { $0.name },
            "Multicast groups or IPv4 broadcast addresses where the gateway advertises and can be searched for."),
        .endpoint(
            "udp.interface", "NAME", parse: EndpointParser.interface,
            write: { $1.endpoint.interface = $0 }, read: { $0.endpoint.interface },
            "The network interface of the multicast groups; without the key the system chooses one."),
        .list(
            "udp.forwarders", \.endpoint.forwarders, upTo: UDPListener.maximumForwarderCount,
            "IP addresses or \"any\"", parse: EndpointParser.forwarder, write: { $0.name },
            "Who may forward other nodes' messages; encapsulated messages of all others are dropped."),
    ]

    /// The keys of each `[[serial]]`.
    static let serial: [Key<Serial>] = [
        .endpoint(
            "serial.device", "/dev/NAME", parse: EndpointParser.device,
            write: { $1.port.device = $0 }, read: { $0.port.device },
            "The terminal; a path under /dev/serial/by-id stays right when the adapter moves to another socket."
        ).required,
        .choice(
            "serial.framing", \.port.framing,
            "How datagrams are told apart: an XBee module's API frames, or one device or forwarder at the wire's end."),
        .speeds(
            "serial.speed", \.port.speeds,
            "Bits per second; several are tried in turn until the XBee module answers."),
        .endpoint(
            "serial.mode", "8N1, 8N2, 8E1, 8E2, 8O1 or 8O2", parse: EndpointParser.serialMode,
            write: { $1.port.mode = $0 }, read: { $0.port.mode.name },
            "Data bits, parity (none, even, odd) and stop bits."),
        .choice(
            "serial.flow_control", \.port.flowControl,
            "Whether RTS and CTS stop the line; wire them and set D6=1 and D7=1 on an XBee above 38400."),
        .integer(
            "serial.maximum_datagram_bytes", \.port.maximumDatagramByteCount, 0...65_535, "bytes",
            "Longest datagram in either direction; 0 for what the XBee module says (NP), 1024 on other framings."),
        .integer(
            "serial.queued_bytes", \.port.queuedByteCount, 1_024...1_048_576, "bytes",
            "Octets waiting for a slow line; datagrams beyond that are dropped."),
        .seconds(
            "serial.retry_interval_seconds", \.link.retryInterval, 1...3_600,
            "How long the gateway waits for an answer before it repeats a message (Tretry)."),
        .integer(
            "serial.retry_count", \.link.retryCount, 0...100, "times",
            "How often the gateway repeats a message before it gives the client up (Nretry)."),
        .boolean(
            "serial.adapt_retry_interval", \.link.adaptsRetryInterval,
            "Whether that wait shrinks to fit the round trips measured for each client."),
        .boolean(
            "serial.forwarding", \.port.allowsForwarding,
            "Whether nodes here may forward other nodes' messages; else encapsulated messages are dropped."),
        .boolean(
            "serial.broadcast", \.port.broadcasts,
            "Whether the gateway advertises here, and answers searches to everybody too."),
        .boolean("serial.checksum", \.port.hasChecksum, "Whether COBS frames carry a CRC-16; for \"cobs\" only."),
        .integer(
            "serial.api_mode", \.port.xbee.apiMode, 0...2, "(AP; 0 takes either)",
            "The API mode the XBee module should be in; another one is used as well, with a warning in the log."),
        .integer(
            "serial.outstanding", \.port.xbee.maximumOutstanding, 1...32, "transmissions",
            "Datagrams that the XBee module may be busy with at the same time, each to another node."),
        .integer(
            "serial.queued_messages", \.port.xbee.maximumMessageCount, 1...4_096, "datagrams",
            "Datagrams waiting for the XBee module, for all nodes together; what goes beyond is refused and counted."),
        .integer(
            "serial.queued_messages_per_node", \.port.xbee.maximumMessageCountPerNode, 1...4_096, "datagrams",
            "The same for one node of its network; they go out one after the other, and wait 30 seconds at most."),
        .integer(
            "serial.nodes", \.port.xbee.maximumNodeCount, 2...65_536, "nodes",
            "Nodes whose way through the radio network is remembered; more than queued_messages."),
        .choice(
            "serial.transmit", \.port.xbee.transmission,
            "The XBee's frames for sending: 0x10, 0x11 with Digi's endpoint, or 0x00 and 0x01 of old 802.15.4 modules."
        ),
        .boolean(
            "serial.extended_timeout", \.port.xbee.hasExtendedTimeout,
            "Whether the XBee keeps trying longer, for sleeping end devices (transmit option 0x40)."),
        .integer(
            "serial.broadcast_radius", \.port.xbee.broadcastRadius, 0...255, "hops",
            "How far broadcasts of the XBee go at most; 0 for the whole network."),
        .boolean(
            "serial.aps_encryption", \.port.xbee.hasAPSEncryption,
            "Whether the XBee encrypts from end to end what goes to one node (transmit option 0x20); needs EE=1."),
        .boolean(
            "serial.require_encryption", \.port.xbee.requiresEncryption,
            "Whether packets that were not encrypted so are dropped, counted and warned of; broadcasts never are."),
        .boolean(
            "serial.announcements", \.port.xbee.hasAnnouncements,
            "Whether the XBee passes on what nodes say as they join (AO=1), so that those that moved are found."),
        .integer(
            "serial.source_routing_nodes", \.port.xbee.sourceRoutingNodeCount, 0...65_536, "nodes",
            "From so many nodes on a Zigbee module asks for source routes once a minute (AR=6); 0 for never."),
        .seconds(
            "serial.signal_interval_seconds", \.port.xbee.signalInterval, 0...3_600,
            "Between two questions of how strongly a packet came in (DB), which the log tells; 0 for never."),
    ]

    /// The keys of `[[serial]]` that mean nothing on other framings.
    static let keysOfFramings: [(framing: SerialFraming, paths: [String])] = [
        (.cobs, ["serial.checksum"]),
        (
            .xbee,
            [
                "api_mode", "outstanding", "queued_messages", "queued_messages_per_node", "nodes", "transmit",
                "extended_timeout", "broadcast_radius", "aps_encryption", "require_encryption", "announcements",
                "source_routing_nodes", "signal_interval_seconds",
            ].map { "serial." + $0 }
        ),
    ]

    /// The keys of each `[[topic]]`.
    static let topic: [Key<PredefinedTopics.Entry>] = [
        .integer(
            "topic.id", \.topicID, 1...65_534, "(0 and 65535 are reserved)", "The pre-defined topic id."
        ).required,
        .text(
            "topic.name", \.topicName, 1...65_535,
            "The topic name that it stands for; ${client_id} in it is each client's own, ${gateway_id} the gateway's."
        ).required.topicTemplate,
        .optionalText(
            "topic.client", \.clientID, 1...1_024, "The ClientId that it holds for; without the key, all clients."),
    ]

    /// The `[[name]]`s of the file.
    static let listNames = ["udp", "serial", "topic", "client"]

    /// The `[name]`s of the file.
    static let sectionNames = Set(settings.map { $0.path.prefix { $0 != "." } }).map(String.init)

    /// The path of every key.
    static let paths =
        settings.map(\.path) + listener.map(\.path) + serial.map(\.path) + topic.map(\.path) + client.map(\.path)
}

/// What one `[[udp]]` fills: the socket and the numbers of its link.
struct Listener: Sendable {
    var endpoint = UDPListener(host: "0.0.0.0", port: UDPListener.defaultPort)
    var link = LinkConfiguration()
}

/// What one `[[serial]]` fills: the line and the numbers of its link.
struct Serial: Sendable {
    var port = SerialPort(device: "")
    private var numbers = LinkConfiguration()

    /// The longest datagram is the line's own affair.
    var link: LinkConfiguration {
        get {
            var link = numbers
            link.maximumDatagramByteCount = port.initialMaximumDatagramByteCount
            return link
        }
        set { numbers = newValue }
    }

    init() {}
}
