import MQTTSN
import SensorClient
import Testing
import Time

/// A client with a gateway that the test plays: what the client sends is read, what the gateway answers is written.
struct Dialogue {
    var client: SensorClient
    var now = Instant(nanoseconds: 1_000_000_000)

    init(_ change: (inout ClientOptions) -> Void = { _ in }) {
        var options = ClientOptions(clientID: Array("probe".utf8))
        change(&options)
        client = SensorClient(options)
    }

    /// One that is connected.
    static func connected(_ change: (inout ClientOptions) -> Void = { _ in }) throws -> Dialogue {
        var dialogue = Dialogue(change)
        dialogue.client.connect(at: dialogue.now)
        #expect(dialogue.sent().map(\.[1]) == [0x04])
        dialogue.hear([3, 0x05, 0])
        #expect(dialogue.events() == [.connected])
        return dialogue
    }

    /// What the client has sent since the last time.
    mutating func sent() -> [[UInt8]] {
        defer { client.outbox = [] }
        return client.outbox
    }

    /// The one datagram that the client has sent.
    mutating func one() throws -> [UInt8] {
        let datagrams = sent()
        #expect(datagrams.count == 1)
        return try #require(datagrams.first)
    }

    mutating func events() -> [ClientEvent] {
        defer { client.events = [] }
        return client.events
    }

    mutating func hear(_ datagram: [UInt8]) { client.receive(datagram, at: now) }

    /// Lets the time pass that the client waits for.
    mutating func wait() throws {
        now = try #require(client.deadline, "the client waits for nothing")
        client.timePassed(at: now)
    }

    mutating func publish(_ text: String, to topic: ClientTopic, _ qos: QualityOfService) {
        client.publish(Publication(topic: topic, qos: qos, retain: false, data: Array(text.utf8)), at: now)
    }

    mutating func subscribe(to topic: ClientTopic, _ qos: QualityOfService) {
        client.subscribe(Subscription(topic: topic, qos: qos), at: now)
    }
}

/// `text` as a topic name.
func name(_ text: String) -> ClientTopic { .name(Array(text.utf8)) }
