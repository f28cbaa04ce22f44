import GatewaySimulator
import MQTTSN
import Transports

/// A listening device that sleeps, and wakes now and then to ask for what was published meanwhile (MQTT-SN 1.2 §6.14).
final class Sleeper: ListeningApplication {
    /// How long it sleeps, in milliseconds: well within its Duration, as a careful device does.
    private static let nap = 2_000

    let device: Device
    private let plan: ListenerPlan
    /// The Duration of its DISCONNECT, in seconds.
    private let sleepSeconds: UInt16
    private unowned let household: Household
    /// Whether the subscription is granted and the gateway knows that it sleeps.
    private(set) var isReady = false
    /// When it last said that it is awake, in monotonic nanoseconds.
    private var wokeAt: UInt64 = 0

    init(_ plan: ListenerPlan, sleepSeconds: UInt16, device: Device, household: Household) {
        (self.plan, self.sleepSeconds, self.device, self.household) = (plan, sleepSeconds, device, household)
        device.application = self
    }

    func start() { device.command(.connect(ClientConnectOptions())) }

    /// What was sent last has the time to get to the gateway; then the device wakes once more.
    func sendingStopped() { household.remind(after: 400) { [self] in wakeUp() } }

    private func fallAsleep(at time: UInt64) {
        household.narrator.tell(plan.name, "falls asleep, Duration \(sleepSeconds) s", at: time)
        household.remind(after: Self.nap) { [self] in
            if household.isSending { wakeUp() }
        }
        guard !isReady else { return }
        isReady = true
        household.listenerIsReady()
    }

    private func wakeUp() {
        guard device.state == .asleep else { return }
        wokeAt = MonotonicClock.now()
        let count = household.ledger.waitingCount(for: plan.name)
        let what = count == 0 ? "nothing was" : count == 1 ? "1 command was" : "\(count) commands were"
        household.narrator.tell(plan.name, "wakes: \(what) waiting", at: wokeAt)
        device.command(.wakeUp)
    }

    func device(_ device: Device, observed observation: ClientObservation, at time: UInt64) {
        switch observation {
        case .connected: device.command(.subscribe(.name(Array(plan.filter.utf8)), .exactlyOnce))
        case .subscribed(_, let qos):
            household.tellSubscribed(plan, qos, at: time)
            device.command(.sleep(sleepSeconds))
        case .fellAsleep: fallAsleep(at: time)
        case .topicLearned(let name, let topicID): household.tellLearned(plan, name, topicID, at: time)
        case .messageReceived(let message): household.receive(message, by: plan, reachableSince: wokeAt, at: time)
        case .disconnected: break
        case .connectionRefused, .dismissed, .gatewayLost, .topicRegistered, .subscriptionRefused, .unsubscribed,
            .willUpdated, .willUpdateRefused, .published, .publicationRefused, .publicationAbandoned,
            .unexpectedMessage, .malformedDatagram:
            household.noteTrouble(observation, of: device, at: time)
        }
    }
}
