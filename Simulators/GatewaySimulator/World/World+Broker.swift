import Bytes
import GatewayCore
import MQTT
import Time

// The broker's process: events in, effects carried out, and what happens to it.

extension World {
    func brokerHandles(_ event: BrokerEvent, _ bytes: [UInt8]) {
        guard isBrokerUp else { return }
        brokerEffects.removeAll()
        let (reuses, receipts) = (broker.counters.packetIDsReused, broker.counters.receiptsRepeated)
        broker.handle(event, bytes.span.bytes, at: now, into: &brokerEffects)
        for _ in reuses..<broker.counters.packetIDsReused { rudeness.note(.reusedPacketIdentifier) }
        for _ in receipts..<broker.counters.receiptsRepeated { rudeness.note(.repeatedReceipt) }
        if broker.counters.topicAliasFaults > 0 {
            fail("the gateway names a topic by an alias that stands for none, or is above the broker's maximum")
        }
        if broker.counters.protocolViolations > 0 { fail("the gateway broke the MQTT protocol") }
        carryOutBrokerEffects()
    }

    private func carryOutBrokerEffects() {
        noteBrokerRecords()
        for index in brokerEffects.list.indices {
            switch brokerEffects.list[index] {
            case .send(let range, let connection):
                let number = Int(connection.rawValue)
                guard let stream = streams[number], !stream.isBroken else { continue }
                streams[number]?.toGateway.append(contentsOf: brokerEffects.bytes[range])
                let type = PacketType(rawValue: brokerEffects.bytes[range.lowerBound] >> 4)
                if type == .disconnect { streams[number]?.brokerHasSaidGoodbye = true }
                queue.insert(.bytesReachedGateway(number), at: now + streamDelay())
            case .close(let connection):
                let number = Int(connection.rawValue)
                guard let stream = streams[number] else { continue }
                streams[number]?.brokerHasClosed = true
                if stream.gatewayHasClosed {
                    queue.insert(.brokerNoticedEnd(number), at: now + streamDelay())
                } else if !stream.isBroken {
                    queue.insert(.bytesReachedGateway(number), at: now + streamDelay())
                }
            }
        }
    }

    func noteBrokerRecords() {
        for record in broker.takeRecords() {
            chronicle?.note(record, at: now, in: self)
            note(record)
            noteWill(record)
        }
    }

    private func note(_ record: BrokerRecord) {
        switch record {
        case .received(let clientID, let topicName, let payload, _):
            // Others may repeat what they have overheard, under their own names.
            guard let stamp = Stamp(payload), let client = client(named: clientID) else { return }
            publications.brokerReceived(stamp, from: client, topicName: topicName, plan: plan)
        case .released(_, let payload): if let stamp = Stamp(payload) { publications.brokerReleased(stamp) }
        case .closed(let connection, let clientID, let payload):
            rudeness.note(.closedOnTopicName)
            streams[Int(connection.rawValue)]?.hasFailed = true
            guard let stamp = Stamp(payload), let client = client(named: clientID) else { return }
            streams[Int(connection.rawValue)]?.closedOn = (client, stamp)
        case .handed(let clientID, let topicName, let payload, let qos):
            deliveries.countHanding()
            guard let client = client(named: clientID) else { return }
            rules.brokerHanded(topicName, to: client)
            guard let stamp = Stamp(payload) else { return }
            deliveries.handed(stamp, to: client, byteCount: payload.count, qos)
        case .acknowledged(let clientID, let payload, _):
            guard let stamp = Stamp(payload), let client = client(named: clientID) else { return }
            deliveries.brokerWasAcknowledged(stamp, by: client, at: now)
        case .sessionOpened(let clientID, let isClean, let isPresent):
            guard let client = client(named: clientID) else { return }
            deliveries.brokerOpened(client, isPresent: isPresent)
            if !isBrokerActing { sessions.brokerOpened(client, isClean: isClean) }
            clients[client].isCleanAtBroker = isClean
            clients[client].brokerOpenedAt = now
        case .sessionEnded(let clientID):
            if let client = client(named: clientID) { cleanSessionMayHaveEnded(of: client) }
        case .dropped, .willPublished: break
        }
    }

    /// A clean session ends with its connection at the broker, also that of a client which has asked later that it be
    /// kept (AMB-02). Where the gateway has left it in good order, it has seen to it that nothing is lost with it,
    /// unless it has ended just then and said so.
    private func cleanSessionMayHaveEnded(of client: Int) {
        guard clients[client].isCleanAtBroker else { return }
        let isLeft = streams.values.contains {
            $0.owner == client && $0.gatewayHasClosed && $0.hasSaidGoodbye && !$0.hasFailed && !$0.losesMessage
        }
        if !isLeft { publications.brokerForgot(client) }
    }

