import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

/// A way to a broker of another make, as a row of the README's table.
struct Door: Sendable, CustomTestStringConvertible {
    var scheme: String
    /// `broker.protocol`.
    var version: String
    /// The highest QoS that it grants and passes on.
    var longestQoS = DeliveryQoS.exactlyOnce

    var testDescription: String { "\(scheme), \(version)" }
}

/// What is proved of every broker, through a gateway of its own: who comes by another door, or to another broker, finds
/// the same. Its clients and topics are its own too, as the broker outlives it.
struct Trial {
    private static let names = Names()

    let broker: OtherBroker
    let door: Door
    let gateway: GatewayProcess
    /// What the trial's clients and topics begin with.
    let name: String

    init(_ door: Door, password: String? = nil) throws {
        broker = try #require(OtherBroker.current)
        self.door = door
        name = Self.names.next()
        gateway = try Self.gateway(broker, door, password)
    }

    private static func gateway(
        _ broker: OtherBroker, _ door: Door, _ password: String?
    ) throws -> GatewayProcess {
        let (username, ownPassword) = broker.make.credentials
        let isEncrypted = ["mqtts", "wss"].contains(door.scheme)
        let gateway = try GatewayProcess(
            brokerPort: try #require(broker.ports[door.scheme]),
            """
            broker.username = '\(username)'
            broker.password = '\(password ?? ownPassword)'
            broker.protocol = '\(door.version)'
            \(isEncrypted ? "tls.ca_file = '\(try TestCertificates.shared().authority)'" : "")
            """, scheme: door.scheme)
        if password == nil { try #require(gateway.logs("broker connection open"), "\(gateway.log)") }
        return gateway
    }

    /// Another gateway in front of the same broker, as if this one had been started again.
    func nextGateway() throws -> GatewayProcess { try Self.gateway(broker, door, nil) }

    /// A sensor of that name, or of another that begins with it.
    func sensor(_ suffix: String = "s", cleanSession: Bool = true, keepAlive: UInt16 = 60) throws -> Sensor {
        let sensor = try Sensor(gateway.address)
        try sensor.connect(name + suffix, cleanSession: cleanSession, keepAlive: keepAlive)
        return sensor
    }

    /// A client at the broker itself, in the clear.
    func observer(_ suffix: String = "o", of filter: String? = nil) throws -> BrokerSideClient {
        let observer = try BrokerSideClient(port: broker.port, name + suffix, credentials: broker.make.credentials)
        if let filter { try observer.subscribe("\(name)/\(filter)") }
        return observer
    }

    // MARK: What is proved

    /// GW-49: each level arrives, at the level that the broker passes on.
    func publishUp(_ levels: [DeliveryQoS]) throws {
        let observer = try observer(of: "up")
        let sensor = try sensor()
        let topicID = try sensor.register("\(name)/up")
        for (number, qos) in levels.enumerated() {
            let id = UInt16(number + 8)
            switch qos {
            case .atMostOnce: try sensor.send(Datagram.publish(topicID, [0]))
            case .atLeastOnce: try sensor.publishAtLeastOnce(topicID, [1], messageID: id)
            case .exactlyOnce:
                try sensor.send(Datagram.publish(topicID, [2], qos: .exactlyOnce, messageID: id))
                try sensor.expect(Datagram.publishReceived(id))
                try sensor.send(Datagram.publishRelease(id))
                try sensor.expect(Datagram.publishComplete(id))
            }
            let expected = BrokerPublish(topic: "\(name)/up", payload: [qos.rawValue], qos: qos)
            #expect(try observer.expectMessage() == expected)
        }
        try observer.expectNothingMore()
    }

    /// GW-50: what comes down is acknowledged to the broker, and each exchange comes to its end.
    func publishDown() throws {
        let publisher = try observer()
        let sensor = try sensor()
        let granted = try #require(QualityOfService(rawValue: door.longestQoS.rawValue))
        try sensor.send(Datagram.subscribe(octets("\(name)/down"), qos: .exactlyOnce, messageID: 2))
        let topicID = try sensor.expectSubscribeAcknowledgement(qos: granted, messageID: 2)
        for (round, qos) in [DeliveryQoS.atMostOnce, .atLeastOnce, .exactlyOnce, .atLeastOnce].enumerated()
        where qos.rawValue <= door.longestQoS.rawValue {
            let payload = [UInt8(round), qos.rawValue]
            try publisher.publish(BrokerPublish(topic: "\(name)/down", payload: payload, qos: qos))
            let heard = try sensor.expectPublish()
            #expect(heard.payload == payload && heard.topicID == topicID && heard.qos.rawValue == qos.rawValue)
            try complete(heard, sensor)
        }
        try sensor.send(Datagram.pingRequest)
        try sensor.expect(Datagram.pingResponse)
    }

    private func complete(_ heard: HeardPublish, _ sensor: Sensor) throws {
        switch heard.qos {
        case .atLeastOnce: try sensor.send(Datagram.publishAcknowledgement(heard.topicID, heard.messageID))
        case .exactlyOnce:
            try sensor.send(Datagram.publishReceived(heard.messageID))
            try sensor.expect(Datagram.publishRelease(heard.messageID))
            try sensor.send(Datagram.publishComplete(heard.messageID))
        case .atMostOnce, .minusOne: break
        }
    }

    /// GW-56: what a wildcard brings is registered before it is delivered.
    func wildcard() throws {
        let publisher = try observer()
        let sensor = try sensor()
        try sensor.subscribe("\(name)/+/w", qos: .atMostOnce)
        try publisher.publish(BrokerPublish(topic: "\(name)/a/w", payload: [1]))
        let topicID = try sensor.acceptRegister("\(name)/a/w")
        #expect(try sensor.expectPublish() == HeardPublish(topicID: topicID, payload: [1]))
    }

    func retained() throws {
        let first = try sensor("first")
        let topicID = try first.register("\(name)/kept")
        try first.send(Datagram.publish(topicID, [7], qos: .atLeastOnce, retain: true, messageID: 1))
        try first.expect(Datagram.publishAcknowledgement(topicID, 1))
        let second = try sensor("second")
        let subscribed = try second.subscribe("\(name)/kept", qos: .atMostOnce)
        #expect(try second.expectPublish() == HeardPublish(topicID: subscribed, retain: true, payload: [7]))
        // An empty one takes it away.
        try first.send(Datagram.publish(topicID, [], qos: .atLeastOnce, retain: true, messageID: 2))
        try first.expect(Datagram.publishAcknowledgement(topicID, 2))
        _ = try second.expectPublish()
        let third = try sensor("third")
        try third.subscribe("\(name)/kept", qos: .atMostOnce)
        try third.expectNothing(for: .milliseconds(200))
    }

    /// GW-62: the Will of who is lost is published, that of who says goodbye is not, and none of a gateway's that ends.
    func wills() throws {
        let observer = try observer(of: "wills/#")
        let (lost, parting, staying) = (
            try Sensor(gateway.address), try Sensor(gateway.address), try Sensor(gateway.address)
        )
        try parting.connect(name + "parting", will: (topic: "\(name)/wills/parting", message: "no"), keepAlive: 60)
        try staying.connect(name + "staying", will: (topic: "\(name)/wills/staying", message: "no"), keepAlive: 60)
        try lost.connect(name + "lost", will: (topic: "\(name)/wills/lost", message: "gone"), keepAlive: 1)
        try parting.send(Datagram.disconnect)
        try parting.expect(Datagram.disconnect)
        let will = BrokerPublish(topic: "\(name)/wills/lost", payload: octets("gone"), qos: .atLeastOnce)
        #expect(try observer.expectMessage() == will)
        gateway.process.kill(SIGTERM)
        try staying.expect(Datagram.disconnect)
        #expect(gateway.process.waitForExit() == .exited(0))
        try observer.publish(BrokerPublish(topic: "\(name)/wills/after", payload: []))
        #expect(try observer.expectMessage().topic == "\(name)/wills/after")
    }

    /// MQTT-SN 1.2 §6.14: what comes for a sleeper waits for its PINGREQ. A broker that waits for each acknowledgement
    /// before it says more makes it ask again: `wakeUpCount` times at the most.
    func sleeper(wakeUpCount: Int) throws {
        let publisher = try observer()
        let sensor = try sensor()
        let topicID = try sensor.subscribe("\(name)/sleep", qos: .atLeastOnce)
        try sensor.send(Datagram.disconnect(duration: 600))
        try sensor.expect(Datagram.disconnect)
        for number in UInt8(1)...3 {
            try publisher.publish(BrokerPublish(topic: "\(name)/sleep", payload: [number], qos: .atLeastOnce))
        }
        try sensor.expectNothing(for: .milliseconds(300))
        var payloads: [[UInt8]] = []
        for _ in 1...wakeUpCount {
            try sensor.send(Datagram.pingRequest(name + "s"))
            while let heard = try sensor.hear(), heard != Datagram.pingResponse {
                guard case .publish(let publish) = try Message.decode(heard.span.bytes) else {
                    Issue.record("heard \(Sensor.describe(heard))")
                    return
                }
                #expect(publish.topicID == topicID && publish.flags.qos == .atLeastOnce)
                payloads.append(Array(heard[publish.data]))
                try sensor.send(Datagram.publishAcknowledgement(topicID, publish.messageID))
            }
            // Where the next comes only now.
            if payloads.count < 3 { try sensor.expectNothing(for: .milliseconds(100)) }
        }
        #expect(payloads == [[1], [2], [3]])
    }

    /// A session that is not clean goes on at the broker while the gateway is killed, and brings what came meanwhile; a
    /// clean one brings nothing.
    func lastingSession() throws {
        for (suffix, isClean) in [("lasting", false), ("clean", true)] {
            try sensor(suffix, cleanSession: isClean).subscribe("\(name)/\(suffix)", qos: .atLeastOnce)
        }
        gateway.process.kill(SIGKILL)
        _ = gateway.process.waitForExit()
        let publisher = try observer()
        for suffix in ["clean", "lasting"] {
            try publisher.publish(BrokerPublish(topic: "\(name)/\(suffix)", payload: [7], qos: .atLeastOnce))
        }
        let second = try nextGateway()
        let (lasting, clean) = (try Sensor(second.address), try Sensor(second.address))
        try lasting.connect(name + "lasting", cleanSession: false)
        let topicID = try lasting.acceptRegister("\(name)/lasting")
        let heard = try lasting.expectPublish()
        #expect(heard.payload == [7] && heard.topicID == topicID)
        try complete(heard, lasting)
        try clean.connect(name + "clean", cleanSession: false)
        try clean.expectNothing(for: .milliseconds(200))
    }

    /// AMB-17: the credentials are the gateway's own, so no sensor is told that for good, and the owner is told why.
    static func wrongPassword(_ door: Door) throws {
        let trial = try Trial(door, password: "drowssap")
        let sensor = try Sensor(trial.gateway.address)
        try sensor.send(Datagram.connect(trial.name + "s"))
        try sensor.expect(Datagram.connectAcknowledgement(.congestion))
        #expect(trial.gateway.logs("broker answers, but refuses us"), "\(trial.gateway.log)")
        #expect(!trial.gateway.logs("broker reachable", within: .zero))
        #expect(!trial.gateway.log.contains { $0.contains("drowssap") })
    }

    /// A broker that ends is come back to, and a subscription is restored where it has forgotten it.
    func restart() throws {
        let sensor = try sensor(cleanSession: false)
        let topicID = try sensor.subscribe("\(name)/again", qos: .atLeastOnce)
        try broker.restart()
        #expect(gateway.logs("client's broker connection restored", within: .seconds(60)), "\(gateway.log)")
        // The subscription is asked for after the CONNACK, and this is answered after it.
        try sensor.publishAtLeastOnce(try sensor.register("\(name)/up"), [9], messageID: 40)
        try observer().publish(BrokerPublish(topic: "\(name)/again", payload: [1], qos: .atLeastOnce))
        let heard = try sensor.expectPublish()
        #expect(heard.payload == [1] && heard.topicID == topicID)
    }
}

/// Names that no other trial of the process has.
private final class Names: @unchecked Sendable {
    private var count = 0

    func next() -> String {
        count += 1
        return "trial\(count)"
    }
}
