// What listening devices hear, as the household tells it and checks it off.

import GatewaySimulator
import MQTTSN

extension Household {
    func tellSubscribed(_ plan: ListenerPlan, _ qos: QualityOfService, at time: UInt64) {
        let text = "subscribes to \(plan.filter)\(plan.access.remark), granted QoS\(qos.label)"
        narrator.tell(plan.name, text, at: time)
    }

    func tellLearned(_ plan: ListenerPlan, _ name: [UInt8], _ topicID: TopicID, at time: UInt64) {
        narrator.tell(
            plan.name, "is told that topic id \(topicID) is \(String(decoding: name, as: UTF8.self))", at: time)
    }

    /// Checks a message off; a listener that slept could be reached from `reachableSince`, monotonic nanoseconds as
    /// `time`.
    func receive(_ message: ClientMessage, by plan: ListenerPlan, reachableSince: UInt64 = 0, at time: UInt64) {
        let topicName = Self.name(of: message.topic)
        if topicName == House.willTopicName {
            ledger.willAppeared(at: time)
            narrator.tellMessage(
                from: House.mortalName, String(decoding: message.payload, as: UTF8.self), to: topicName,
                "QoS \(message.qos.label)  \(plan.name) has its Will", .warning, at: time)
            return
        }
        guard
            let arrival = ledger.arrive(
                message.payload, on: topicName, at: plan.name, reachableSince: reachableSince, time: time)
        else {
            narrator.tell(plan.name, "got something on \(topicName) that nobody sent", .bad, at: time)
            return
        }
        narrator.tellMessage(from: House.senders[arrival.account], arrival, at: time)
    }

    private static func name(of topic: ClientTopic) -> String {
        switch topic {
        case .name(let name): String(decoding: name, as: UTF8.self)
        case .predefined(let topicID):
            House.predefinedTopics.first { $0.topicID == topicID }?.name ?? "pre-defined topic \(topicID)"
        case .shortName(let octets):
            String(decoding: [UInt8(octets >> 8), UInt8(octets & 0xFF)], as: UTF8.self)
        }
    }
}