    /// A broker that closes on a message has refused it: to try a second time is right, as other things close
    /// connections, too; to go on is not, in one life of a gateway that hears of it.
    func noteClosing(on stamp: Stamp, of client: Int) {
        clients[client].closings[stamp, default: 0] += 1
        if clients[client].closings[stamp] == 3 { fail("the broker closes on \(stamp) again and again") }
    }

    private func noteWill(_ record: BrokerRecord) {
        switch record {
        case .willPublished(let clientID, let connection, let topicName, let payload, let qos, let retain):
            guard let client = client(named: clientID) else { return }
            wills.published(
                topicName, payload, qos, retain: retain, of: client, isExplained: isEndExplained(of: connection))
        case .received(let clientID, let topicName, let payload, let qos):
            guard let client = client(named: clientID),
                plan.rules.clients[client].own(topicName).flatMap(WillStamp.init(topicName:)) != nil
            else { return }
            wills.received(topicName, payload, qos, from: client)
        case .released, .closed, .handed, .dropped, .acknowledged, .sessionOpened, .sessionEnded: break
        }
    }

    /// Whether a connection has ended without DISCONNECT for a reason that is not the gateway's; a goodbye that is
    /// still under way may come too late.
    private func isEndExplained(of connection: BrokerConnectionID) -> Bool {
        guard !isBrokerActing, let stream = streams[Int(connection.rawValue)] else { return true }
        return stream.isBroken || stream.hasFailed || !stream.queued.isEmpty || !stream.toBroker.isEmpty
    }

    /// The broker's process ends and starts again after a while.
    func restartBroker() {
        guard isBrokerUp else { return }
        let keepsStore = !rolls(.brokerStoreLoss)
        chronicle?.note("the broker restarts\(keepsStore ? "" : " and has lost its store")", at: now)
        for number in streamNumbers {
            guard let stream = streams[number], stream.isOpen else { continue }
            streams[number]?.brokerHasClosed = true
            streams[number]?.isBroken = true
            if stream.gatewayHasClosed {
                queue.insert(.brokerNoticedEnd(number), at: now)
            } else {
                queue.insert(.gatewayNoticedEnd(number, .closedByBroker), at: now + milliseconds(0...2_000))
            }
        }
        if !keepsStore { forgetStore() }
        broker.restart(keepsStore: keepsStore)
        noteBrokerRecords()
        isBrokerUp = false
        queue.insert(.brokerStarts, at: now + milliseconds(100...30_000))
    }

    /// The broker ends a connection by itself, at any octet of what it was saying.
    func brokerCloses(_ number: Int) {
        guard isBrokerUp, let stream = streams[number], stream.isOpen, !stream.isBroken, !stream.brokerHasClosed
        else { return }
        chronicle?.note("the broker closes stream \(number)", at: now)
        streams[number]?.toGateway.removeLast(pick(stream.toGateway.count + 1))
        brokerEffects.removeAll()
        broker.close(stream.connection, publishingWill: true, into: &brokerEffects)
        isBrokerActing = true
        carryOutBrokerEffects()
        isBrokerActing = false
    }

    /// Somebody else connects to the broker under a client's name, which ends the gateway's connection.
    func takeOver(_ index: Int) {
        // Where the broker has no session, or one that ends with this, the new one would be taken for the client's own,
        // and nobody could tell.
        guard isBrokerUp, broker.isConnected(clients[index].clientID),
            broker.hasLastingSession(of: clients[index].clientID)
        else { return }
        chronicle?.note("somebody takes over the name of client \(index) at the broker", at: now)
        streamCount += 1
        let connection = BrokerConnectionID(UInt32(streamCount))
        let clientID = clients[index].clientID
        var packet: [UInt8] = []
        let connect = Connect(
            cleanSession: false, keepAliveSeconds: 0, clientID: 0..<clientID.count, will: nil,
            username: nil, password: nil)
        packet.appendPacket(.connect(connect), from: clientID.span.bytes)
        brokerHandles(.accepted(connection), [])
        isBrokerActing = true
        brokerHandles(.received(connection), packet)
        isBrokerActing = false
        queue.insert(.strangerLeftBroker(connection), at: now + milliseconds(1...10_000))
    }

    private func forgetStore() {
        for index in clients.indices where broker.hasLastingSession(of: clients[index].clientID) {
            publications.brokerForgot(index)
        }
        subscriptions.brokerForgot(gatewayLife: gatewayLives)
        dropDatagrams { _ in true }
    }
}
