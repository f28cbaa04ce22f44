import GatewaySimulator
import MQTTSN
import Transports

/// Where everybody is.
struct Places {
    /// 127.0.0.1, with any port.
    var loopback: SocketAddress
    var gateway: SocketAddress
    var group: Group
}

/// All devices of the house, with what they share: the ledger, the narrator and the loop.
final class Household {
    let loop: EventLoop
    let narrator: Narrator
    var ledger = Ledger(House.senders)
    private(set) var isSending = true
    private let places: Places
    private var forwarder: RadioForwarder?
    private let network: RadioNetwork
    private var listeners: [any ListeningApplication] = []
    private var senders: [Sender] = []

    /// Gives every device a radio; nothing is sent yet.
    init(places: Places, network: RadioNetwork, narrator: Narrator, loop: EventLoop) throws(IOError) {
        (self.places, self.network, self.narrator, self.loop) = (places, network, narrator, loop)
        network.household = self
        forwarder = try RadioForwarder(
            nodeIDs: House.nodeIDs, localAddress: places.loopback, gateway: places.gateway, household: self)
        for plan in House.listeners { listeners.append(listener(plan, on: try device(plan.name, plan.access))) }
        for (index, plan) in House.senders.enumerated() {
            let device = try device(plan.name, plan.access)
            senders.append(Sender(plan, index: index, device: device, household: self))
        }
    }

    private func device(_ name: String, _ access: Access) throws(IOError) -> Device {
        Device(name: name, radio: try radio(for: access), loop: loop)
    }

    private func radio(for access: Access) throws(IOError) -> any Radio {
        switch access {
        case .searching:
            return try SearchingSocket(
                localAddress: places.loopback, group: places.group, likelyGateway: places.gateway, household: self)
        case .forwarded(let nodeID):
            if let radio = forwarder?.radio(of: nodeID) { return radio }
        case .radio(let node):
            if let radio = network.radio(of: node) { return radio }
        case .direct: break
        }
        return try OwnSocket(localAddress: places.loopback, gateway: places.gateway, loop: loop)
    }

    private func listener(_ plan: ListenerPlan, on device: Device) -> any ListeningApplication {
        plan.sleepSeconds.map { Sleeper(plan, sleepSeconds: $0, device: device, household: self) }
            ?? Listener(plan, device: device, household: self)
    }

    /// The listeners begin; the others follow when these are ready, since nobody keeps a QoS 0 message for them.
    func start() {
        for listener in listeners { listener.start() }
    }

    func listenerIsReady() {
        guard listeners.allSatisfy(\.isReady) else { return }
        for sender in senders { sender.switchOn() }
    }

    func stopSending() {
        isSending = false
        for listener in listeners { listener.sendingStopped() }
    }

    /// Everybody who is connected says goodbye.
    func leave() {
        for device in devices { device.command(.disconnect) }
    }

    func close() {
        for device in devices { device.die() }
        forwarder?.close()
        network.close()
    }

    /// How many messages the forwarder has passed on, in both directions.
    var forwardedCount: Int { forwarder?.carriedCount ?? 0 }

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
            noteTrouble(trouble, of: device.name, at: time)
        }
    }

    /// Notes in words what must not happen.
    func noteTrouble(_ trouble: String, of name: String, at time: UInt64) {
        ledger.note("\(name): \(trouble)")
        narrator.tell(name, trouble, .bad, at: time)
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
            .willUpdated, .willUpdateRefused,
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
