import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// What the gateway says of itself at the broker: retained, on its own connection, whose Will says that it is gone.
@Suite struct OwnStatusTests {
    private static let topic = "swiftlet/7"
    private static let will = TestWill(topic: "swiftlet/7/state", payload: "offline", retain: true)

    private func dialogue(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.upstream.statusTopic = Array(Self.topic.utf8)
                change(&$0)
            })
    }

    private static func retained(_ name: String, _ payload: String = "") -> BrokerPacket {
        .publish(name, payload, retain: true)
    }

    private static func announcement(_ topic: String = topic) -> [BrokerPacket] {
        [retained("\(topic)/state", "online"), .subscribe("\(topic)/clients/+/availability", id: 1)]
    }

    /// A gateway that is announced and looks for nothing any more.
    private func announced(_ change: (inout GatewayConfiguration) -> Void = { _ in }) throws -> (
        Dialogue, TestUpstream
    ) {
        let dialogue = dialogue(change)
        let shared = try #require(dialogue.shared)
        shared.receives(Self.announcement())
        shared.sends(.subscribeAcknowledgement(1, 0))
        dialogue.passes(.seconds(2))
        shared.receives(.unsubscribe("swiftlet/7/clients/+/availability", id: 2))
        shared.sends(.unsubscribeAcknowledgement(2))
        return (dialogue, shared)
    }

    private func reports(_ dialogue: Dialogue, _ name: String, _ payload: String) {
        dialogue.happens(
            .statusReported(nameByteCount: name.utf8.count), Array((name + payload).utf8), at: #_sourceLocation)
    }

    @Test("The Will of the gateway's own connection says offline; accepted, it says online (MQTT 3.1.1 §3.1.2.5)")
    func online() {
        let dialogue = dialogue()
        dialogue.shared?.receives(Self.announcement())
    }

    @Test("Without a topic there is neither Will nor message, and what a host reports goes nowhere")
    func off() throws {
        let dialogue = Dialogue()
        let shared = try #require(dialogue.shared)
        shared.receivesNothing()
        reports(dialogue, "info", "x")
        shared.receivesNothing()
    }

    @Test("A clean shutdown says offline before the DISCONNECT that takes the Will back")
    func shutdown() throws {
        let (dialogue, shared) = try announced()
        dialogue.shutsDown()
        shared.receives(Self.retained("swiftlet/7/state", "offline"), .disconnect, .close)
    }

    @Test("So does an end whose sessions another life goes on with")
    func suspension() throws {
        let (dialogue, shared) = try announced()
        dialogue.suspends()
        shared.receives(Self.retained("swiftlet/7/state", "offline"), .disconnect, .close)
    }

    @Test("What the host reports is published below the topic, retained, at QoS 0")
    func reported() throws {
        let (dialogue, shared) = try announced()
        reports(dialogue, "clients/a%2Fb/availability", "{}")
        shared.receives(Self.retained("swiftlet/7/clients/a%2Fb/availability", "{}"))
        reports(dialogue, "info", "")
        shared.receives(Self.retained("swiftlet/7/info"))
    }

    @Test("A name longer than its octets, none, or one that no MQTT string can hold is published nowhere")
    func nonsense() throws {
        let (dialogue, shared) = try announced()
        for (count, bytes) in [(0, "info"), (-1, "info"), (5, "info"), (70_000, String(repeating: "x", count: 70_000))]
        {
            dialogue.happens(.statusReported(nameByteCount: count), Array(bytes.utf8), at: #_sourceLocation)
            shared.receivesNothing()
        }
    }

    @Test("What stands below the topic of clients that have no session is deleted, in every spelling but the one used")
    func formerClients() throws {
        let dialogue = dialogue()
        let shared = try #require(dialogue.shared)
        shared.receives(Self.announcement())
        let client = dialogue.client("a/b")
        client.connects()
        shared.sends(.subscribeAcknowledgement(1, 0))
        let stale = ["gone", "%61%2Fb", "a%2fb", "%", "%F", "%zz", "\u{1b}[2J", "x y", "ä", "\"", "a\nb"]
        for name in stale {
            shared.sends(Self.retained("swiftlet/7/clients/\(name)/availability", "{}"))
            shared.receives(Self.retained("swiftlet/7/clients/\(name)/availability"))
        }
        for name in ["clients/a%2Fb/availability", "clients/a/b/availability", "clients//availability", "info"] {
            shared.sends(Self.retained("swiftlet/7/\(name)", "{}"))
            shared.receivesNothing()
        }
        shared.sends(Self.retained("other/clients/gone/availability", "{}"))
        // What was just published comes back without RETAIN, and the deletion without a payload.
        shared.sends(.publish("swiftlet/7/clients/gone/availability", "{}"))
        shared.sends(Self.retained("swiftlet/7/clients/gone/availability"))
        shared.receivesNothing()
    }

    @Test("A search is over two seconds after the last message, and what comes late has a place")
    func quiet() throws {
        let dialogue = dialogue()
        let shared = try #require(dialogue.shared)
        shared.receives(Self.announcement())
        dialogue.passes(.seconds(10))
        shared.sends(.subscribeAcknowledgement(1, 0))
        for _ in 0..<3 {
            dialogue.passes(.milliseconds(1_900))
            shared.sends(Self.retained("swiftlet/7/clients/x/availability", "{}"))
            shared.receives(Self.retained("swiftlet/7/clients/x/availability"))
        }
        dialogue.passes(.milliseconds(1_999))
        shared.receivesNothing()
        dialogue.passes(.milliseconds(1))
        shared.receives(.unsubscribe("swiftlet/7/clients/+/availability", id: 2))
        shared.sends(Self.retained("swiftlet/7/clients/y/availability", "{}"), .unsubscribeAcknowledgement(2))
        shared.receivesNothing()
    }

    @Test("A broker that does not answer the subscription, or refuses it, is asked no longer")
    func refused() throws {
        let silent = dialogue()
        silent.shared?.receives(Self.announcement())
        silent.passes(.seconds(15))
        silent.shared?.receives(.unsubscribe("swiftlet/7/clients/+/availability", id: 2))
        let refusing = dialogue()
        refusing.shared?.receives(Self.announcement())
        refusing.shared?.sends(.subscribeAcknowledgement(1, 0x80))
        refusing.observes(.subscriptionRefused, of: "")
        refusing.shared?.receives(.unsubscribe("swiftlet/7/clients/+/availability", id: 2))
    }

    @Test("What could not be deleted, as the connection took no more, is searched for again")
    func blocked() throws {
        let dialogue = dialogue { $0.limits.queuedByteCountPerUpstream = 1_024 }
        let shared = try #require(dialogue.shared)
        shared.receives(Self.announcement())
        shared.sends(.subscribeAcknowledgement(1, 0))
        dialogue.happens(.streamBlocked(shared.id, queuedByteCount: 1_020), at: #_sourceLocation)
        shared.sends(Self.retained("swiftlet/7/clients/x/availability", "{}"))
        shared.receivesNothing()
        dialogue.happens(.streamDrained(shared.id), at: #_sourceLocation)
        dialogue.passes(.seconds(2))
        shared.receives(.subscribe("swiftlet/7/clients/+/availability", id: 1))
        shared.sends(.subscribeAcknowledgement(1, 0), Self.retained("swiftlet/7/clients/x/availability", "{}"))
        shared.receives(Self.retained("swiftlet/7/clients/x/availability"))
        dialogue.passes(.seconds(2))
        shared.receives(.unsubscribe("swiftlet/7/clients/+/availability", id: 2))
    }

    @Test("A connection that comes back is announced again")
    func returned() throws {
        let (dialogue, shared) = try announced()
        dialogue.passes(.seconds(60))
        shared.closes(.closedByBroker)
        let next = dialogue.opensStream()
        next.opens()
        next.receives(.connect("swiftlet-1", will: Self.will))
        next.sends(.connectAcknowledgement())
        next.receives(Self.announcement())
    }

    @Test("A silent broker is left without DISCONNECT: until the gateway is back, its Will is true")
    func silence() throws {
        let (dialogue, shared) = try announced { $0.upstream.keepAliveSeconds = 60 }
        dialogue.passes(.seconds(60))
        shared.receives(.pingRequest)
        dialogue.passes(.seconds(15))
        shared.receives(.close)
        let next = dialogue.opensStream()
        next.opens()
        next.receives(.connect("swiftlet-1", keepAlive: 60, will: Self.will))
    }

    @Test("Another topic: the connection is made anew with its Will, and what stood below the old one is cleared first")
    func anotherTopic() throws {
        let (dialogue, shared) = try announced()
        dialogue.client("c").connects()
        dialogue.decides { $0.upstream.statusTopic = Array("new".utf8) }
        shared.receives(.disconnect, .close)
        let next = dialogue.opensStream()
        next.opens()
        next.receives(.connect("swiftlet-1", will: TestWill(topic: "new/state", payload: "offline", retain: true)))
        next.sends(.connectAcknowledgement())
        next.receives(
            Self.retained("swiftlet/7/state"), Self.retained("swiftlet/7/info"), Self.retained("swiftlet/7/health"),
            .subscribe("swiftlet/7/clients/+/availability", id: 1))
        reports(dialogue, "info", "x")
        next.receivesNothing()
        next.sends(.subscribeAcknowledgement(1, 0), Self.retained("swiftlet/7/clients/c/availability", "{}"))
        next.receives(Self.retained("swiftlet/7/clients/c/availability"))
        dialogue.passes(.seconds(2))
        next.receives([.unsubscribe("swiftlet/7/clients/+/availability", id: 2)] + Self.announcement("new"))
        reports(dialogue, "info", "x")
        next.receives(Self.retained("new/info", "x"))
    }

    @Test("No topic any more: all is cleared, and the Will goes")
    func switchedOff() throws {
        let (dialogue, shared) = try announced()
        dialogue.decides { $0.upstream.statusTopic = nil }
        shared.receives(.disconnect, .close)
        let next = dialogue.opensStream()
        next.opens()
        next.receives(.connect("swiftlet-1"))
        next.sends(.connectAcknowledgement())
        next.receives(
            Self.retained("swiftlet/7/state"), Self.retained("swiftlet/7/info"), Self.retained("swiftlet/7/health"),
            .subscribe("swiftlet/7/clients/+/availability", id: 1))
        next.sends(.subscribeAcknowledgement(1, 0))
        dialogue.passes(.seconds(2))
        next.receives(.unsubscribe("swiftlet/7/clients/+/availability", id: 2))
        dialogue.shutsDown()
        next.receives(.disconnect, .close)
    }

    @Test("A message at QoS −1 waits for the connection while it is made anew")
    func unconnected() throws {
        let (dialogue, shared) = try announced { $0.qosMinusOne = .on }
        dialogue.decides { $0.upstream.statusTopic = nil }
        shared.receives(.disconnect, .close)
        let next = dialogue.opensStream()
        dialogue.client("s").sends(.publish(.short("ab"), "x", qos: .minusOne))
        next.opens()
        next.receives(.connect("swiftlet-1"))
        next.sends(.connectAcknowledgement())
        #expect(dialogue.observations.contains { $0.occurrence == .qosMinusOneForwarded })
        #expect(dialogue.readPackets(on: next.id).last == .publish("ab", "x"))
    }

    @Test("Facts and effects are no larger for it: they are copied for every message")
    func size() {
        #expect(MemoryLayout<Event>.size <= 17)
        #expect(MemoryLayout<Event>.stride <= 24)
        #expect(MemoryLayout<Occurrence>.size <= 17)
        #expect(MemoryLayout<Effect>.stride <= 56)
    }
}
