import MQTTSN
import SensorClient
import Transports

/// Subscribes by a client and prints what comes, until enough has come or the time is over.
final class Subscriber: TimerHandler {
    private let host: ClientHost
    private let subscriptions: [Subscription]
    private let format: MessageFormat
    /// How many messages are wanted; nil: all that come.
    private let wanted: Int?
    private let tells: Bool
    private var count = 0
    private var hasSubscribed = false
    private var isLate = false

    init(_ host: ClientHost, _ subscriptions: [Subscription], _ format: MessageFormat, wanted: Int?, tells: Bool) {
        (self.host, self.subscriptions, self.format) = (host, subscriptions, format)
        (self.wanted, self.tells) = (wanted, tells)
    }

    /// Runs for `limit` nanoseconds at most, if that is given.
    func run(limit: UInt64?) throws -> ExitStatus {
        if let limit { host.loop.schedule(at: MonotonicClock.now() + limit, self) }
        // They wait for the connection, so that nothing else comes between it and them: no sleep.
        host.client.connect(at: host.now)
        for subscription in subscriptions { host.client.subscribe(subscription, at: host.now) }
        let status = host.explain(try host.run(handle))
        guard status == .success, isLate, let wanted, count < wanted else { return status }
        Terminal.complain("\(count) of \(wanted) messages came in time")
        return .temporaryFailure
    }

    func timerFired(_ timer: LoopTimer) {
        isLate = true
        host.client.finish(at: host.now)
    }

    private func handle(_ event: ClientEvent) {
        switch event {
        case .message(let message): print(message)
        case .connected: tell("connected")
        case .subscribed(let subscription, let granted):
            tell("subscribed to \(MessageFormat.name(of: subscription.topic)), QoS \(granted.rawValue)")
            if granted < subscription.qos, !hasSubscribed {
                Terminal.complain("only QoS \(granted.rawValue) was granted")
            }
            hasSubscribed = true
        case .fellAsleep: tell("asleep")
        case .wokeUp: tell("awake")
        case .repeated(let exchange): tell("no answer to \(exchange.rawValue) yet, repeating it")
        case .published, .unknownTopic, .reconnecting, .nonsense, .ended, .failed: break
        }
    }

    private func print(_ message: DeliveredMessage) {
        guard wanted.map({ count < $0 }) ?? true else { return }
        count += 1
        // A reader that has gone wants no more.
        if !Terminal.write(format.bytes(of: message)) || count == wanted { host.client.finish(at: host.now) }
    }

    private func tell(_ text: String) { if tells { Terminal.complain(text) } }
}
