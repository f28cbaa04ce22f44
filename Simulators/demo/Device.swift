import GatewayCore
import GatewaySimulator
import Transports

/// The application on a device: told what happens to its client.
protocol DeviceApplication: AnyObject {
    /// `time` is monotonic, in nanoseconds, taken when the client noticed.
    func device(_ device: Device, observed observation: ClientObservation, at time: UInt64)
}

/// A simulated MQTT-SN client on a UDP socket of its own.
final class Device: UDPTransportDelegate, TimerHandler {
    let name: String
    weak var application: (any DeviceApplication)?
    private var client: SimulatedClient
    private var effects = ClientEffects()
    private var timer: LoopTimer?
    private let transport: UDPTransport
    private let gateway: SocketAddress
    private let loop: EventLoop
    private(set) var isDead = false

    /// Binds a socket to a port of `localAddress` that the system chooses.
    init(
        name: String, localAddress: SocketAddress, gateway: SocketAddress, loop: EventLoop
    ) throws(IOError) {
        self.name = name
        self.gateway = gateway
        self.loop = loop
        var configuration = SimulatedClientConfiguration(clientID: Array(name.utf8))
        // Seconds are long on a loopback, and a lost message must be repeated before the demo ends.
        configuration.retryInterval = .milliseconds(500)
        client = SimulatedClient(configuration: configuration)
        transport = try UDPTransport(binding: localAddress, receiveBufferByteCount: nil, loop: loop)
        transport.delegate = self
    }

    var state: SimulatedClient.State { client.state }

    /// Whether nothing waits to be sent or acknowledged.
    var isIdle: Bool { client.isIdle }

    func command(_ command: ClientCommand) {
        let nothing: [UInt8] = []
        handle(.commanded(command), nothing.span.bytes)
    }

    /// The battery is empty: nobody hears of the device again.
    func die() {
        guard !isDead else { return }
        isDead = true
        if let timer { loop.cancel(timer) }
        transport.close()
    }

    // MARK: Events

    func transportReadable(_ transport: UDPTransport) {
        // An error of the socket shows as a message that does not arrive.
        _ = try? transport.receive { datagram, source, _ in
            if source == gateway { handle(.datagramReceived, datagram) }
        }
    }

    func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        let nothing: [UInt8] = []
        handle(.deadlineReached, nothing.span.bytes)
    }

    private func handle(_ event: ClientEvent, _ bytes: RawSpan) {
        guard !isDead else { return }
        let now = MonotonicClock.now()
        client.handle(event, bytes, at: Instant(nanoseconds: now), into: &effects)
        // The application may give the next command while it is told of this event.
        var current = ClientEffects()
        swap(&current, &effects)
        send(current)
        scheduleNext()
        tell(current, at: now)
    }

    /// Datagrams leave before the application takes its time.
    private func send(_ effects: borrowing ClientEffects) {
        let arena = effects.bytes.span
        for index in effects.list.indices {
            guard case .send(let range) = effects.list[index] else { continue }
            transport.queue(arena.bytes.extracting(range), to: gateway, from: nil)
        }
        transport.flush()
    }

    private func tell(_ effects: borrowing ClientEffects, at time: UInt64) {
        for index in effects.list.indices {
            guard case .observe(let observation) = effects.list[index] else { continue }
            application?.device(self, observed: observation, at: time)
        }
    }

    private func scheduleNext() {
        let deadline = client.nextDeadline?.nanoseconds
        guard timer?.deadline != deadline else { return }
        if let timer { loop.cancel(timer) }
        timer = deadline.map { loop.schedule(at: $0, self) }
    }
}
