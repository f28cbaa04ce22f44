// What can happen in a random world: sense and nonsense from clients, broker, network and time.

import GatewaySimulator
import MQTT
import MQTTSN
import Time

@testable import GatewayCore

extension RandomWorld {
    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    /// Lets one thing happen, and mostly what follows from it.
    mutating func happens() {
        switch number(0..<100) {
        case 0..<45: clientSpeaks()
        case 45..<75: somebodyPublishes()
        case 75..<79: streamSuffers()
        case 79..<82: brokerTalksNonsense()
        case 82..<84: brokerChangesItsMind()
        case 84: tell(.linkChanged(LinkID(1), maximumDatagramByteCount: number(16..<40)))
        default: passes(.milliseconds(pick([1, 500, 1_000, 3_000, 10_000, 15_000, 61_000])))
        }
        for _ in 0..<number(0..<6) {
            openStreamsAsAsked()
            brokerIsRead()
            clientsAnswer()
        }
    }

    /// Nobody misbehaves any more: what is under way arrives.
    mutating func settles() {
        for _ in 0..<50 {
            while !requestedStreams.isEmpty { open(requestedStreams.removeFirst()) }
            while let next = readable() { read(next, whole: true) }
            passes(.milliseconds(700))
        }
    }

    // MARK: Clients

    private mutating func clientSpeaks() {
        let address = number(0..<6)
        let peer = peer(at: address)
        if chance(1) { return tell(.datagramTruncated(from: peer)) }
        let message = chance(5) ? connectMessage(at: address) : randomMessage()
        var bytes = message.bytes
        if chance(15) { bytes = SNMessage.encapsulated(node: pick([[1], [2, 3]]), bytes).bytes }
        if chance(5) { mutate(&bytes) }
        // One of the addresses is a forwarder's.
        tell(.datagramReceived(from: peer, mayForward: address == 5), bytes)
        if chance(10) { tell(.datagramReceived(from: peer, mayForward: address == 5), bytes) }
    }

    /// Mostly each address has its own client.
    private mutating func connectMessage(at address: Int) -> SNMessage {
        let clientID = chance(90) ? "c\(address)" : pick(["c1", "c2", "c3", "c4", "c5", "", "toolong"])
        return .connect(
            clientID, clean: chance(50), will: chance(20), keepAlive: pick([0, 1, 60, 100, 65_535]),
            protocolID: chance(2) ? 2 : 1)
    }

    private mutating func topic() -> Topic {
        pick([
            .id(0), .id(1), .id(2), .id(3), .predefined(1), .predefined(2), .predefined(3), .short("ab"), .short("a+"),
        ])
    }

    private mutating func filter() -> Topic {
        pick(["a/b", "a/#", "+/c", "ab", "x", "too/long/name", "a/#/b", .predefined(1), .predefined(9), .short("ab")])
    }

    private mutating func payload() -> String { String(repeating: "x", count: pick([0, 1, 10, 30])) }

