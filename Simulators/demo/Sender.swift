import GatewaySimulator
import MQTTSN
import Transports

/// A device that publishes by its plan, until the house goes quiet or it dies.
final class Sender: DeviceApplication {
    let device: Device
    private let plan: SenderPlan
    /// The number of its account in the ledger.
    private let index: Int
    private unowned let household: Household
    /// Whether its lifetime is over and only answers are awaited.
    private var isDying = false

    init(_ plan: SenderPlan, index: Int, device: Device, household: Household) {
        (self.plan, self.index, self.device, self.household) = (plan, index, device, household)
        device.application = self
    }

    /// The device starts at its own time.
    func switchOn() {
        household.remind(after: plan.startsAfter) { [self] in
            guard household.isSending else { return }
            device.findGateway { [self] in
                if plan.qos == .minusOne { publish() } else { connect() }
            }
            if plan.will != nil { household.remind(after: House.lifetimeOfMortal) { [self] in die() } }
        }
    }

    private func connect() {
        var options = ClientConnectOptions()
        options.will = plan.will
        if plan.will != nil { options.keepAliveSeconds = House.keepAliveOfMortal }
        device.command(.connect(options))
    }

    /// Publishes now and again after each period.
    private func publish() {
        guard household.isSending, !isDying else { return }
        let sequence = household.ledger.accounts[index].records.count + 1
        let message = household.ledger.send(plan.text(sequence), from: index, at: MonotonicClock.now())
        device.command(
            .publish(
                ClientPublication(
                    number: message.sequence, topic: plan.topic, payload: message.payload, qos: plan.qos)))
        household.remind(after: plan.period) { [self] in publish() }
    }

    /// Dies as soon as everything it said is acknowledged; the Will is about the silence, not about lost messages.
    private func die() {
        isDying = true
        guard device.isIdle else {
            household.remind(after: 20) { [self] in die() }
            return
        }
        let now = MonotonicClock.now()
        device.die()
        household.ledger.die(at: now)
        household.narrator.tell(plan.name, "dies without a word", .warning, at: now)
    }

    func device(_ device: Device, observed observation: ClientObservation, at time: UInt64) {
        switch observation {
        case .connected: publish()
        case .topicRegistered(let name, let topicID):
            let topicName = String(decoding: name, as: UTF8.self)
            let text = "\(connectedText), registers \(topicName), gets topic id \(topicID)"
            household.narrator.tell(plan.name, text, at: time)
        case .published(let sequence): household.ledger.acknowledge(sequence, from: index)
        case .disconnected: break
        case .fellAsleep, .connectionRefused, .dismissed, .gatewayLost, .topicLearned, .subscribed,
            .willUpdated, .willUpdateRefused,
            .subscriptionRefused,
            .unsubscribed, .publicationRefused, .publicationAbandoned, .messageReceived, .unexpectedMessage,
            .malformedDatagram:
            household.noteTrouble(observation, of: device, at: time)
        }
    }

    /// The first message follows the connection at once, so one line tells of both.
    private var connectedText: String {
        let will = plan.will == nil ? "" : ", keep-alive \(House.keepAliveOfMortal) s, leaves its Will"
        return "connects" + plan.access.remark + will
    }
}
