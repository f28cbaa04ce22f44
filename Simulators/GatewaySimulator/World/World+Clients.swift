import Bytes
import GatewayCore
import MQTT
import MQTTSN
import Time

// The devices: what they do by themselves, and what their clients say of it.

extension World {
    func populate() {
        makeForwarders()
        for index in 0..<options[.clients] { clients.append(makeClient(index)) }
        for index in clients.indices {
            clientByAddress[clients[index].address] = index
            queue.insert(.clientActs(index), at: now + milliseconds(0...5_000))
        }
        for index in 0..<options[.hostile] {
            hostiles.append(HostileSender(address: newPlace()))
            queue.insert(.hostileActs(index), at: now + milliseconds(0...5_000))
        }
        for index in plan.rules.heirs { leaveInheritance(to: index) }
        queue.insert(.faultsStrike, at: now + .seconds(1))
        if options[.radios] > 0 { plugIn() }
    }

    private func makeClient(_ index: Int) -> WorldClient {
        let clientID = Array("c\(index)".utf8)
        var configuration = SimulatedClientConfiguration(clientID: clientID)
        configuration.retryInterval = .seconds(5)
        configuration.congestionPause = .seconds(20)
        let mayGatewayForget = options[.gatewayRestarts] + options[.shutdowns] + options[.fewPlaces] > 0
        configuration.remembersTopicIDs = pick(2) == 0 && !mayGatewayForget && options[.totalRestarts] == 0
        makeRude(&configuration)
        if configuration.ignoresRegister { deliveries.clientIsUnteachable(index) }
        var client = WorldClient(
            device: SimulatedClient(configuration: configuration), address: newPlace(), clientID: clientID)
        client.isSleeper = rolls(.sleepers)
        client.options.cleanSession = rolls(.cleanSessions)
        client.options.keepAliveSeconds = UInt16(20 + pick(100) + min(options[.calm], 10_000))
        if rolls(.wills) {
            client.willVersion = 1
            client.options.will = ClientWill(
                topicName: WillStamp.topicName(index, 1), payload: WillStamp.message(index, 1), qos: drawQoS())
        }
        let topics = plan.topics.map(\.topic) + plan.filters.map { .name($0) }
        let audience = options[.audience]
        client.isSearcher = rolls(.searchers)
        client.isBehindRadio = rolls(.radios)
        if options[.unevenLinks] > 0 { client.lossShare = 1_000 - pick(options[.unevenLinks]) }
        for topic in topics where audience > 0 ? pick(1_000) < audience : pick(5) < 2 {
            client.wanted.append(topic)
            client.wantedQoS.append(drawQoS())
        }
        return client
    }

    private func drawQoS() -> QualityOfService {
        switch pick(4) {
        case 0: .atMostOnce
        case 1: options[.noExactlyOnce] > 0 ? .atLeastOnce : .exactlyOnce
        default: .atLeastOnce
        }
    }

    // MARK: What a device does

    func act(_ index: Int) {
        queue.insert(.clientActs(index), at: now + milliseconds(1...(2 * meanPause(of: index))))
        guard !clients[index].isDead, !hasEnded else { return }
        if let silentUntil = clients[index].silentUntil, silentUntil > now, !isHealed { return }
        switch clients[index].device.state {
        case .disconnected: connect(index)
        case .active: actWhileActive(index)
        case .asleep: actWhileAsleep(index)
        case .connecting, .disconnecting, .fallingAsleep, .awake: break
        }
    }

    /// In milliseconds, until a device acts again.
    private func meanPause(of index: Int) -> Int {
        if isHealed { return 3_000 }
        guard options[.calm] > 0 else { return max(500, 1_000_000 / max(1, options[.publishing])) }
        return clients[index].device.state == .disconnected ? 30_000 : options[.calm] * 1_000
    }

    func connect(_ index: Int, clean: Bool? = nil) {
        guard knowsGateway(index) else { return }
        var wish = clients[index].options
        // A session is begun anew now and then, and whoever wants one goes on wanting it until there is one.
        if !wish.cleanSession, !isHealed, pick(20) == 0 { wish.cleanSession = true }
        if let clean { wish.cleanSession = clean }
        if clients[index].device.awaitsNewSession { wish.cleanSession = true }
        clients[index].options.keepAliveSeconds = wish.keepAliveSeconds
        if options[.willUpdates] > 0, clients[index].willVersion > 0 { wish.will = drawWill(index) }
        let isNew = clients[index].device.beginsSession(wish)
        clients[index].connection += 1
        clients[index].wish = ConnectWish(
            cleanSession: wish.cleanSession, hasWill: wish.will != nil, keepAliveSeconds: wish.keepAliveSeconds)
        if isNew || gatewayLives > 1 || options[.fewPlaces] > 0 {
            dropDatagrams { $0.client == index }
        }
        if isNew { subscriptions.sessionBegan(index) }
        command(index, .connect(wish))
    }

