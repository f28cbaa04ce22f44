import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A procedure of the specification as a play; its transcript is documentation.
enum TranscriptScript: String, CaseIterable, CustomTestStringConvertible {
    case connectWithWill = "connect-with-will"
    case willUpdate = "will-update"
    case sleepCycle = "sleep-cycle"
    case forwarder
    case discovery
    case takeover
    case brokerLoss = "broker-loss"

    var testDescription: String { rawValue }

    /// Plays it and returns what was said.
    func play() -> String {
        let configuration = GatewayConfiguration.dialogue {
            $0.discovery.advertiseIntervalSeconds = self == .discovery ? 900 : 65_535
        }
        let dialogue = Dialogue(configuration, isBrokerReachable: self != .discovery)
        dialogue.allowsForwarders = true
        switch self {
        case .connectWithWill: Self.connectWithWill(dialogue)
        case .willUpdate: Self.willUpdate(dialogue)
        case .sleepCycle: Self.sleepCycle(dialogue)
        case .forwarder: Self.forwarder(dialogue)
        case .discovery: Self.discovery(dialogue)
        case .takeover: Self.takeover(dialogue)
        case .brokerLoss: Self.brokerLoss(dialogue)
        }
        return dialogue.recorder?.text ?? ""
    }

    // MARK: Steps

    /// The broker accepts the connection that the gateway has just asked for.
    @discardableResult
    private static func brokerAccepts(_ dialogue: Dialogue, present: Bool = false) -> TestUpstream {
        let upstream = dialogue.opensStream()
        waits(dialogue)
        upstream.opens()
        waits(dialogue)
        upstream.sends(.connectAcknowledgement(present: present))
        return upstream
    }

    /// Messages take their time.
    private static func waits(_ dialogue: Dialogue) { dialogue.passes(.milliseconds(10)) }

    private static func says(_ client: TestClient, _ messages: SNMessage...) {
        for message in messages {
            waits(client.dialogue)
            client.sends(message)
        }
    }

    private static func says(_ upstream: TestUpstream, _ packets: BrokerPacket...) {
        for packet in packets {
            waits(upstream.dialogue)
            upstream.sends(packet)
        }
    }

    private static func client(_ dialogue: Dialogue, _ clientID: String, called name: String? = nil) -> TestClient {
        let client = dialogue.client(clientID)
        dialogue.calls(client, name ?? clientID)
        return client
    }

    // MARK: Plays

    private static func connectWithWill(_ dialogue: Dialogue) {
        dialogue.records("Connection with a Will (MQTT-SN 1.2 §6.3)")
        let client = client(dialogue, "c1")
        dialogue.remarks("The gateway asks for the Will in two steps; one answer is lost and asked for again.")
        says(client, .connect("c1", clean: true, will: true, keepAlive: 60))
        dialogue.passes(.seconds(10))
        says(client, .willTopic("rooms/1/state", qos: .atLeastOnce, retain: true), .willMessage("gone"))
        dialogue.remarks("The client hears CONNACK only when the broker has accepted the connection.")
        let upstream = brokerAccepts(dialogue)
        dialogue.remarks("It registers a topic and publishes; the broker's PUBACK becomes the gateway's.")
        says(client, .register(0, 1, "rooms/1/temperature"))
        says(client, .publish(1, "21.5", id: 2, qos: .atLeastOnce))
        says(upstream, .publishAcknowledgement(2))
        dialogue.remarks(
            "Then it falls silent. After one and a half keep-alive times it is lost: the connection ends without DISCONNECT,\n"
                + "so the broker publishes the Will.")
        dialogue.passes(.seconds(90))
        dialogue.remarks("Should it come back, it is told to connect anew.")
        says(client, .pingRequest())
    }

