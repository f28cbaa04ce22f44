import GatewayCore
import GatewaySimulator
import Time
import Transports

/// The application on a device: told what happens to its client.
protocol DeviceApplication: AnyObject {
    /// `time` is monotonic, in nanoseconds, taken when the client noticed.
    func device(_ device: Device, observed observation: ClientObservation, at time: UInt64)
}

/// A simulated MQTT-SN client with its timer and its radio.
final class Device: TimerHandler {
    let name: String
    weak var application: (any DeviceApplication)?
    private var client: SimulatedClient
    private var effects = ClientEffects()
    private var timer: LoopTimer?
    private let radio: any Radio
    private let loop: EventLoop
    private(set) var isDead = false

    init(name: String, radio: any Radio, loop: EventLoop) {
        (self.name, self.radio, self.loop) = (name, radio, loop)
        var configuration = SimulatedClientConfiguration(clientID: Array(name.utf8))
        // Seconds are long on a loopback, and a lost message must be repeated before the demo ends.
        configuration.retryInterval = .milliseconds(500)
        client = SimulatedClient(configuration: configuration)
        radio.device = self
    }

    var state: SimulatedClient.State { client.state }

    /// Whether nothing waits to be sent or acknowledged.
    var isIdle: Bool { client.isIdle }

    /// Calls `found` when it is known where the gateway is.
    func findGateway(_ found: @escaping () -> Void) { radio.findGateway(found) }

    func command(_ command: ClientCommand) {
        let nothing: [UInt8] = []
        handle(.commanded(command), nothing.span.bytes)
    }

    /// The battery is empty: nobody hears of the device again.
    func die() {
        guard !isDead else { return }
        isDead = true
        if let timer { loop.cancel(timer) }
        radio.close()
    }

    // MARK: Events

    /// A datagram of the gateway came in.
    func receive(_ datagram: RawSpan) { handle(.datagramReceived, datagram) }

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
            radio.queue(arena.bytes.extracting(range))
        }
        radio.flush()
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