    private func actWhileActive(_ index: Int) {
        subscribeToWanted(index)
        guard !isHealed else { return }
        if rolls(.churn) { return changeSubscription(index) }
        if clients[index].willVersion > 0, rolls(.willUpdates) { return changeWill(index) }
        if rolls(.departures) { return command(index, .disconnect) }
        if rolls(.silences) {
            clients[index].silentUntil = now + milliseconds(1_000...200_000)
            return
        }
        if clients[index].isSleeper, pick(3) == 0 {
            return command(index, .sleep(UInt16(10 + pick(300) + 4 * min(options[.calm], 10_000))))
        }
        for _ in 0..<(1 + pickRudely(clients[index].device.configuration.window)) { publish(index) }
    }

    private func actWhileAsleep(_ index: Int) {
        if rollsRudely(.connectWakeUps) {
            rudeness.note(.wokeByConnect)
            return connect(index, clean: pickRudely(2) == 0)
        }
        if !isHealed, pick(6) == 0 { return connect(index) }
        // A device that has something to say must be active for that.
        if isHealed, !clients[index].device.isIdle { return connect(index) }
        command(index, .wakeUp)
    }

    /// What a client says in its next CONNECT: the last Will again or a new one, none, or that there is none any more.
    private func drawWill(_ index: Int) -> ClientWill? {
        switch pick(8) {
        case 0, 1: return nil
        case 2: return ClientWill(topicName: [], payload: [])
        case 3, 4: return clients[index].options.will
        default:
            clients[index].options.will = newWill(index)
            return clients[index].options.will
        }
    }

    private func newWill(_ index: Int) -> ClientWill {
        clients[index].willVersion += 1
        let version = clients[index].willVersion
        return ClientWill(
            topicName: WillStamp.topicName(index, version), payload: WillStamp.message(index, version), qos: drawQoS(),
            retain: pick(4) == 0)
    }

    private func changeWill(_ index: Int) {
        let will = newWill(index)
        switch pick(6) {
        case 0: command(index, .updateWillTopic(nil))
        case 1, 2: command(index, .updateWillMessage(will.payload))
        default: command(index, .updateWillTopic(will))
        }
    }

    private func publish(_ index: Int) {
        // Of few message ids each rests for a while, and of many publications at once most may be refused for a while:
        // who says more than that allows never comes to an end.
        let isBounded = options[.fewIDs] + options[.windows] + options[.reusers] > 0
        if isBounded, clients[index].device.waitingPublicationCount > 5 { return }
        let mayRepeat = !options.canAllMemoryBeLost && !clients[index].device.configuration.reusesMessageIDs
        if let last = clients[index].lastPublication, mayRepeat, rollsRudely(.equalMessages) {
            rudeness.note(.saidTheSameAgain)
            return publish(last, index)
        }
        clients[index].lastSequence += 1
        let topic = pick(plan.topics.count)
        let stamp = Stamp(publisher: index, sequence: clients[index].lastSequence, topic: topic)
        let qos = drawQoS()
        // What no radio packet holds a device behind a radio cannot send.
        let longest = clients[index].isBehindRadio ? WorldPlan.longestRadioDatagram - 10 : WorldPlan.longestPayload
        let payload = stamp.payload(byteCount: rolls(.longPayloads) ? 9 + pick(longest - 8) : 9 + pick(20))
        let publication = ClientPublication(
            number: stamp.sequence, topic: plan.topics[topic].topic, payload: payload, qos: qos,
            retain: rolls(.retained))
        clients[index].lastPublication = publication
        publish(publication, index)
    }

    private func publish(_ publication: ClientPublication, _ index: Int) {
        if let stamp = Stamp(publication.payload) { publications.requested(stamp, qos: publication.qos) }
        command(index, .publish(publication))
    }

    /// What the device wants and does not have.
    private func subscribeToWanted(_ index: Int) {
        guard clients[index].device.isSubscriptionIdle else { return }
        for position in clients[index].wanted.indices {
            let topic = clients[index].wanted[position]
            guard subscriptions.isWanting(index, plan.name(of: topic)) else { continue }
            command(index, .subscribe(topic, clients[index].wantedQoS[position]))
            return
        }
    }

    private func changeSubscription(_ index: Int) {
        guard !clients[index].wanted.isEmpty, clients[index].device.isSubscriptionIdle else { return }
        let position = pick(clients[index].wanted.count)
        if pick(2) == 0 {
            command(index, .unsubscribe(clients[index].wanted[position]))
        } else {
            clients[index].wantedQoS[position] = drawQoS()
            command(index, .subscribe(clients[index].wanted[position], clients[index].wantedQoS[position]))
        }
    }

    func command(_ index: Int, _ command: ClientCommand) { clientHandles(index, .commanded(command), []) }

    // MARK: The client's events and effects

