import Configuration
import GatewayCore
import GatewayHost
import Transports

/// What `swiftlet run` was told on the command line; it goes before what the file says.
struct RunOptions {
    var configurationFile: String?
    /// Whether nobody named that file, and it is used for being where it is.
    var isUsualFile = false
    /// Empty: those of the file.
    var listeners: [UDPListener] = []
    var broker: BrokerEndpoint?
    var logLevel: LogLevel?
    var acceptsForeignStore = false
    var recordingFile: String?
    /// In octets; nil: `defaultRecordingLimit`.
    var recordingLimit: Int?

    static let defaultRecordingLimit = 67_108_864
    /// A recording that holds less than some hundred events is of no use.
    static let smallestRecordingLimit = 65_536
}

/// `swiftlet run`: the gateway, from its first line of log to its last.
struct RunCommand {
    /// The configuration of an installed gateway.
    static let usualFile = "/etc/swiftlet/gateway.toml"

    static let entry = CommandEntry(
        "run", "run the gateway until SIGTERM or SIGINT",
        details: """
            Without --config it uses \(usualFile) where that exists, else what 'swiftlet config' prints.
            """,
        options: [config, listen, broker, logLevel, acceptForeignStore, record, recordLimit],
        success: "stopped by a signal",
        failures: [
            .dataError, .noInput, .unavailable, .systemFailure, .cannotCreate, .noPermission, .configuration,
        ],
        examples: [
            ("swiftlet run --broker mqtt://broker.example", "sensors on UDP port 1884, a broker elsewhere"),
            ("swiftlet run -c gateway.toml --log-level debug", "options go before the file"),
        ],
        synonyms: ["start", "serve", "daemon"],
        execute: { (arguments) throws(UsageError) in RunCommand(try options(arguments)).execute() })

    static let config = Option(
        "--config", "-c", value: "FILE",
        help: "Read this configuration file; 'swiftlet config' prints one with every key.")
    static let listen = Option(
        "--listen", "-l", value: "udp://ADDRESS:PORT", isRepeatable: true,
        help:
            "Listen here, instead of where the file says; the file's [[udp]] are not used then, nor their groups,"
            + " forwarders and retry settings.")
    static let broker = Option(
        "--broker", "-b", value: "mqtt://HOST:PORT",
        help: "Connect to this broker, instead of the file's; mqtts:// for TLS, ws:// and wss:// for WebSocket.")
    static let logLevel = Option(
        "--log-level", choices: LogLevel.allCases.map { "\($0)" }, aliases: ["warn": "warning", "err": "error"],
        help: "How much the log tells.")
    static let acceptForeignStore = Option(
        "--accept-foreign-store",
        help: "Take over the store of a gateway with another gateway.id, or set aside one of a newer version, once.")
    static let record = Option(
        "--record", value: "FILE",
        help: "Record everything the gateway is told, to be replayed. FILE must be new, and holds the content of all"
            + " messages, with placeholders for passwords; the gateway waits for each write, so the disk must not be a"
            + " slow one."
    )
    static let recordLimit = Option(
        "--record-limit", value: "BYTES",
        help: "End the recording at this size, such as 5M, and go on without; default 64M.")

    /// How long clients and broker are given to hear the goodbye, in nanoseconds.
    private static let farewell: UInt64 = 800_000_000
    /// How long the disk is given before, as nothing leaves that is not durable; with as much again for the last batch
    /// it is less than systemd waits (TimeoutStopSec= of the unit).
    private static let patience: UInt64 = 4_000_000_000

    let options: RunOptions

    init(_ options: RunOptions) { self.options = options }

