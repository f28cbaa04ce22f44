import GatewaySimulator
import MQTTSN
import Transports

/// All devices of the house, with what they share: the ledger, the narrator and the loop.
final class Household {
    let loop: EventLoop
    let narrator: Narrator
    var ledger = Ledger(House.senders)
    private(set) var isSending = true
    private var listeners: [Listener] = []
    private var senders: [Sender] = []

    /// Gives every device a socket; nothing is sent yet.
    init(
        localAddress: SocketAddress, gateway: SocketAddress, narrator: Narrator, loop: EventLoop
    ) throws(IOError) {
        self.loop = loop
        self.narrator = narrator
        func device(_ name: String) throws(IOError) -> Device {
            try Device(name: name, localAddress: localAddress, gateway: gateway, loop: loop)
        }
        for plan in House.listeners { listeners.append(Listener(plan, device: try device(plan.name), household: self)) }
        for (index, plan) in House.senders.enumerated() {
            senders.append(Sender(plan, index: index, device: try device(plan.name), household: self))
        }
    }

    /// The listeners begin; the others follow when these are ready, since nobody keeps a QoS 0 message for them.
    func start() {
        for listener in listeners { listener.start() }
    }

    func listenerIsReady() {
        guard listeners.allSatisfy(\.isReady) else { return }
        for sender in senders { sender.switchOn() }
    }

    func stopSending() { isSending = false }

    /// Everybody who is connected says goodbye.
    func leave() {
        for device in devices { device.command(.disconnect) }
    }

    func close() {
        for device in devices { device.die() }
    }

    private var devices: [Device] { listeners.map(\.device) + senders.map(\.device) }

    /// Calls `action` in so many milliseconds, if the loop still turns then.
    func remind(after milliseconds: Int, _ action: @escaping () -> Void) {
        loop.schedule(at: MonotonicClock.now() + UInt64(milliseconds) * 1_000_000, Reminder(action))
    }

    /// Notes an observation that no device makes where everything goes well.
    func noteTrouble(_ observation: ClientObservation, of device: Device, at time: UInt64) {
        let trouble = Self.words(for: observation)
        if case .unexpectedMessage = observation {
            // On a machine that stood still for a while a repeated request gets two answers, which is no fault.
            narrator.tell(device.name, trouble, .warning, at: time)
        } else {
            ledger.note("\(device.name): \(trouble)")
            narrator.tell(device.name, trouble, .bad, at: time)
        }
    }

    private static func words(for observation: ClientObservation) -> String {
        switch observation {
        case .connectionRefused(let code): "the gateway refused the connection (code \(code.rawValue))"
        case .dismissed: "the gateway ended the connection"
        case .gatewayLost: "the gateway does not answer"
        case .subscriptionRefused(_, let code): "the gateway refused the subscription (code \(code.rawValue))"
        case .publicationRefused(_, let code): "the gateway refused a message (code \(code.rawValue))"
        case .publicationAbandoned(let number): "message #\(number) was given up"
        case .unexpectedMessage(let type): "got a \(type.specificationName) that it did not expect"
        case .malformedDatagram(let error): "got a malformed datagram: \(error)"
        case .connected, .disconnected, .fellAsleep, .topicRegistered, .topicLearned, .subscribed, .unsubscribed,
            .published,
            .messageReceived:
            "did what it was not asked for: \(observation)"
        }
    }
}

/// One call that the loop owes to somebody.
private final class Reminder: TimerHandler {
    private let action: () -> Void

    init(_ action: @escaping () -> Void) { self.action = action }

    func timerFired(_ timer: LoopTimer) { action() }
}
