import GatewaySimulator
import MQTTSN

/// What a publishing device does all day.
struct SenderPlan {
    /// Also its ClientId.
    var name: String
    var topicName: String
    var topic: ClientTopic
    var qos: QualityOfService
    /// The device that must receive it.
    var listener: String
    /// When it is switched on, after the listeners are ready, and the time between two messages; milliseconds.
    var startsAfter: Int
    var period: Int
    /// What it says, in turn.
    var texts: [String]
    /// A device with a Will dies.
    var will: ClientWill?

    init(
        _ name: String, _ topicName: String, predefined topicID: TopicID? = nil, qos: QualityOfService,
        to listener: String, startsAfter: Int, period: Int, texts: [String], will: ClientWill? = nil
    ) {
        (self.name, self.topicName, self.qos, self.listener) = (name, topicName, qos, listener)
        (self.startsAfter, self.period, self.texts, self.will) = (startsAfter, period, texts, will)
        topic = topicID.map { .predefined($0) } ?? .name(Array(topicName.utf8))
    }

    func text(_ sequence: Int) -> String { texts[(sequence - 1) % texts.count] }
}

/// What a listening device subscribes to.
struct ListenerPlan {
    /// Also its ClientId.
    var name: String
    var filter: String
}

/// Who lives in the house, and what they have agreed on.
enum House {
    static let buttonTopicID: TopicID = 1
    static let buttonTopicName = "home/door/button"
    static let mortalName = "water sensor"
    static let willTopicName = "home/cellar/water/state"
    /// Seconds; with the tolerance of MQTT-SN 1.2 §7.2 the gateway waits for 3 seconds.
    static let keepAliveOfMortal: UInt16 = 2
    /// When the device with the Will dies, in milliseconds after it was switched on.
    static let lifetimeOfMortal = 1_500

    static let listeners = [
        ListenerPlan(name: "watchman", filter: "home/#"),
        ListenerPlan(name: "lamp", filter: "lamps/+"),
    ]

    static let senders = [
        SenderPlan(
            mortalName, "home/cellar/water", qos: .atLeastOnce, to: "watchman", startsAfter: 100, period: 400,
            texts: ["dry"],
            will: ClientWill(
                topicName: Array(willTopicName.utf8), payload: Array("out of order".utf8), qos: .atLeastOnce)),
        SenderPlan(
            "thermometer", "home/kitchen/temperature", qos: .atMostOnce, to: "watchman", startsAfter: 300,
            period: 900, texts: ["21.4 °C", "21.5 °C", "21.7 °C", "21.6 °C", "21.4 °C", "21.3 °C", "21.2 °C"]),
        SenderPlan(
            "alarm", "home/hall/alarm", qos: .atLeastOnce, to: "watchman", startsAfter: 600, period: 1_700,
            texts: ["motion", "all quiet"]),
        SenderPlan(
            "wall panel", "lamps/kitchen", qos: .exactlyOnce, to: "lamp", startsAfter: 900, period: 1_300,
            texts: ["on", "off"]),
        SenderPlan(
            "dusk sensor", "lamps/porch", qos: .atLeastOnce, to: "lamp", startsAfter: 1_200, period: 2_300,
            texts: ["dim to 40 %", "dim to 60 %", "dim to 80 %"]),
        SenderPlan(
            "button", buttonTopicName, predefined: buttonTopicID, qos: .minusOne, to: "watchman",
            startsAfter: 1_500, period: 2_100, texts: ["pressed"]),
    ]
}
