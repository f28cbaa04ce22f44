import Bytes
import GatewayCore
import MQTT
import MQTTSN

// Who may do what in a world (`[[client]]`).

extension World {
    /// Tells the checker what the gateway says to a client.
    func noteRules(_ datagram: [UInt8], to client: Int) {
        guard let message = try? Message.decode(datagram.span.bytes) else { return }
        let name: [UInt8]? =
            switch message {
            case .register(let register): Array(datagram[register.topicName])
            case .publish(let publish): conversations.name(of: publish, to: client, plan)
            default: nil
            }
        rules.said(message, to: client, about: name)
    }

    func noteSaidToStranger(_ datagram: [UInt8]) {
        if case .connectAcknowledgement(.accepted)? = try? Message.decode(datagram.span.bytes) {
            rules.strangerConnected()
        }
    }

    /// The topic that a client's message is about; nil where it is about none.
    func topicName(of message: Message, _ datagram: [UInt8]) -> [UInt8]? {
        switch message {
        case .publish(let publish):
            guard let topic = Stamp(datagram[publish.data])?.topic, plan.topics.indices.contains(topic) else {
                return nil
            }
            return plan.topics[topic].name
        case .subscribe(let subscribe):
            let topic = Array(datagram[subscribe.topic])
            guard subscribe.flags.topicIDType != .normal else { return topic }
            guard topic.count == 2 else { return nil }
            return plan.name(of: UInt16(topic[0]) << 8 | UInt16(topic[1]), subscribe.flags.topicIDType)
        case .willTopic(let will), .willTopicUpdate(let will):
            return will.topic.isEmpty ? nil : Array(datagram[will.topic])
        default: return nil
        }
    }

    /// In whose name a CONNECT speaks.
    func speaker(named clientID: [UInt8]) -> RuleChecker.Speaker {
        if let client = client(named: clientID) { return .client(client) }
        return clientID.starts(with: Array("evil".utf8)) ? .stranger : .gateway
    }

    /// The gateway has refused the client's CONNECT for good: a Will that it may not have it gives up.
    func dropWill(_ index: Int) {
        guard let will = clients[index].options.will,
            !plan.rules.clients[index].mayPublish(to: will.topicName, qos: will.qos.rawValue)
        else { return }
        (clients[index].options.will, clients[index].willVersion) = (nil, 0)
    }

    /// Before there were rules, somebody has connected to the broker in a client's name and subscribed to everything.
    func leaveInheritance(to index: Int) {
        let clientID = clients[index].clientID
        let connect = Connect(
            cleanSession: false, keepAliveSeconds: 0, clientID: 0..<clientID.count, will: nil, username: nil,
            password: nil)
        var packet: [UInt8] = []
        packet.appendPacket(.connect(connect), from: clientID.span.bytes)
        packet.appendSubscribePacket(packetID: 1, filter: Array("#".utf8).span.bytes, qos: .exactlyOnce)
        streamCount += 1
        let connection = BrokerConnectionID(UInt32(streamCount))
        for event in [BrokerEvent.accepted(connection), .received(connection), .closed(connection)] {
            broker.handle(event, packet.span.bytes, at: now, into: &brokerEffects)
        }
        _ = broker.takeRecords()
    }
}
