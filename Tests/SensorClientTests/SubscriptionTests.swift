import MQTTSN
import SensorClient
import Testing
import Time

/// What comes to a client: messages, names, sleep, and the gateway's own wishes.
@Suite struct SubscriptionTests {
    /// One that is subscribed to the filter `a/+`, or to a pre-defined id.
    private static func subscribed(
        to topic: ClientTopic = name("a/+"), _ change: (inout ClientOptions) -> Void = { _ in }
    ) throws -> Dialogue {
        var dialogue = Dialogue(change)
        dialogue.client.connect(at: dialogue.now)
        dialogue.subscribe(to: topic, .exactlyOnce)
        dialogue.hear([3, 0x05, 0])
        #expect(dialogue.sent().map(\.[1]) == [0x04, 0x12])
        #expect(dialogue.events() == [.connected])
        dialogue.hear([8, 0x13, 0x40, 0, 0, 0, 1, 0])
        #expect(
            dialogue.events() == [.subscribed(Subscription(topic: topic, qos: .exactlyOnce), granted: .exactlyOnce)])
        return dialogue
    }

    /// §5.4.15: MsgId before the topic, which is a name or two octets.
    @Test(
        arguments: [
            (name("ab"), [7, 0x12, 0x20, 0, 1, 0x61, 0x62]), (.predefined(0x0102), [7, 0x12, 0x21, 0, 1, 1, 2]),
            (.shortName(0x6162), [7, 0x12, 0x22, 0, 1, 0x61, 0x62]),
        ] as [(ClientTopic, [UInt8])])
    func asksForEachKindOfTopic(topic: ClientTopic, datagram: [UInt8]) throws {
        var dialogue = try Dialogue.connected()
        dialogue.subscribe(to: topic, .atLeastOnce)
        #expect(try dialogue.one() == datagram)
        dialogue.hear([8, 0x13, 0, 0, 0, 0, 1, 3])
        #expect(dialogue.events() == [.failed(.refused(.subscribe, .notSupported))])
    }

    /// §6.10: REGISTER of the gateway gives the name; QoS 1 is answered by PUBACK.
    @Test func aMessageOnAWildcard() throws {
        var dialogue = try Self.subscribed()
        dialogue.hear([9, 0x0A, 0, 7, 0, 3] + Array("a/b".utf8))
        #expect(try dialogue.one() == [7, 0x0B, 0, 7, 0, 3, 0])
        dialogue.hear([8, 0x0C, 0x30, 0, 7, 0, 4, 0x21])
        #expect(try dialogue.one() == [7, 0x0D, 0, 7, 0, 4, 0])
        guard case .message(let message) = dialogue.events().first else {
            Issue.record("no message")
            return
        }
        #expect(message.topic == name("a/b") && message.data == [0x21])
        #expect(message.retain && !message.duplicate && message.qos == .atLeastOnce)
    }

    /// An id without a name is refused, so that the gateway registers it.
    @Test func anUnknownIDIsRefused() throws {
        var dialogue = try Self.subscribed()
        dialogue.hear([8, 0x0C, 0x20, 0, 99, 0, 4, 0x21])
        #expect(try dialogue.one() == [7, 0x0D, 0, 99, 0, 4, 2])
        #expect(dialogue.events() == [.unknownTopic(99)])
    }

    /// QoS 2: the copy is answered and not told again; the end waits for PUBREL.
    @Test func aMessageComesOnce() throws {
        var dialogue = try Self.subscribed(to: .predefined(5))
        let publish: [UInt8] = [8, 0x0C, 0x41, 0, 5, 0, 4, 0x21]
        dialogue.hear(publish)
        dialogue.hear(publish)
        #expect(dialogue.sent() == [[4, 0x0F, 0, 4], [4, 0x0F, 0, 4]])
        #expect(dialogue.events().count == 1)
        dialogue.client.finish(at: dialogue.now)
        #expect(dialogue.sent().isEmpty)
        dialogue.hear([4, 0x10, 0, 4])
        #expect(dialogue.sent() == [[4, 0x0E, 0, 4], [2, 0x18]])
        // The number is free again.
        dialogue.hear(publish)
        #expect(dialogue.events().count == 1)
    }

    /// §6.11: PINGREQ well within the keep-alive time, and an answer to the gateway's.
    @Test func keepsAlive() throws {
        var dialogue = try Self.subscribed { $0.keepAliveSeconds = 20 }
        try dialogue.wait()
        #expect(dialogue.now == Instant(nanoseconds: 16_000_000_000))
        #expect(try dialogue.one() == [2, 0x16])
        dialogue.hear([2, 0x17])
        dialogue.hear([2, 0x16])
        #expect(try dialogue.one() == [2, 0x17])
        try dialogue.wait()
        #expect(try dialogue.one() == [2, 0x16])
        for _ in 0..<4 { try dialogue.wait() }
        #expect(dialogue.events().last == .failed(.noAnswer(.ping)))
    }

    @Test func withoutKeepAliveNothingIsDue() throws {
        let dialogue = try Self.subscribed { $0.keepAliveSeconds = 0 }
        #expect(dialogue.client.deadline == nil)
    }

    /// §6.14: DISCONNECT with Duration, PINGREQ with ClientId, what waited, PINGRESP, and so on.
    @Test func sleepsAndWakes() throws {
        var dialogue = try Self.subscribed { $0.sleepSeconds = 300 }
        #expect(try dialogue.one() == [4, 0x18, 1, 44])
        dialogue.hear([2, 0x18])
        #expect(dialogue.events() == [.fellAsleep])
        let asleep = dialogue.now
        try dialogue.wait()
        #expect(dialogue.now.since(asleep) == .seconds(300))
        #expect(try dialogue.one() == [7, 0x16] + Array("probe".utf8))
        dialogue.hear([9, 0x0A, 0, 7, 0, 3] + Array("a/b".utf8))
        dialogue.hear([8, 0x0C, 0x20, 0, 7, 0, 4, 0x21])
        #expect(dialogue.sent().map(\.[1]) == [0x0B, 0x0D])
        dialogue.hear([2, 0x17])
        let events = dialogue.events()
        #expect(events.count == 3 && events.first == .wokeUp && events.last == .fellAsleep)
        dialogue.client.finish(at: dialogue.now)
        #expect(try dialogue.one() == [2, 0x18])
    }

    /// A wake-up that nobody hears: the sleeper repeats it, sleeps on, and gives up at the third.
    @Test func missedWakeUps() throws {
        var dialogue = try Self.subscribed {
            $0.sleepSeconds = 10
            $0.retryCount = 1
        }
        dialogue.hear([2, 0x18])
        for _ in 0..<9 { try dialogue.wait() }
        #expect(dialogue.sent().count { $0.count == 7 && $0[1] == 0x16 } == 6)
        #expect(dialogue.events().last == .failed(.noAnswer(.wakeUp)))
    }

    /// §6.12: a DISCONNECT of the gateway is answered by CONNECT, and the subscriptions are asked for again; not for ever.
    @Test func connectsAnew() throws {
        var dialogue = try Self.subscribed()
        for _ in 0..<3 {
            dialogue.hear([2, 0x18])
            #expect(try dialogue.one()[1] == 0x04)
            dialogue.hear([3, 0x05, 0])
            #expect(try dialogue.one()[1] == 0x12)
        }
        #expect(dialogue.events().count { $0 == .reconnecting } == 3)
        dialogue.hear([2, 0x18])
        #expect(dialogue.events() == [.failed(.disconnected)])
    }

    /// What was on its way is sent again behind a new connection.
    @Test func anOpenPublishSurvivesANewConnection() throws {
        var dialogue = try Dialogue.connected()
        dialogue.publish("x", to: .predefined(5), .atLeastOnce)
        let first = try dialogue.one()
        dialogue.hear([2, 0x18])
        #expect(try dialogue.one()[1] == 0x04)
        dialogue.hear([3, 0x05, 0])
        #expect(try dialogue.one().last == first.last)
        dialogue.hear([7, 0x0D, 0, 5, 0, 2, 0])
        #expect(dialogue.events().last == .published)
    }
}
