import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A sleeping client and its broker who play whole wake-ups by themselves, as the specifications say, over a link that
/// may lose datagrams.
final class SleepingPair {
    let client: TestClient
    let upstream: TestUpstream
    private let dialogue: Dialogue
    /// Every so manyth datagram is lost, counted for each direction; 0 for none.
    private let lossPeriod: Int
    private var sentCount = 0
    private var arrivedCount = 0

    // The client's memory.
    private var nameByID: [TopicID: String]
    private var nameByPredefinedID: [TopicID: String] = [:]
    private var receivedMessageIDs: Set<MessageID> = []
    /// What the client was given, as "name: payload", in the order in which it came.
    private(set) var taken: [String] = []
    /// The messages of the last wake-up as they reached the client.
    private(set) var heard: [SNMessage] = []
    private var inbox: [SNMessage] = []

    // The broker's memory.
    private var packetsOfGateway: [BrokerPacket] = []
    private var lastPacketID: PacketID = 0
    /// QoS 1 and 2 messages that the gateway has not finished.
    private(set) var openPacketIDs: Set<PacketID> = []

    /// Begins with a client that has subscribed to "a/b" and sleeps.
    init(_ dialogue: Dialogue, lossPeriod: Int = 0, predefined: [TopicID: String] = [:]) {
        self.dialogue = dialogue
        self.lossPeriod = lossPeriod
        nameByPredefinedID = predefined
        nameByID = [1: "a/b"]
        (client, upstream) = TestClient.asleep(dialogue, clean: false, seconds: 3_600)
    }

    // MARK: The broker

    func publishes(_ name: String, _ payload: String, qos: DeliveryQoS) {
        guard qos != .atMostOnce else { return upstream.sends(.publish(name, payload)) }
        lastPacketID += 1
        openPacketIDs.insert(lastPacketID)
        upstream.sends(.publish(name, payload, qos: qos, id: lastPacketID))
    }

    private func answer(_ packet: BrokerPacket) {
        switch packet {
        case .publishAcknowledgement(let id), .publishComplete(let id): openPacketIDs.remove(id)
        case .publishReceived(let id):
            upstream.sends(.publishRelease(id))
            collect()
        default: Issue.record("the broker did not expect \(packet)")
        }
    }

    // MARK: The client

    /// Sends PINGREQ, again and again where nothing comes, and answers until PINGRESP is there.
    ///
    /// - Returns: false where the client gave up and sleeps on.
    func wakesUp() -> Bool {
        heard = []
        var repetitions = 0
        say(.pingRequest(client.clientID))
        while true {
            let heardCount = heard.count
            exchange()
            if heard.last == .pingResponse { return true }
            if heard.count > heardCount { repetitions = 0 }
            dialogue.passes(.seconds(7))
            collect()
            guard inbox.isEmpty else { continue }
            repetitions += 1
            guard repetitions <= 4 else { return false }
            say(.pingRequest(client.clientID))
        }
    }

    private func say(_ message: SNMessage) {
        sentCount += 1
        guard lossPeriod == 0 || sentCount % lossPeriod != 0 else { return }
        client.sends(message)
        collect()
    }

    /// Takes what has been sent, as far as the link does not lose it.
    private func collect() {
        packetsOfGateway += dialogue.readPackets(on: upstream.id)
        for message in dialogue.readMessages(to: client.address) {
            arrivedCount += 1
            if lossPeriod == 0 || arrivedCount % lossPeriod != 0 { inbox.append(client.numbered(message)) }
        }
    }

    /// Answers everything until nobody has anything to say.
    private func exchange() {
        while true {
            if !packetsOfGateway.isEmpty {
                answer(packetsOfGateway.removeFirst())
            } else if !inbox.isEmpty {
                let message = inbox.removeFirst()
                heard.append(message)
                answer(message)
            } else {
                return
            }
        }
    }

    private func answer(_ message: SNMessage) {
        switch message {
        case .register(let topicID, let messageID, let name):
            nameByID[topicID] = name
            say(.registerAcknowledgement(topicID, messageID))
        case .publish(let topic, let data, let messageID, let qos, _, _):
            take(topic, data, messageID, qos)
        case .publishRelease(let messageID):
            receivedMessageIDs.remove(messageID)
            say(.publishComplete(messageID))
        case .pingResponse: break
        default: Issue.record("the client did not expect \(message)")
        }
    }

    private func take(_ topic: Topic, _ data: String, _ messageID: MessageID, _ qos: QualityOfService) {
        guard let name = name(of: topic) else {
            Issue.record("the client does not know \(topic)")
            return
        }
        switch qos {
        case .atMostOnce, .minusOne: taken.append("\(name): \(data)")
        case .atLeastOnce:
            taken.append("\(name): \(data)")
            say(.publishAcknowledgement(topic.topicID, messageID))
        case .exactlyOnce:
            if receivedMessageIDs.insert(messageID).inserted { taken.append("\(name): \(data)") }
            say(.publishReceived(messageID))
        }
    }

    private func name(of topic: Topic) -> String? {
        switch topic {
        case .id(let id): nameByID[id]
        case .predefined(let id): nameByPredefinedID[id]
        case .short(let name): name
        case .name, .reserved: nil
        }
    }
}
