import Configuration
import GatewayCore
import GatewayHost
import Transports

/// `swiftlet run`: the gateway, from its first line of log to its last.
struct RunCommand {
    /// How long clients and broker are given to hear the goodbye, in nanoseconds.
    private static let farewell: UInt64 = 800_000_000

    private var options: RunOptions

    init(_ options: RunOptions) { self.options = options }

    func execute() -> ExitStatus {
        switch fileSettings() {
        case .success(let file): return run(settings(from: file), file: file)
        case .failure(let failure): return failure.report()
        }
    }

    private func fileSettings() -> Result<Settings, ConfigurationFailure> {
        options.configurationFile.map(ConfigurationFile.read) ?? .success(Settings())
    }

    /// The file's settings with what the command line says in place of it.
    private func settings(from file: Settings) -> Settings {
        var settings = file
        if !options.listeners.isEmpty {
            settings.host.listeners = options.listeners
            // The links of serial lines stand behind those of the listeners.
            let serialLinks = file.gateway.links.suffix(file.host.serialPorts.count)
            settings.gateway.links = options.listeners.map { _ in LinkConfiguration() } + serialLinks
        }
        if let broker = options.broker { settings.host.broker = broker }
        if let level = options.logLevel { settings.host.logLevel = level }
        if settings.host.sharedClientID == nil {
            settings.host.sharedClientID = MachineIdentity.current.sharedClientID(
                gatewayID: settings.gateway.gatewayID)
        }
        return settings
    }

    private func run(_ settings: Settings, file: Settings) -> ExitStatus {
        let log = Log(level: settings.host.logLevel)
        log.write(.info, "swiftlet \(Swiftlet.version) starting, gateway id \(settings.gateway.gatewayID)")
        reportLimits(settings, log)
        warnOfUnusedListeners(file, log)
        do {
            let loop = try EventLoop()
            let stop = try StopRequest(loop: loop)
            let host = try Host(settings: settings, seed: MonotonicClock.now(), log: log, loop: loop)
            try startRecording(host)
            try serve(host, until: stop)
            host.close()
            log.write(.info, "stopped")
            return .success
        } catch let error as HostError {
            Terminal.complain("\(error)")
            return error.isPermission ? .noPermission : .unavailable
        } catch let error as RecorderError {
            Terminal.complain("\(error)")
            return .cannotCreate
        } catch {
            Terminal.complain("\(error)")
            return .systemFailure
        }
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

    private func serve(_ host: Host, until stop: StopRequest) throws(IOError) {
        while !stop.isRequested { try host.turn() }
        // Thousands of goodbyes take their time too.
        let end = MonotonicClock.now() + Self.farewell
        host.stop()
        while !host.hasStopped, MonotonicClock.now() < end {
            try host.loop.turn(deadline: end)
            host.finishTurn()
        }
    }

    /// The rest of the banner: where the broker is, which limits hold, and whether the system allows them.
    private func reportLimits(_ settings: Settings, _ log: Log) {
        let limits = settings.gateway.limits
        let ownName = LogText.quoted(settings.host.sharedClientID ?? settings.gateway.upstream.sharedClientID)
        log.write(.info, "broker \(settings.host.broker.name) shared_client_id=\(ownName)")
        log.write(
            .info,
            "limits clients=\(limits.clients) topics_per_client=\(limits.topicsPerClient)"
                + " queued_messages_per_client=\(limits.queuedMessagesPerClient) queued_bytes=\(limits.queuedByteCount)"
        )
        let descriptors = ProcessLimits.raiseFileDescriptorLimit()
        // One connection per client, the shared one, sockets, a group's own among them, and some air.
        let sockets =
            settings.host.listeners.reduce(0) { $0 + 1 + $1.groups.count } + settings.host.serialPorts.count
        let closing = settings.host.closingConnectionCount
        let needed = UInt64(limits.clients + limits.setUps + closing + sockets) + 32
        if descriptors.soft < needed {
            log.write(
                .warning,
                "only \(descriptors.soft) files may be open, \(needed) are needed for"
                    + " clients.maximum=\(limits.clients), clients.set_ups=\(limits.setUps) and"
                    + " limits.closing_connections=\(closing): raise the limit (LimitNOFILE= in systemd, ulimit -Hn)"
                    + " or lower them")
        }
    }
}

/// SIGTERM and SIGINT, as a question that the loop can ask.
private final class StopRequest: SignalSourceDelegate {
    private(set) var isRequested = false
    private let source: SignalSource

    init(loop: EventLoop) throws(IOError) {
        source = try SignalSource([.terminate, .interrupt], loop: loop)
        source.delegate = self
    }

    func signalReceived(_ signal: Signal) { isRequested = true }
}
