import Bytes
import MQTTSN
import Testing
import Transports

/// What a sensor hears in a PUBLISH.
struct HeardPublish: Equatable {
    var topicID: UInt16
    var type = TopicIDType.normal
    var qos = QualityOfService.atMostOnce
    var retain = false
    var duplicate = false
    var messageID: UInt16 = 0
    var payload: [UInt8]
}

/// What carries a sensor's datagrams to the gateway and back.
protocol SensorWire: AnyObject {
    func send(_ datagram: [UInt8]) throws

    /// The next datagram; nil when none comes in time.
    func hear(until deadline: Deadline) throws -> [UInt8]?
}

/// A UDP socket of a sensor's own.
final class UDPWire: SensorWire {
    private let socket: BlockingSocket
    let gateway: SocketAddress
    private(set) var lastSource: SocketAddress?

    init(_ gateway: SocketAddress, from host: String?) throws {
        self.gateway = gateway
        let local = try host.map { try SocketAddress.numeric($0) }
        socket = try BlockingSocket(.datagrams, for: gateway, boundTo: local)
    }

    func send(_ datagram: [UInt8]) throws { try socket.send(datagram, to: gateway) }

    func hear(until deadline: Deadline) throws -> [UInt8]? {
        guard let (datagram, source) = try socket.receive(until: deadline) else { return nil }
        lastSource = source
        return datagram
    }
}

/// An MQTT-SN client over a real wire that says and hears one message at a time.
final class Sensor {
    private let wire: any SensorWire

    /// A sensor that speaks to `gateway` over UDP, from the address `host` if that is given.
    init(_ gateway: SocketAddress, from host: String? = nil) throws { wire = try UDPWire(gateway, from: host) }

    init(on wire: any SensorWire) { self.wire = wire }

    /// Where the last datagram came from, over UDP.
    var lastSource: SocketAddress? { (wire as? UDPWire)?.lastSource }

    func send(_ datagram: [UInt8]) throws { try wire.send(datagram) }

    /// The next datagram; nil when none comes in time.
    func hear(within duration: Duration = generous) throws -> [UInt8]? {
        try wire.hear(until: Deadline(in: duration))
    }