    func clientDeadlineReached(_ index: Int) {
        // An earlier one was planned since, and plans what follows.
        if let planned = clients[index].plannedDeadline, planned > now { return }
        clients[index].plannedDeadline = nil
        guard !clients[index].isDead else { return }
        if let deadline = clients[index].device.nextDeadline, deadline <= now {
            clientHandles(index, .deadlineReached, [])
        } else {
            planDeadline(index)
        }
    }

    func clientHandles(_ index: Int, _ event: ClientEvent, _ bytes: [UInt8]) {
        clientEffects.removeAll()
        clients[index].device.handle(event, bytes.span.bytes, at: now, into: &clientEffects)
        planDeadline(index)
        var observations: [ClientObservation] = []
        for effect in clientEffects.list {
            switch effect {
            case .send(let range):
                let datagram = Array(clientEffects.bytes[range])
                noteSent(datagram, by: index)
                chronicle?.noteSent(datagram, by: index, at: now)
                if !clients[index].isMute { sendFromClient(index, datagram) }
            case .observe(let observation): observations.append(observation)
            }
        }
        for observation in observations { clientObserved(index, observation) }
    }

    private func planDeadline(_ index: Int) {
        guard let deadline = clients[index].device.nextDeadline else { return }
        if let planned = clients[index].plannedDeadline, planned <= deadline { return }
        clients[index].plannedDeadline = deadline
        queue.insert(.clientDeadline(index), at: deadline)
    }

    private func noteSent(_ datagram: [UInt8], by index: Int) {
        guard let message = try? Message.decode(datagram.span.bytes) else { return }
        switch message {
        case .connect, .disconnect: clients[index].isPromised = false
        case .publish(let publish):
            guard let stamp = Stamp(datagram[publish.data]), publish.flags.qos > .atMostOnce else { return }
            clients[index].releasedMessageIDs.remove(publish.messageID)
            let former = clients[index].publishedStamps.updateValue(stamp, forKey: publish.messageID)
            if let former, former != stamp {
                rudeness.note(.reusedMessageID)
                if clients[index].device.configuration.reusesMessageIDs { rudeness.note(.reusedAtOnce) }
            }
            if clients[index].device.openPublicationCount > 1 { rudeness.note(.publishedBesideAnother) }
        case .publishRelease(let messageID):
            guard let stamp = clients[index].publishedStamps[messageID],
                clients[index].releasedMessageIDs.insert(messageID).inserted
            else { return }
            publications.released(stamp)
        case .publishAcknowledgement(let answer):
            guard answer.returnCode != .accepted, let stamp = clients[index].receivedStamps[answer.messageID]
            else { return }
            deliveries.rejected(stamp, by: index)
        case .publishComplete(let messageID):
            if let stamp = clients[index].receivedStamps[messageID] { deliveries.released(stamp, by: index, at: now) }
        case .subscribe, .unsubscribe: subscriptions.requested(message, datagram, by: index, plan)
        default: break
        }
    }

    private func clientObserved(_ index: Int, _ observation: ClientObservation) {
        chronicle?.note(observation, of: index, at: now, in: self)
        switch observation {
        case .published(let sequence): publications.acknowledged(index, sequence)
        case .publicationRefused(let sequence, _):
            if let sequence { publications.gaveUp(index, sequence) }
        case .publicationAbandoned(let sequence):
            rudeness.note(.gaveUpPublication)
            publications.gaveUp(index, sequence)
        case .messageReceived(let message): noteReceived(message, by: index)
        case .subscribed(let topic, let qos):
            subscriptions.confirmed(
                index, plan.name(of: topic), qos: DeliveryQoS(rawValue: qos.rawValue) ?? .atMostOnce,
                gatewayLife: gatewayLives)
        case .unsubscribed(let topic):
            subscriptions.confirmed(index, plan.name(of: topic), qos: nil, gatewayLife: gatewayLives)
        case .malformedDatagram(let error): fail("client \(index) got a datagram that cannot be read: \(error)")
        case .unexpectedMessage(.register): rudeness.note(.ignoredRegister)
        case .subscriptionRefused: if options[.refusedFilters] > 0 { rudeness.note(.refusedSubscription) }
        case .gatewayLost: clients[index].hasFoundGateway = false
        case .connected: if clients[index].device.forgetsReceived { deliveries.clientBeganAnew(index) }
        case .connectionRefused(let code): if code == .notSupported { dropWill(index) }
        case .disconnected, .fellAsleep, .dismissed, .topicRegistered,
            .topicLearned, .willUpdated, .willUpdateRefused, .unexpectedMessage:
            break
        }
    }

    private func noteReceived(_ message: ClientMessage, by index: Int) {
        guard let stamp = Stamp(message.payload) else { return }
        guard plan.name(of: message.topic) == plan.rules.topicName(of: stamp, to: index) else {
            return fail("client \(index) got \(stamp) on topic \(message.topic)")
        }
        deliveries.received(stamp, by: index, qos: message.qos)
    }
}