    static func options(_ arguments: Arguments) throws(UsageError) -> RunOptions {
        var options = RunOptions()
        options.configurationFile = arguments.value(config)
        if options.configurationFile == nil, FileReader.exists(path: usualFile) {
            (options.configurationFile, options.isUsualFile) = (usualFile, true)
        }
        options.listeners = try arguments.allParsed(listen, EndpointParser.udp)
        options.broker = try arguments.parsed(broker, EndpointParser.broker)
        options.logLevel = arguments.value(logLevel).flatMap { name in LogLevel.allCases.first { "\($0)" == name } }
        options.acceptsForeignStore = arguments.has(acceptForeignStore)
        options.recordingFile = arguments.value(record)
        options.recordingLimit = try arguments.octets(recordLimit, atLeast: RunOptions.smallestRecordingLimit)
        guard options.recordingLimit == nil || options.recordingFile != nil else {
            throw arguments.wrong("'--record-limit' is for '--record', which is not given")
        }
        return options
    }

    func execute() -> ExitStatus {
        switch fileSettings() {
        case .success(let file): return run(settings(from: file), file: file)
        case .failure(let failure): return failure.report()
        }
    }

    /// What holds with the file and the command line.
    func effectiveSettings() -> Result<Settings, ConfigurationFailure> { fileSettings().map(settings) }

    func fileSettings() -> Result<Settings, ConfigurationFailure> {
        options.configurationFile.map { ConfigurationFile.read($0, toRun: true) } ?? .success(Settings())
    }

    /// The file's settings with what the command line says in place of it.
    func settings(from file: Settings) -> Settings {
        var settings = file
        if !options.listeners.isEmpty {
            settings.host.listeners = options.listeners
            // The links of serial lines stand behind those of the listeners.
            let serialLinks = file.gateway.links.suffix(file.host.serialPorts.count)
            settings.gateway.links = options.listeners.map { _ in LinkConfiguration() } + serialLinks
            settings.nameLinks()
        }
        if let broker = options.broker { settings.choose([broker]) }
        if let level = options.logLevel { settings.host.logLevel = level }
        // systemd makes a directory of the service's own (RuntimeDirectory=); of several the first one counts.
        if settings.host.http.controlSocket == nil, let runtime = ProcessEnvironment.value("RUNTIME_DIRECTORY"),
            let directory = runtime.split(separator: ":").first
        {
            settings.host.http.controlSocket = directory + "/control"
        }
        if settings.host.sharedClientID == nil {
            settings.host.sharedClientID = MachineIdentity.current.sharedClientID(
                gatewayID: settings.gateway.gatewayID)
        }
        return settings
    }

    private func run(_ settings: Settings, file: Settings) -> ExitStatus {
        let log = Log(level: settings.host.logLevel, format: settings.host.logFormat)
        log.write(
            .info, "swiftlet \(Swiftlet.version) starting, gateway id \(settings.gateway.gatewayID)", event: "starting")
        do {
            let loop = try EventLoop()
            let host = try Host(settings: settings, seed: MonotonicClock.now(), log: log, loop: loop)
            let signals = try RunSignals(host)
            if options.isUsualFile { log.write(.info, "configuration \(Self.usualFile), since it is there") }
            reportLimits(settings, log)
            warnOfUnusedListeners(file, log)
            warnOfSecrets(file, log)
            try startRecording(host)
            try host.openStore(acceptsForeign: options.acceptsForeignStore)
            let manager = ServiceManager.ofThisProcess().map { ServiceNotifier($0, host) }
            host.reload = { [unowned host] in reload(host, manager, log) }
            manager?.ready()
            log.write(.info, "ready", event: "ready")
            try serve(host, until: signals, manager)
            host.close()
            log.write(.info, "stopped", event: "stopped")
            return .success
        } catch let error as HostError {
            return cannotGoOn(error, error.isPermission ? .noPermission : .unavailable, log)
        } catch let error as StoreRefusal {
            return cannotGoOn(error.description, error.status, log)
        } catch let error as RecorderError {
            return cannotGoOn(error, .cannotCreate, log)
        } catch {
            return cannotGoOn(error, .systemFailure, log)
        }
    }

    /// The end of the log says why, in the form that all of the log has.
    private func cannotGoOn(_ error: Any, _ status: ExitStatus, _ log: Log) -> ExitStatus {
        log.write(.error, "\(error)", event: "cannot_go_on")
        return status
    }

