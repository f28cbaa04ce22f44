import Configuration
import GatewayCore
import GatewayHost
import Glibc
import Time
import Transports

/// A gateway on real sockets in this process, turned by a thread of its own.
final class GatewayThread {
    /// What the thread and the test share.
    fileprivate final class Shared: Sendable {
        struct State {
            var addresses: [SocketAddress] = []
            var httpAddress: SocketAddress?
            var failure: String?
            var hostError: HostError?
            var isRunning = false
            var isStopRequested = false
            /// Whether stopping includes a goodbye.
            var isPolite = true
            var waker: LoopWaker?
            var counters = Counters()
            var sessionCount = 0
            /// What the host is to go on with.
            var nextSettings: Settings?
            /// What became of that; nil while nobody has asked.
            var reloadOutcome: Result<SettingsChanges, HostError>?
            var liveAddresses: [SocketAddress] = []
        }

        let settings: Settings
        let state = Locked(State())

        init(_ settings: Settings) { self.settings = settings }

        /// Waits until the sockets are open; returns their addresses.
        func awaitStart() throws -> [SocketAddress] {
            _ = eventually { state.withLock { $0.isRunning || $0.hostError != nil || $0.failure != nil } }
            if let error = state.withLock({ $0.hostError }) { throw error }
            guard state.withLock({ $0.isRunning }) else { throw NothingCame(awaited: "the start of the gateway") }
            return state.withLock { $0.addresses }
        }
    }

    private let shared: Shared
    private let thread: pthread_t
    private var isJoined = false

    /// Where clients reach the gateway, in the order of the listeners.
    let addresses: [SocketAddress]

    /// Starts a gateway for the broker at `broker` that listens on `hosts`, on ports that the system chooses.
    init(
        broker: BrokerEndpoint, hosts: [String] = ["127.0.0.1"], _ configure: (inout Settings) -> Void = { _ in }
    ) throws {
        var settings = Settings()
        settings.host.listeners = hosts.map { UDPListener(host: $0, port: 0) }
        settings.gateway.links = hosts.map { _ in LinkConfiguration() }
        settings.host.broker = broker
        settings.host.logLevel = .error
        settings.gateway.upstream.reconnectMinimum = .milliseconds(50)
        settings.gateway.upstream.reconnectMaximum = .milliseconds(200)
        configure(&settings)
        shared = Shared(settings)
        thread = try Self.start(shared)
        do {
            addresses = try shared.awaitStart()
        } catch {
            pthread_join(thread, nil)
            throw error
        }
    }

    private static func start(_ shared: Shared) throws -> pthread_t {
        var thread: pthread_t = 0
        let code = pthread_create(&thread, nil, runGateway, Unmanaged.passRetained(shared).toOpaque())
        guard code == 0 else { throw SystemFailure(operation: "pthread_create") }
        return thread
    }

    deinit { stop(politely: false) }

    /// The address of the first listener.
    var address: SocketAddress { addresses[0] }

    /// How often `kind` was observed until the last turn.
    func count(_ kind: ObservationKind) -> UInt64 { shared.state.withLock { $0.counters[kind] } }

    /// Where HTTP is answered over TCP.
    var httpAddress: SocketAddress? { shared.state.withLock { $0.httpAddress } }

    /// Lets the gateway go on with its first settings as `change` leaves them.
    func reload(_ change: (inout Settings) -> Void) throws -> Result<SettingsChanges, HostError> {
        var settings = shared.settings
        change(&settings)
        shared.state.withLock {
            $0.reloadOutcome = nil
            $0.nextSettings = settings
            $0.waker?.wake()
        }
        _ = eventually { shared.state.withLock { $0.reloadOutcome != nil } }
        guard let outcome = shared.state.withLock({ $0.reloadOutcome }) else {
            throw NothingCame(awaited: "the end of the reload")
        }
        return outcome
    }

    /// Where clients reach the gateway after the last reload.
    var liveAddresses: [SocketAddress] { shared.state.withLock { $0.liveAddresses } }

    var sessionCount: Int { shared.state.withLock { $0.sessionCount } }

    /// Why the loop ended, if it failed.
    var failure: String? { shared.state.withLock { $0.failure } }

    /// Ends the thread, after a goodbye to clients and broker if `politely`.
    func stop(politely: Bool = true) {
        guard !isJoined else { return }
        isJoined = true
        shared.state.withLock {
            $0.isStopRequested = true
            $0.isPolite = politely
            $0.waker?.wake()
        }
        pthread_join(thread, nil)
    }

    // MARK: On the thread

    fileprivate static func run(_ shared: Shared) {
        do {
            let loop = try EventLoop()
            let host = try Host(
                settings: shared.settings, seed: 1, log: Log(level: shared.settings.host.logLevel), loop: loop)
            try host.openStore()
            shared.state.withLock {
                $0.addresses = host.listeningAddresses
                $0.httpAddress = host.httpAddress
                $0.waker = loop.waker
                $0.isRunning = true
            }
            try serve(host, shared)
            host.close()
        } catch let error as HostError {
            shared.state.withLock { $0.hostError = error }
        } catch {
            shared.state.withLock { $0.failure = "\(error)" }
        }
    }

    private static func serve(_ host: Host, _ shared: Shared) throws(IOError) {
        var isStopRequested = false
        while !isStopRequested {
            try host.turn()
            let (counters, sessionCount) = (host.counters, host.sessionCount)
            isStopRequested = shared.state.withLock {
                $0.counters = counters
                $0.sessionCount = sessionCount
                return $0.isStopRequested
            }
            reloadIfAsked(host, shared)
        }
        guard shared.state.withLock({ $0.isPolite }) else { return }
        host.stop()
        let end = MonotonicClock.now() + 1_000_000_000
        while !host.hasStopped, MonotonicClock.now() < end {
            try host.loop.turn(deadline: end)
            host.finishTurn()
        }
    }
}

extension GatewayThread {
    fileprivate static func reloadIfAsked(_ host: Host, _ shared: Shared) {
        let asked = shared.state.withLock { state in
            defer { state.nextSettings = nil }
            return state.nextSettings
        }
        guard let asked else { return }
        let outcome: Result<SettingsChanges, HostError>
        do throws(HostError) {
            outcome = .success(try host.reload(asked))
        } catch {
            outcome = .failure(error)
        }
        let addresses = host.listeningAddresses
        shared.state.withLock {
            $0.reloadOutcome = outcome
            $0.liveAddresses = addresses
        }
    }
}

/// Where the thread begins; its argument is a retained `GatewayThread.Shared`.
private func runGateway(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument { GatewayThread.run(Unmanaged<GatewayThread.Shared>.fromOpaque(argument).takeRetainedValue()) }
    return nil
}

extension BrokerEndpoint {
    /// The broker at `address`.
    init(_ address: SocketAddress) { self.init(host: address.host, port: address.port) }
}