    private mutating func randomMessage() -> SNMessage {
        let id = MessageID(number(0..<5))
        let qos = pick([QualityOfService.atMostOnce, .atLeastOnce, .exactlyOnce, .minusOne])
        switch number(0..<26) {
        case 0..<6: return .publish(topic(), payload(), id: id, qos: qos, retain: chance(20), duplicate: chance(20))
        case 6, 7: return .publishRelease(id)
        case 8, 9: return .register(0, id, pick(["a/b", "a/c", "ab", "x", "y", "z", "a/#", "too/long/name"]))
        case 10..<14: return .subscribe(filter(), id: id, qos: qos)
        case 14, 15: return .unsubscribe(filter(), id: id)
        case 16: return .pingRequest()
        case 17: return .pingRequest(pick(["c1", "c2", "c3"]))
        case 18: return .disconnect(pick([nil, 0, 1, 60, 600, 600]))
        case 19, 24: return .subscribe("a/#", id: id, qos: .exactlyOnce)
        case 20: return .willTopic(pick(["", "w", "a/b", "#"]), qos: qos)
        case 21: return .willMessage(payload())
        case 22:
            return pick([
                .willTopicUpdate("w"), .willTopicUpdate("v"), .willTopicUpdate(""), .willMessageUpdate("x"),
                .willMessageUpdate("y"), .pingResponse, .searchGateway(radius: 0),
                .advertise(gatewayID: 9, seconds: 50), .gatewayInfo(gatewayID: 3),
            ])
        default:
            return pick([
                .publishAcknowledgement(1, id), .publishReceived(id), .publishComplete(id),
                .registerAcknowledgement(1, id), .connectAcknowledgement(),
                .publishAcknowledgement(1, 0, .invalidTopicID),
            ])
        }
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        switch number(0..<4) {
        case 0: bytes[number(0..<bytes.count)] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.removeLast(number(0..<bytes.count))
        case 2: bytes.append(UInt8(truncatingIfNeeded: random.next()))
        default: bytes = (0..<number(0..<40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
    }

    /// Most of what the gateway asks is answered, and most of that rightly.
    private mutating func clientsAnswer() {
        while !toClients.isEmpty, broken.isEmpty {
            let (address, bytes) = toClients.removeFirst()
            guard chance(85), let answer = answer(to: SNMessage(reading: bytes), at: address) else { continue }
            tell(.datagramReceived(from: peer(at: address), mayForward: address == 5), answer.bytes)
        }
    }

    private mutating func answer(to message: SNMessage, at address: Int) -> SNMessage? {
        let code = chance(85) ? ReturnCode.accepted : ReturnCode(rawValue: UInt8(number(1..<5)))
        switch message {
        case .willTopicRequest: return .willTopic("w", qos: .atLeastOnce)
        case .willMessageRequest: return .willMessage("gone")
        case .register(let topicID, let messageID, _): return .registerAcknowledgement(topicID, messageID, code)
        case .publish(let topic, _, let messageID, let qos, _, _):
            switch qos {
            case .atLeastOnce: return .publishAcknowledgement(topic.topicID, messageID, code)
            case .exactlyOnce:
                return code == .accepted ? .publishReceived(messageID) : .publishAcknowledgement(0, messageID, code)
            case .atMostOnce, .minusOne: return nil
            }
        case .publishRelease(let messageID): return .publishComplete(messageID)
        case .publishReceived(let messageID): return .publishRelease(messageID)
        case .connectAcknowledgement(.accepted): return .subscribe(filter(), id: 1, qos: .exactlyOnce)
        case .connectAcknowledgement, .disconnect: return chance(50) ? connectMessage(at: address) : nil
        case .encapsulated(let node, let inner):
            return answer(to: SNMessage(reading: inner), at: address).map { .encapsulated(node: node, $0.bytes) }
        case .pingResponse: return chance(50) ? .pingRequest("c\(address)") : nil
        case .connect, .willTopic, .willMessage, .registerAcknowledgement,
            .publishAcknowledgement, .publishComplete, .subscribe, .subscribeAcknowledgement, .unsubscribe,
            .unsubscribeAcknowledgement, .pingRequest, .willTopicUpdate,
            .willTopicResponse, .willMessageUpdate, .willMessageResponse, .searchGateway, .advertise, .gatewayInfo,
            .other:
            return nil
        }
    }

    // MARK: Streams

    private mutating func openStreamsAsAsked() {
        while !requestedStreams.isEmpty, broken.isEmpty {
            let id = requestedStreams.removeFirst()
            if chance(92) { open(id) } else { tell(.streamClosed(id, pick([.refused, .timedOut, .unresolved]))) }
        }
    }

    private mutating func open(_ id: UpstreamID) {
        openStreams.append((id, makeConnection()))
        tell(.streamOpened(id))
    }

    /// The first that may be read: a paused stream is not.
    private func readable() -> Int? { toGateway.firstIndex { !ledger.isPaused($0.stream) } }

    private mutating func brokerIsRead() {
        while let next = readable(), broken.isEmpty, chance(90) { read(next, whole: chance(60)) }
    }

    /// Reads what the broker wrote, or the beginning of it.
    private mutating func read(_ index: Int, whole: Bool) {
        let (stream, bytes) = toGateway[index]
        guard let bytes else {
            toGateway.remove(at: index)
            tell(.streamClosed(stream, .closedByBroker))
            return
        }
        let count = whole ? bytes.count : number(1..<bytes.count + 1)
        if count == bytes.count { toGateway.remove(at: index) } else { toGateway[index].bytes = Array(bytes[count...]) }
        tell(.streamReceived(stream), Array(bytes[..<count]))
    }

    private mutating func streamSuffers() {
        guard !openStreams.isEmpty else { return }
        let index = number(0..<openStreams.count)
        let (stream, connection) = openStreams[index]
        switch number(0..<4) {
        case 0: tell(.streamBlocked(stream, queuedByteCount: number(0..<100)))
        case 1: tell(.streamDrained(stream))
        default:
            openStreams.remove(at: index)
            toGateway.removeAll { $0.stream == stream }
            tellBroker(.closed(connection))
            tell(.streamClosed(stream, pick([.failed, .queueOverflow, .closedByBroker])))
        }
    }

    // MARK: The broker

    /// Another client of the broker, which is no client of the gateway.
    private mutating func somebodyPublishes() {
        let connection = makeConnection()
        tellBroker(.received(connection), connectPacket())
        let topicName = pick(["a/b", "a/c", "ab", "x", "y/c", "pre/1", "c1/1", "a/long/name/x"])
        for id in 1...PacketID(number(1..<4)) {
            let qos = pick([DeliveryQoS.atMostOnce, .atLeastOnce, .exactlyOnce])
            let packet = BrokerPacket.publish(
                topicName, payload(), qos: qos, id: qos == .atMostOnce ? 0 : id, retain: chance(10))
            tellBroker(.received(connection), packet.bytes)
        }
        tellBroker(.received(connection), BrokerPacket.disconnect.bytes)
    }

    private mutating func brokerChangesItsMind() {
        let refusal = SimulatedBrokerConfiguration.ConnectRefusal(
            returnCode: pick([.serverUnavailable, .notAuthorized]))
        broker.configuration.connectRefusals = chance(30) ? [refusal] : []
        broker.configuration.maximumGrantedQoS = pick([.atMostOnce, .atLeastOnce, .exactlyOnce])
        broker.configuration.refusedTopicFilters = chance(30) ? [Array("x".utf8)] : []
    }

    private func connectPacket() -> [UInt8] {
        [0x10, 0x0F, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 3, 0x70, 0x75, 0x62]
    }

    private mutating func brokerTalksNonsense() {
        guard !openStreams.isEmpty else { return }
        let stream = openStreams[number(0..<openStreams.count)].stream
        let id = PacketID(number(1..<5))
        var bytes = pick([
            BrokerPacket.publishRelease(id), .publishReceived(id), .publishAcknowledgement(id), .publishComplete(id),
            .subscribeAcknowledgement(id, 0), .unsubscribeAcknowledgement(id), .connectAcknowledgement(), .pingResponse,
            .publish("a/b", "x", qos: .exactlyOnce, id: id, duplicate: true), .pingRequest,
        ]).bytes
        if chance(20) { mutate(&bytes) }
        guard !bytes.isEmpty else { return }
        toGateway.append((stream, bytes))
    }
}
