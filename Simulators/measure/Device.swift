import Bytes
import GatewayCore
import MQTT
import MQTTSN

/// A client of a scenario: where it is, what it is called, and which broker connection is its own.
struct Device {
    /// 0, 1, 2…
    var number: Int
    /// 12 octets.
    var clientID: [UInt8]
    /// The node behind a forwarder; nil for a client with an address of its own.
    var nodeID: [UInt8]?
    var stream = UpstreamID(slot: 0, generation: 0)
    /// The number of the last QoS 1 message that it got before the scenario began.
    var lastNumber: UInt16 = 0

    init(number: Int, isForwarded: Bool) {
        self.number = number
        clientID = Array("sensor-".utf8) + Self.digits(number)
        nodeID = isForwarded ? Self.digits(number) : nil
    }

    /// Five octets.
    private static func digits(_ number: Int) -> [UInt8] { Array(String(10_000 + number).utf8) }

    /// The number of the QoS 1 message that comes behind so many others; none is 0.
    func number(behind count: Int) -> UInt16 { UInt16((Int(lastNumber) + count) % 65_535) + 1 }

    var peer: PeerID { PeerID(link: LinkID(0), number: nodeID == nil ? UInt32(number) + 1 : 0) }

    var event: Event { .datagramReceived(from: peer, mayForward: nodeID != nil) }

    /// The device's own topics.
    func topicName(_ suffix: String) -> [UInt8] { Array("house/".utf8) + clientID + Array("/\(suffix)".utf8) }

    /// The id that the gateway gives to such a topic, unless two of the device's topics want the same one.
    func topicID(_ suffix: String) -> TopicID {
        PreferredTopicID.of(topicName(suffix).span.bytes, clientID: clientID.span.bytes)
    }

    /// The datagram in which the device says `message`, whose ranges index `source`.
    func datagram(_ message: Message, from source: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        if let nodeID { bytes.appendEncapsulation(radius: 0, nodeID: nodeID.span.bytes) }
        bytes.appendMessage(message, from: source.span.bytes)
        return bytes
    }
}

/// What a scenario tells the gateway, step by step; every octet is written down before anything is measured.
struct Script {
    enum Happening {
        case event(Event)
        /// The stream that the gateway asked for last is connected.
        case latestStreamOpened
        case latestStreamReceived
    }

    struct Step {
        var happening: Happening
        var bytes: ByteRange
    }

    private(set) var steps: [Step] = []
    private(set) var bytes: [UInt8] = []

    mutating func add(_ happening: Happening, _ octets: [UInt8] = []) {
        let start = bytes.count
        bytes += octets
        steps.append(Step(happening: happening, bytes: start..<bytes.count))
    }

    mutating func device(_ device: Device, says message: Message, from source: [UInt8] = []) {
        add(.event(device.event), device.datagram(message, from: source))
    }

    mutating func broker(of device: Device, says packet: Packet, from source: [UInt8] = []) {
        add(.event(.streamReceived(device.stream)), Self.octets(packet, from: source))
    }

    mutating func latestBroker(says packet: Packet) { add(.latestStreamReceived, Self.octets(packet)) }

    private static func octets(_ packet: Packet, from source: [UInt8] = []) -> [UInt8] {
        var octets: [UInt8] = []
        octets.appendPacket(packet, from: source.span.bytes)
        return octets
    }
}

// MARK: Whole procedures

extension Script {
    /// CONNECT with a Will, which the gateway then asks for.
    mutating func begins(_ device: Device, cleanSession: Bool) {
        self.device(
            device,
            says: .connect(
                MQTTSN.Connect(
                    flags: Flags(will: true, cleanSession: cleanSession), protocolID: 1, duration: 600,
                    clientID: device.clientID.indices)), from: device.clientID)
    }

    /// The stream that was asked for last is open, and the broker accepts.
    mutating func brokerAccepts(sessionPresent: Bool = false) {
        add(.latestStreamOpened)
        latestBroker(
            says: .connectAcknowledgement(
                ConnectAcknowledgement(sessionPresent: sessionPresent, returnCode: .accepted)))
    }

    /// CONNECT until the CONNACK.
    mutating func connects(_ device: Device, cleanSession: Bool = true, sessionPresent: Bool = false) {
        self.device(
            device,
            says: .connect(
                MQTTSN.Connect(
                    flags: Flags(cleanSession: cleanSession), protocolID: 1, duration: 600,
                    clientID: device.clientID.indices)), from: device.clientID)
        brokerAccepts(sessionPresent: sessionPresent)
    }

    mutating func registers(_ device: Device, _ topicName: [UInt8], messageID: MessageID) {
        self.device(
            device, says: .register(Register(topicID: 0, messageID: messageID, topicName: topicName.indices)),
            from: topicName)
    }

    mutating func asksToSubscribe(_ device: Device, _ filter: [UInt8], messageID: MessageID) {
        self.device(
            device,
            says: .subscribe(
                MQTTSN.Subscribe(
                    flags: Flags(qos: .exactlyOnce, topicIDType: .normal), messageID: messageID,
                    topic: filter.indices)), from: filter)
    }

    /// SUBSCRIBE until the SUBACK.
    mutating func subscribes(_ device: Device, _ filter: [UInt8], messageID: MessageID) {
        asksToSubscribe(device, filter, messageID: messageID)
        broker(
            of: device,
            says: .subscribeAcknowledgement(
                MQTT.SubscribeAcknowledgement(packetID: messageID, returnCodes: 0..<1)), from: [2])
    }

    mutating func asksToUnsubscribe(_ device: Device, _ filter: [UInt8], messageID: MessageID) {
        self.device(
            device,
            says: .unsubscribe(
                MQTTSN.Unsubscribe(
                    flags: Flags(topicIDType: .normal), messageID: messageID, topic: filter.indices)),
            from: filter)
    }

    /// UNSUBSCRIBE until the UNSUBACK.
    mutating func unsubscribes(_ device: Device, _ filter: [UInt8], messageID: MessageID) {
        asksToUnsubscribe(device, filter, messageID: messageID)
        broker(of: device, says: .unsubscribeAcknowledgement(messageID))
    }

    /// A PUBLISH of 20 octets.
    mutating func publishes(
        _ device: Device, _ qos: QualityOfService, topicID: TopicID, type: TopicIDType = .normal,
        messageID: MessageID = 0
    ) {
        self.device(
            device,
            says: .publish(
                MQTTSN.Publish(
                    flags: Flags(qos: qos, topicIDType: type), topicID: topicID, messageID: messageID, data: 0..<20)),
            from: Self.payload)
    }

    /// A PUBLISH of the broker with up to 20 octets.
    mutating func brokerPublishes(
        to device: Device, _ qos: DeliveryQoS, _ topicName: [UInt8], packetID: PacketID = 0, payloadByteCount: Int = 20
    ) {
        let end = topicName.count
        broker(
            of: device,
            says: .publish(
                MQTT.Publish(
                    duplicate: false, qos: qos, retain: false, topicName: 0..<end, packetID: packetID,
                    payload: end..<(end + payloadByteCount))), from: topicName + Self.payload)
    }

    mutating func acknowledges(_ device: Device, topicID: TopicID, messageID: MessageID) {
        self.device(
            device,
            says: .publishAcknowledgement(
                PublishAcknowledgement(topicID: topicID, messageID: messageID, returnCode: .accepted)))
    }

    private static let payload = Array("21.5 degrees Celsius".utf8)
}
