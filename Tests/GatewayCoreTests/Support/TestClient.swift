import GatewayCore
import MQTT
import MQTTSN
import Testing

/// A client at an address of its own.
struct TestClient {
    let clientID: String
    let address: Int
    let link: LinkID
    /// The node id, of a client behind a forwarder.
    var node: [UInt8]?
    let dialogue: Dialogue

    /// Says a message after the other; between two of them the gateway must have nothing to say.
    func sends(_ messages: SNMessage..., at location: SourceLocation = #_sourceLocation) {
        for message in messages { sends(octets: withTopicIDs(message).bytes, at: location) }
    }

    /// Sends a datagram, well-formed or not.
    func sends(octets: [UInt8], at location: SourceLocation = #_sourceLocation) {
        dialogue.happens(
            .datagramReceived(
                from: dialogue.peer(of: self), mayForward: dialogue.allowsForwarders, network: dialogue.network),
            wrapped(octets), at: location)
    }

    /// The datagram as the client's forwarder passes it on.
    private func wrapped(_ octets: [UInt8]) -> [UInt8] {
        node.map { [UInt8(3 + $0.count), 0xFE, 0] + $0 + octets } ?? octets
    }

    /// Everything the gateway has said to the client since the last look is exactly this.
    func receives(_ expected: SNMessage..., at location: SourceLocation = #_sourceLocation) {
        let messages = expected.map(withTopicIDs)
        let wanted = node.map { node in messages.map { SNMessage.encapsulated(node: node, $0.bytes) } } ?? messages
        #expect(dialogue.readMessages(to: address) == wanted, sourceLocation: location)
    }

    /// A message as dialogues write it: they number the topic ids of a session.
    func numbered(_ message: SNMessage) -> SNMessage {
        message.replacingTopicIDs { dialogue.topicNumbers.number($0, of: clientID) }
    }

    private func withTopicIDs(_ message: SNMessage) -> SNMessage {
        message.replacingTopicIDs { dialogue.topicNumbers.id($0, of: clientID) }
    }

    func receivesNothing(at location: SourceLocation = #_sourceLocation) {
        #expect(dialogue.readMessages(to: address) == [], sourceLocation: location)
    }

    /// The two octets of the topic id that has this number.
    func octetsOfTopicID(_ number: TopicID) -> [UInt8] {
        Topic.id(dialogue.topicNumbers.id(number, of: clientID)).octets
    }

    /// Whether the gateway still needs the client's address.
    var isKnown: Bool { dialogue.knows(address) }

    // MARK: Whole procedures

    /// Connects without prompting for a Will, through to the CONNACK, and returns the broker's end.
    ///
    /// `will` is one that the gateway has stored and presents to the broker again.
    @discardableResult
    func connects(
        clean: Bool = true, keepAlive: UInt16 = 0, present: Bool = false, will: TestWill? = nil,
        at location: SourceLocation = #_sourceLocation
    ) -> TestUpstream {
        sends(.connect(clientID, clean: clean, keepAlive: keepAlive), at: location)
        return connectsUpstream(clean: clean, present: present, will: will, at: location)
    }

    /// Connects with a new Will.
    @discardableResult
    func connects(
        clean: Bool = true, prompted will: TestWill, keepAlive: UInt16 = 0, present: Bool = false,
        at location: SourceLocation = #_sourceLocation
    ) -> TestUpstream {
        sends(.connect(clientID, clean: clean, will: true, keepAlive: keepAlive), at: location)
        receives(.willTopicRequest, at: location)
        sends(.willTopic(will.topic, qos: QualityOfService(will.qos), retain: will.retain), at: location)
        receives(.willMessageRequest, at: location)
        sends(.willMessage(will.payload), at: location)
        return connectsUpstream(clean: clean, present: present, will: will, at: location)
    }

    /// The gateway asks for a stream, the broker accepts, and the client is told.
    func connectsUpstream(
        clean: Bool = true, present: Bool = false, will: TestWill? = nil,
        at location: SourceLocation = #_sourceLocation
    ) -> TestUpstream {
        let upstream = asksBroker(clean: clean, will: will, at: location)
        upstream.sends(.connectAcknowledgement(present: present), at: location)
        receives(.connectAcknowledgement(), at: location)
        return upstream
    }

    /// The gateway asks for a stream and sends CONNECT on it; the broker has not answered.
    func asksBroker(
        clean: Bool = true, will: TestWill? = nil, at location: SourceLocation = #_sourceLocation
    ) -> TestUpstream {
        let upstream = dialogue.opensStream(at: location)
        upstream.opens(at: location)
        let prefix = String(decoding: dialogue.configuration.upstream.clientIDPrefix, as: UTF8.self)
        upstream.receives(.connect(prefix + clientID, clean: clean, will: will), at: location)
        return upstream
    }

    /// Registers a topic name and expects it to get `topicID`.
    func registers(
        _ name: String, as topicID: TopicID, id: MessageID = 0x0101, at location: SourceLocation = #_sourceLocation
    ) {
        sends(.register(0, id, name), at: location)
        receives(.registerAcknowledgement(topicID, id), at: location)
    }

    /// Subscribes by name; the broker grants what is asked for.
    func subscribes(
        _ filter: String, as topicID: TopicID, id: MessageID = 0x0202, qos: QualityOfService = .atLeastOnce,
        on upstream: TestUpstream, at location: SourceLocation = #_sourceLocation
    ) {
        sends(.subscribe(.name(filter), id: id, qos: qos), at: location)
        let granted = DeliveryQoS(rawValue: qos.rawValue) ?? .atMostOnce
        upstream.receives(.subscribe(filter, id: id, qos: granted), at: location)
        upstream.sends(.subscribeAcknowledgement(id, granted.rawValue), at: location)
        receives(.subscribeAcknowledgement(topicID, id, qos: qos), at: location)
    }

    /// Leaves in good order.
    func leaves(_ upstream: TestUpstream, at location: SourceLocation = #_sourceLocation) {
        sends(.disconnect(), at: location)
        receives(.disconnect(), at: location)
        upstream.receives(.disconnect, .close, at: location)
    }
}

extension QualityOfService {
    init(_ qos: DeliveryQoS) {
        switch qos {
        case .atMostOnce: self = .atMostOnce
        case .atLeastOnce: self = .atLeastOnce
        case .exactlyOnce: self = .exactlyOnce
        }
    }
}
