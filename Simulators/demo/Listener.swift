import GatewaySimulator
import MQTTSN

/// A device that subscribes and checks off what it receives.
final class Listener: DeviceApplication {
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

    func device(_ device: Device, observed observation: ClientObservation, at time: UInt64) {
        switch observation {
        case .connected: device.command(.subscribe(.name(Array(plan.filter.utf8)), .exactlyOnce))
        case .subscribed(_, let qos):
            household.narrator.tell(plan.name, "subscribes to \(plan.filter), granted QoS\(qos.label)", at: time)
            isReady = true
            household.listenerIsReady()
        case .topicLearned(let name, let topicID):
            let text = "is told that topic id \(topicID) is \(String(decoding: name, as: UTF8.self))"
            household.narrator.tell(plan.name, text, at: time)
        case .messageReceived(let message): receive(message, at: time)
        case .disconnected: break
        case .connectionRefused, .dismissed, .gatewayLost, .topicRegistered, .subscriptionRefused, .unsubscribed,
            .published, .publicationRefused, .publicationAbandoned, .unexpectedMessage, .malformedDatagram:
            household.noteTrouble(observation, of: device, at: time)
        }
    }

    private func receive(_ message: ClientMessage, at time: UInt64) {
        let topicName = Self.name(of: message.topic)
        if topicName == House.willTopicName {
            household.ledger.willAppeared(at: time)
            household.narrator.tellMessage(
                from: House.mortalName, String(decoding: message.payload, as: UTF8.self), to: topicName,
                "QoS \(message.qos.label)  \(plan.name) has its Will", .warning, at: time)
            return
        }
        guard let arrival = household.ledger.arrive(message.payload, on: topicName, at: plan.name, time: time) else {
            household.narrator.tell(plan.name, "got something on \(topicName) that nobody sent", .bad, at: time)
            return
        }
        household.narrator.tellMessage(from: House.senders[arrival.account], arrival, at: time)
    }

    private static func name(of topic: ClientTopic) -> String {
        switch topic {
        case .name(let name): String(decoding: name, as: UTF8.self)
        case .predefined(let topicID):
            topicID == House.buttonTopicID ? House.buttonTopicName : "pre-defined topic \(topicID)"
        case .shortName(let octets):
            String(decoding: [UInt8(octets >> 8), UInt8(octets & 0xFF)], as: UTF8.self)
        }
    }
}
