import GatewaySimulator
import MQTTSN

/// How a device reaches the gateway.
enum Access {
    /// It was told the gateway's address.
    case direct
    /// Through the forwarder, which calls it this.
    case forwarded(nodeID: [UInt8])
    /// As the node of the radio network with this 64-bit address.
    case radio(node: UInt64)
    /// It must find the gateway first.
    case searching

    /// What there is to say of it, behind a space; empty for `direct`.
    var remark: String {
        switch self {
        case .direct, .searching: ""
        case .forwarded(let nodeID): " through the forwarder as node \(Text.hexadecimal(nodeID))"
        case .radio(let node): " by radio as node \(Text.hexadecimal(node))"
        }
    }
}

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
    var access: Access

    init(
        _ name: String, _ topicName: String, predefined topicID: TopicID? = nil, qos: QualityOfService,
        to listener: String, startsAfter: Int, period: Int, texts: [String], will: ClientWill? = nil,
        access: Access = .direct
    ) {
        (self.name, self.topicName, self.qos, self.listener) = (name, topicName, qos, listener)
        (self.startsAfter, self.period, self.texts, self.will) = (startsAfter, period, texts, will)
        self.access = access
        topic = topicID.map { .predefined($0) } ?? .name(Array(topicName.utf8))
    }

    func text(_ sequence: Int) -> String { texts[(sequence - 1) % texts.count] }
}

/// What a listening device subscribes to.
struct ListenerPlan {
    /// Also its ClientId.
    var name: String
    var filter: String
    var access = Access.direct
    /// The Duration of its DISCONNECT; nil where it stays awake.
    var sleepSeconds: UInt16?
}

/// Who lives in the house, and what they have agreed on.
enum House {
    static let buttonTopic = (topicID: TopicID(1), name: "home/door/button")
    static let rainTopic = (topicID: TopicID(2), name: "home/garden/rain")
    /// What owner and devices have agreed on.
    static let predefinedTopics = [buttonTopic, rainTopic]
    static let mortalName = "water sensor"
    static let willTopicName = "home/cellar/water/state"
    /// Seconds; with the tolerance of MQTT-SN 1.2 §7.2 the gateway waits for 3 seconds.
    static let keepAliveOfMortal: UInt16 = 2
    /// When the device with the Will dies, in milliseconds after it was switched on.
    static let lifetimeOfMortal = 1_500

    /// For traffic within a site (RFC 2365 §6.1); the port is added.
    static let group = "239.255.18.84"
    static let groupInterface = "lo"
    /// TADV, in seconds: much shorter than in life.
    static let advertiseInterval: UInt16 = 3

    /// What the forwarder calls the nodes of the garden: each radio has its own kind of address.
    static let nodeIDs: [[UInt8]] = [soilNodeID, rainNodeID, sprinklerNodeID]
    private static let soilNodeID: [UInt8] = [0x07]
    private static let rainNodeID: [UInt8] = [0x4A, 0x21]
    private static let sprinklerNodeID: [UInt8] = [0x00, 0x12, 0x4B, 0x00, 0x06, 0x0D, 0x8F, 0x31]

    /// The 64-bit addresses of the modules at the far end of the orchard.
    static let radioNodes: [UInt64] = [hiveNode, mailboxNode]
    private static let hiveNode: UInt64 = 0x0013_A200_41F3_07C1
    private static let mailboxNode: UInt64 = 0x0013_A200_41F3_07D8

    static let listeners = [
        ListenerPlan(name: "watchman", filter: "home/#"),
        ListenerPlan(name: "lamp", filter: "lamps/+"),
        ListenerPlan(name: "sprinkler", filter: "garden/+", access: .forwarded(nodeID: sprinklerNodeID)),
        ListenerPlan(name: "valve", filter: "valves/+", sleepSeconds: 3),
    ]

    static let senders = [
        SenderPlan(
            mortalName, "home/cellar/water", qos: .atLeastOnce, to: "watchman", startsAfter: 100, period: 400,
            texts: ["dry"],
            will: ClientWill(
                topicName: Array(willTopicName.utf8), payload: Array("out of order".utf8), qos: .atLeastOnce)),
        SenderPlan(
            "thermometer", "home/kitchen/temperature", qos: .atMostOnce, to: "watchman", startsAfter: 400,
            period: 900, texts: ["21.4 °C", "21.5 °C", "21.7 °C", "21.6 °C", "21.4 °C", "21.3 °C", "21.2 °C"]),
        SenderPlan(
            "hive scale", "home/orchard/hive", qos: .atLeastOnce, to: "watchman", startsAfter: 550, period: 1_600,
            texts: ["31.2 kg", "31.4 kg", "31.3 kg"], access: .radio(node: hiveNode)),
        SenderPlan(
            "garden timer", "valves/garden", qos: .exactlyOnce, to: "valve", startsAfter: 700, period: 1_000,
            texts: ["open", "close"]),
        SenderPlan(
            "window", "home/hall/window", qos: .atLeastOnce, to: "watchman", startsAfter: 1_000, period: 2_500,
            texts: ["closed", "open"], access: .searching),
        SenderPlan(
            "soil probe", "garden/soil", qos: .atLeastOnce, to: "sprinkler", startsAfter: 1_300, period: 1_900,
            texts: ["31 %", "30 %", "29 %", "33 %"], access: .forwarded(nodeID: soilNodeID)),
        SenderPlan(
            "mailbox", "home/gate/mailbox", qos: .exactlyOnce, to: "watchman", startsAfter: 1_450, period: 2_200,
            texts: ["mail", "empty"], access: .radio(node: mailboxNode)),
        SenderPlan(
            "alarm", "home/hall/alarm", qos: .atLeastOnce, to: "watchman", startsAfter: 1_600, period: 1_700,
            texts: ["motion", "all quiet"]),
        SenderPlan(
            "wall panel", "lamps/kitchen", qos: .exactlyOnce, to: "lamp", startsAfter: 1_900, period: 1_300,
            texts: ["on", "off"]),
        SenderPlan(
            "dusk sensor", "lamps/porch", qos: .atLeastOnce, to: "lamp", startsAfter: 2_200, period: 2_300,
            texts: ["dim to 40 %", "dim to 60 %", "dim to 80 %"]),
        SenderPlan(
            "button", buttonTopic.name, predefined: buttonTopic.topicID, qos: .minusOne, to: "watchman",
            startsAfter: 2_500, period: 2_100, texts: ["pressed"]),
        SenderPlan(
            "rain gauge", rainTopic.name, predefined: rainTopic.topicID, qos: .minusOne, to: "watchman",
            startsAfter: 2_800, period: 2_400, texts: ["0.0 mm", "0.2 mm"], access: .forwarded(nodeID: rainNodeID)),
    ]
}