    /// The next datagram must be `expected`.
    func expect(_ expected: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let heard = try #require(try hear(), "the gateway is silent", sourceLocation: sourceLocation)
        #expect(
            heard == expected, "heard \(Self.describe(heard)), expected \(Self.describe(expected))",
            sourceLocation: sourceLocation)
    }

    func expectNothing(for duration: Duration, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let heard = try hear(within: duration)
        #expect(heard == nil, "heard \(heard.map(Self.describe) ?? "")", sourceLocation: sourceLocation)
    }

    /// A datagram in words, for failures.
    static func describe(_ datagram: [UInt8]) -> String {
        do {
            return "\(try Message.decode(datagram.span.bytes)) in \(datagram)"
        } catch {
            return "\(datagram): \(error)"
        }
    }

    // MARK: Messages whose fields the test needs

    func expectPublish(sourceLocation: SourceLocation = #_sourceLocation) throws -> HeardPublish {
        let heard = try #require(try hear(), "the gateway is silent", sourceLocation: sourceLocation)
        guard case .publish(let publish) = try Message.decode(heard.span.bytes) else {
            Issue.record("heard \(Self.describe(heard)), expected a PUBLISH", sourceLocation: sourceLocation)
            throw NothingCame(awaited: "PUBLISH")
        }
        return HeardPublish(
            topicID: publish.topicID, type: publish.flags.topicIDType, qos: publish.flags.qos,
            retain: publish.flags.retain, duplicate: publish.flags.duplicate, messageID: publish.messageID,
            payload: Array(heard[publish.data]))
    }

    /// Hears a REGISTER of `topic` and accepts it; returns the topic id.
    func acceptRegister(_ topic: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> UInt16 {
        let heard = try #require(try hear(), "the gateway is silent", sourceLocation: sourceLocation)
        guard case .register(let register) = try Message.decode(heard.span.bytes) else {
            Issue.record("heard \(Self.describe(heard)), expected a REGISTER", sourceLocation: sourceLocation)
            throw NothingCame(awaited: "REGISTER")
        }
        let name = String(decoding: heard[register.topicName], as: UTF8.self)
        #expect(name == topic, sourceLocation: sourceLocation)
        try send(Datagram.registerAcknowledgement(register.topicID, register.messageID, .accepted))
        return register.topicID
    }

    // MARK: Whole procedures

    func connect(
        _ clientID: String, cleanSession: Bool = true, keepAlive: UInt16 = 60,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try send(Datagram.connect(clientID, cleanSession: cleanSession, keepAlive: keepAlive))
        try expect(Datagram.connectAcknowledgement(.accepted), sourceLocation: sourceLocation)
    }

    /// Tries to connect once, with the session as it was; whether that was accepted.
    func tryToConnect(_ clientID: String) throws -> Bool {
        try send(Datagram.connect(clientID, cleanSession: false))
        return try hear() == Datagram.connectAcknowledgement(.accepted)
    }

    /// The same with a new session.
    func tryToConnectAnew(_ clientID: String) throws -> Bool {
        try send(Datagram.connect(clientID))
        return try hear() == Datagram.connectAcknowledgement(.accepted)
    }

    /// Connects with a Will (MQTT-SN 1.2 §6.3).
    func connect(
        _ clientID: String, cleanSession: Bool = true, will: (topic: String, message: String), keepAlive: UInt16
    ) throws {
        try send(Datagram.connect(clientID, cleanSession: cleanSession, will: true, keepAlive: keepAlive))
        try expect(Datagram.willTopicRequest)
        try send(Datagram.willTopic(will.topic, qos: .atLeastOnce))
        try expect(Datagram.willMessageRequest)
        try send(Datagram.willMessage(will.message))
        try expect(Datagram.connectAcknowledgement(.accepted))
    }

    /// Registers a topic; returns its id.
    func register(
        _ topic: String, messageID: UInt16 = 1, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> UInt16 {
        try send(Datagram.register(topic, messageID: messageID))
        let heard = try #require(try hear(), "the gateway is silent", sourceLocation: sourceLocation)
        guard case .registerAcknowledgement(let answer) = try Message.decode(heard.span.bytes) else {
            Issue.record("heard \(Self.describe(heard)), expected a REGACK", sourceLocation: sourceLocation)
            throw NothingCame(awaited: "REGACK")
        }
        #expect(answer.returnCode == .accepted, sourceLocation: sourceLocation)
        #expect(answer.messageID == messageID, sourceLocation: sourceLocation)
        return answer.topicID
    }

    /// Subscribes to a name or filter; returns the topic id of the SUBACK.
    @discardableResult
    func subscribe(
        _ filter: String, qos: QualityOfService, messageID: UInt16 = 2,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> UInt16 {
        try subscribe(Array(filter.utf8), type: .normal, qos: qos, messageID: messageID, sourceLocation: sourceLocation)
    }

    /// Subscribes; `topic` is a name or filter, or for the other types two octets.
    @discardableResult
    func subscribe(
        _ topic: [UInt8], type: TopicIDType, qos: QualityOfService, messageID: UInt16 = 2,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> UInt16 {
        try send(Datagram.subscribe(topic, type: type, qos: qos, messageID: messageID))
        return try expectSubscribeAcknowledgement(qos: qos, messageID: messageID, sourceLocation: sourceLocation)
    }

    /// Hears a SUBACK that grants `qos`, or has another `code`; returns its topic id.
    @discardableResult
    func expectSubscribeAcknowledgement(
        qos: QualityOfService, messageID: UInt16, code: ReturnCode = .accepted,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> UInt16 {
        let heard = try #require(try hear(), "the gateway is silent", sourceLocation: sourceLocation)
        guard case .subscribeAcknowledgement(let answer) = try Message.decode(heard.span.bytes) else {
            Issue.record("heard \(Self.describe(heard)), expected a SUBACK", sourceLocation: sourceLocation)
            throw NothingCame(awaited: "SUBACK")
        }
        #expect(answer.returnCode == code, sourceLocation: sourceLocation)
        #expect(answer.flags.qos == qos, sourceLocation: sourceLocation)
        #expect(answer.messageID == messageID, sourceLocation: sourceLocation)
        return answer.topicID
    }

    /// Publishes at QoS 1 and hears the PUBACK.
    func publishAtLeastOnce(
        _ topicID: UInt16, _ payload: [UInt8], messageID: UInt16, expecting code: ReturnCode = .accepted,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try send(Datagram.publish(topicID, payload, qos: .atLeastOnce, messageID: messageID))
        try expect(Datagram.publishAcknowledgement(topicID, messageID, code), sourceLocation: sourceLocation)
    }
}

/// The octets of `text`.
func octets(_ text: String) -> [UInt8] { Array(text.utf8) }
