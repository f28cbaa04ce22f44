import GatewaySimulator
import MQTTSN

/// The application on a device that subscribes.
protocol ListeningApplication: DeviceApplication {
    var device: Device { get }
    /// Whether nothing that is published from now on is missed.
    var isReady: Bool { get }
    func start()
    /// Nobody will publish anything any more.
    func sendingStopped()
}

/// A device that subscribes, stays awake and checks off what it receives.
final class Listener: ListeningApplication {
    let device: Device
    private let plan: ListenerPlan
    private unowned let household: Household
    /// Whether the subscription is granted.
    private(set) var isReady = false

    init(_ plan: ListenerPlan, device: Device, household: Household) {
        (self.plan, self.device, self.household) = (plan, device, household)
        device.application = self
    }

    func start() { device.command(.connect(ClientConnectOptions())) }

    func sendingStopped() {}

    func device(_ device: Device, observed observation: ClientObservation, at time: UInt64) {
        switch observation {
        case .connected: device.command(.subscribe(.name(Array(plan.filter.utf8)), .exactlyOnce))
        case .subscribed(_, let qos):
            household.tellSubscribed(plan, qos, at: time)
            isReady = true
            household.listenerIsReady()
        case .topicLearned(let name, let topicID): household.tellLearned(plan, name, topicID, at: time)
        case .messageReceived(let message): household.receive(message, by: plan, at: time)
        case .disconnected: break
        case .fellAsleep, .connectionRefused, .dismissed, .gatewayLost, .topicRegistered, .subscriptionRefused,
            .unsubscribed, .willUpdated, .willUpdateRefused, .published, .publicationRefused, .publicationAbandoned,
            .unexpectedMessage,
            .malformedDatagram:
            household.noteTrouble(observation, of: device, at: time)
        }
    }
}