    private static func willUpdate(_ dialogue: Dialogue) {
        dialogue.records("A Will that changes inside a connection (MQTT-SN 1.2 §6.4)")
        let client = client(dialogue, "c1")
        says(client, .connect("c1", clean: true, will: true), .willTopic("state"), .willMessage("gone"))
        let first = brokerAccepts(dialogue)
        says(client, .subscribe("orders/#", id: 1, qos: .atLeastOnce))
        says(first, .subscribeAcknowledgement(1, 1))
        dialogue.remarks(
            "MQTT cannot change a Will inside a connection, so the gateway connects anew. As the session is clean, it\n"
                + "subscribes again. The client gets its answers when the broker has the new Will.")
        says(client, .willTopicUpdate("state/1", qos: .atLeastOnce, retain: true))
        let second = dialogue.opensStream()
        says(client, .willMessageUpdate("lost"))
        waits(dialogue)
        second.opens()
        says(second, .connectAcknowledgement())
        says(second, .subscribeAcknowledgement(0x8000, 1))
        dialogue.remarks("The empty form deletes the Will.")
        says(client, .willTopicUpdate(""))
        let third = brokerAccepts(dialogue)
        says(third, .subscribeAcknowledgement(0x8000, 1))
        dialogue.remarks("A repeated update is answered at once: the broker knows.")
        says(client, .willTopicUpdate(""))
    }

    private static func sleepCycle(_ dialogue: Dialogue) {
        dialogue.records("A sleep cycle (MQTT-SN 1.2 §6.14)")
        let client = client(dialogue, "c1")
        says(client, .connect("c1", clean: false, keepAlive: 60))
        let upstream = brokerAccepts(dialogue)
        says(client, .subscribe("orders/+", id: 1, qos: .exactlyOnce))
        says(upstream, .subscribeAcknowledgement(1, 2))
        dialogue.remarks(
            "The client sleeps for ten minutes. What the broker sends stays in the gateway, unacknowledged.")
        says(client, .disconnect(600))
        dialogue.passes(.seconds(60))
        says(
            upstream, .publish("orders/a", "on", qos: .exactlyOnce, id: 5),
            .publish("orders/b", "off", qos: .atLeastOnce, id: 6), .publish("orders/a", "dim"))
        dialogue.remarks(
            "It wakes: every message in order, each name told before it is used, each exchange brought to its end. A message\n"
                + "that is lost on the way is sent again.")
        dialogue.passes(.seconds(500))
        says(client, .pingRequest("c1"))
        says(client, .registerAcknowledgement(1, 1), .publishReceived(5))
        says(upstream, .publishRelease(5))
        says(client, .publishComplete(5))
        says(client, .registerAcknowledgement(2, 2))
        dialogue.passes(.seconds(10))
        says(client, .publishAcknowledgement(2, 1))
        dialogue.remarks(
            "PINGRESP came last: the client is asleep again, for another ten minutes. Nothing waits: PINGRESP at once.")
        dialogue.passes(.seconds(550))
        says(client, .pingRequest("c1"))
        dialogue.remarks("CONNECT makes it active again, in the connection that the gateway has kept.")
        says(client, .connect("c1", clean: false, keepAlive: 60))
    }

    private static func forwarder(_ dialogue: Dialogue) {
        dialogue.records("Two nodes behind a forwarder (MQTT-SN 1.2 §5.5)")
        let forwarder = client(dialogue, "", called: "forwarder")
        let first = dialogue.client("n1", node: [10, 1], behind: forwarder)
        let second = dialogue.client("n2", node: [10, 2], behind: forwarder)
        dialogue.remarks("Every message travels in an envelope with the node's id; each node has a session of its own.")
        says(first, .connect("n1", clean: true, keepAlive: 60))
        let upstream1 = brokerAccepts(dialogue)
        says(second, .connect("n2", clean: true, keepAlive: 60))
        let upstream2 = brokerAccepts(dialogue)
        says(first, .subscribe("lamp", id: 1, qos: .atLeastOnce))
        says(upstream1, .subscribeAcknowledgement(1, 1))
        says(second, .register(0, 1, "switch"), .publish(1, "on", id: 2, qos: .atLeastOnce))
        says(upstream2, .publishAcknowledgement(2))
        says(upstream1, .publish("lamp", "on", qos: .atLeastOnce, id: 7))
        says(first, .publishAcknowledgement(1, 1))
        dialogue.remarks("A node that the gateway does not know is told to connect, through the same forwarder.")
        says(dialogue.client("n3", node: [10, 3], behind: forwarder), .pingRequest())
    }