    private func startRecording(_ host: Host) throws(RecorderError) {
        guard let path = options.recordingFile else { return }
        try host.record(
            to: path, maximumByteCount: options.recordingLimit ?? RunOptions.defaultRecordingLimit,
            note: "swiftlet \(Swiftlet.version)")
    }

    /// What the file says of its listeners is easily forgotten when others take their place.
    private func warnOfUnusedListeners(_ file: Settings, _ log: Log) {
        let usual = Settings()
        let named = file.host.listeners
        guard !options.listeners.isEmpty, !named.isEmpty,
            named != usual.host.listeners || file.gateway.links.prefix(named.count) != usual.gateway.links[...]
        else { return }
        log.write(
            .warning,
            "--listen takes the place of every [[udp]] of the file: groups, forwarders and retry settings are not used")
    }

    private func serve(
        _ host: Host, until signals: RunSignals, _ manager: ServiceNotifier?
    ) throws(IOError) {
        while !signals.askForEnd { try host.turn() }
        manager?.stopping()
        // Thousands of goodbyes take their time too.
        let latest = MonotonicClock.now() + Self.patience
        host.stop()
        var end = MonotonicClock.now() + Self.farewell
        while !host.hasStopped, MonotonicClock.now() < end {
            try host.loop.turn(deadline: end)
            host.finishTurn()
            if host.awaitsStore, host.loop.now < latest { end = host.loop.now + Self.farewell }
        }
    }

    /// The rest of the banner: where the broker is, which limits hold, and whether the system allows them.
    private func reportLimits(_ settings: Settings, _ log: Log) {
        let limits = settings.gateway.limits
        let ownName = LogText.quoted(settings.host.sharedClientID ?? settings.gateway.upstream.sharedClientID)
        let proxy = settings.host.proxy.endpoint.map { " proxy=\($0.name)" } ?? ""
        let brokers = settings.host.brokers.map(\.name).joined(separator: ", ")
        log.write(.info, "broker \(brokers)\(proxy) shared_client_id=\(ownName)")
        log.write(
            .info,
            "limits clients=\(limits.clients) topics_per_client=\(limits.topicsPerClient)"
                + " queued_messages_per_client=\(limits.queuedMessagesPerClient) queued_bytes=\(limits.queuedByteCount)"
        )
        let descriptors = ProcessLimits.raiseFileDescriptorLimit()
        let closing = settings.host.closingConnectionCount
        let needed = Self.neededDescriptorCount(settings)
        if descriptors.soft < needed {
            log.write(
                .warning,
                "only \(descriptors.soft) files may be open, \(needed) are needed for"
                    + " clients.maximum=\(limits.clients), clients.set_ups=\(limits.setUps) and"
                    + " limits.closing_connections=\(closing): raise the limit (LimitNOFILE= in systemd, ulimit -Hn)"
                    + " or lower them")
        }
    }

    /// Whether there may be several addresses to connect to.
    private static func isAnyBrokerNamed(_ settings: HostSettings) -> Bool {
        settings.brokers.indices.contains {
            let hop = settings.at(broker: $0).firstHop
            return SocketAddress(numeric: hop.host, port: hop.port) == nil
        }
    }

    /// How many files the gateway may come to have open.
    static func neededDescriptorCount(_ settings: Settings) -> UInt64 {
        // One connection per client, the shared one, sockets, a group's own among them, and some air.
        let sockets =
            settings.host.listeners.reduce(0) { $0 + 1 + $1.groups.count } + settings.host.serialPorts.count
        let limits = settings.gateway.limits
        // Two doors, and who came through them.
        let doors = settings.host.http.isOn ? 2 * (settings.host.http.connectionCount + 1) : 0
        let closing = settings.host.closingConnectionCount
        // Those that are being connected try several addresses of a name at once; two are not clients' own.
        let beingMade = min(limits.brokerHandshakes, limits.clients + limits.setUps) + 2
        let races = isAnyBrokerNamed(settings.host) ? beingMade * (TCPRace.maximumAttemptCount - 1) : 0
        return UInt64(limits.clients + limits.setUps + closing + sockets + doors + races) + 32
    }
}