    private static func discovery(_ dialogue: Dialogue) {
        dialogue.records("Discovery (MQTT-SN 1.2 §6.1)")
        let client = client(dialogue, "c1")
        dialogue.remarks("While the gateway has no broker it does not offer itself.")
        says(client, .searchGateway(radius: 1))
        dialogue.passes(.seconds(1))
        dialogue.remarks("With the broker comes the first ADVERTISE, and the next within the time that it says.")
        brokerAccepts(dialogue)
        dialogue.passes(.seconds(900))
        dialogue.remarks(
            "A search is answered at once, to everybody within the radius that it asked for and to whoever asked.")
        says(client, .searchGateway(radius: 1))
    }

    private static func takeover(_ dialogue: Dialogue) {
        dialogue.records("A client that appears at another address")
        let old = client(dialogue, "c1", called: "c1 (old)")
        let new = client(dialogue, "c1", called: "c1 (new)")
        says(old, .connect("c1", clean: false, keepAlive: 60))
        let first = brokerAccepts(dialogue)
        says(old, .subscribe("orders", id: 1, qos: .atLeastOnce))
        says(first, .subscribeAcknowledgement(1, 1))
        dialogue.remarks("A PINGREQ from elsewhere does not take an active client's session.")
        says(new, .pingRequest("c1"))
        dialogue.remarks(
            "A CONNECT does: session and subscriptions move, and the old address is told nothing more. Before the gateway\n"
                + "uses a topic id it tells it again.")
        says(new, .connect("c1", clean: false, keepAlive: 60))
        let second = brokerAccepts(dialogue, present: true)
        says(second, .publish("orders", "on", qos: .atLeastOnce, id: 7))
        says(new, .registerAcknowledgement(1, 1), .publishAcknowledgement(1, 1))
        dialogue.remarks("Who still speaks from the old address is a stranger.")
        says(old, .pingRequest())
    }

    private static func brokerLoss(_ dialogue: Dialogue) {
        dialogue.records("The broker is lost, and comes back (GW-86)")
        let client = client(dialogue, "c1")
        says(client, .connect("c1", clean: true, keepAlive: 600))
        let first = brokerAccepts(dialogue)
        says(client, .subscribe("orders", id: 1, qos: .atLeastOnce))
        says(first, .subscribeAcknowledgement(1, 1))
        says(client, .publish(1, "unanswered", id: 2, qos: .atLeastOnce))
        dialogue.remarks(
            "The connection ends. The client does not notice, unless it publishes: then it is asked to wait.")
        waits(dialogue)
        first.closes()
        says(client, .pingRequest(), .publish(1, "unanswered", id: 2, qos: .atLeastOnce, duplicate: true))
        dialogue.remarks(
            "The gateway tries again, and tells a broker that knows nothing of the client what it had been told.")
        dialogue.passes(.seconds(1))
        let second = dialogue.opensStream()
        second.opens()
        says(second, .connectAcknowledgement(), .subscribeAcknowledgement(0x8000, 1))
        says(client, .publish(1, "unanswered", id: 2, qos: .atLeastOnce, duplicate: true))
        says(second, .publishAcknowledgement(2))
        dialogue.remarks(
            "The second time it stays away. After half a minute the client is told, and must connect anew.")
        dialogue.passes(.seconds(60))
        second.closes()
        for _ in 0..<5 {
            let pending = dialogue.nextDeadline ?? dialogue.now
            dialogue.passes(pending.since(dialogue.now))
            dialogue.requestedStream?.closes(.refused)
        }
        dialogue.passes(.seconds(30))
    }
}
