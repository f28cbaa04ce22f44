import Bytes
import GatewayCore
import MQTT
import MQTTSN
import Time

// What goes wrong in a world, once a second while faults strike, and the senders that keep no rule.

extension World {
    func strike() {
        guard !isHealed else { return }
        queue.insert(.faultsStrike, at: now + .seconds(options[.calm] > 0 ? 60 : 1))
        checkSilence()
        if isGatewayUp { discovery.checkAdvertised(at: now) }
        if rolls(.clogging) {
            clients[pick(clients.count)].cloggedUntil = now + milliseconds(1_000...30_000)
        }
        if rolls(.partitions) { partition(pick(clients.count)) }
        if rolls(.addressChanges) { changeAddress(pick(clients.count)) }
        if rolls(.forwarderMoves) { moveForwarders() }
        if rolls(.oldPlaces) { speakFromOldPlace() }
        if rolls(.clientCrashes) { crash(pick(clients.count)) }
        if rolls(.streamFailures), !streamNumbers.isEmpty { breakStream(streamNumbers[pick(streamNumbers.count)]) }
        if options[.radios] > 0 { strikeRadio() }
        if rolls(.brokerRestarts) { restartBroker() }
        if rolls(.brokerCloses), !streamNumbers.isEmpty { brokerCloses(streamNumbers[pick(streamNumbers.count)]) }
        if rolls(.takeovers) { takeOver(pick(clients.count)) }
        if rollsRudely(.silentRadios) { silenceRadio() }
        if rollsRudely(.totalRestarts) { restartEverything() }
        if rollsRudely(.linkLosses) { loseInterface() }
        if rolls(.gatewayRestarts) { restartGateway() }
        if rolls(.shutdowns) { shutDownGateway() }
        if options[.brokerRefusals] > 0 {
            let isRefusing = rolls(.brokerRefusals)
            let code: ConnectReturnCode = pick(3) == 0 ? .identifierRejected : .serverUnavailable
            broker.configuration.connectRefusals = isRefusing ? [.init(returnCode: code)] : []
        }
    }

    /// GW-62: who is silent for longer than its keep-alive time allows is given up.
    private func checkSilence() {
        guard isGatewayUp else { return }
        for index in clients.indices where conversations.isCertainlyActive(index) {
            let client = clients[index]
            guard !isLinkLost(to: client.heardAt) else { continue }
            let lastChance = max(client.lastHeard, linkReturned(to: client.heardAt))
            guard let allowance = plan.gateway.supervision.allowance(forSeconds: client.askedKeepAlive) else {
                continue
            }
            let silence = now.since(client.lastHeard)
            if now > lastChance + allowance + .seconds(1) {
                fail("client \(index) is silent for \(silence.nanoseconds / 1_000_000_000) s and not given up")
            }
        }
    }

    /// One direction of a client's radio is silent.
    private func partition(_ index: Int) {
        if pick(2) == 0 { clients[index].isDeaf = true } else { clients[index].isMute = true }
        chronicle?.note("client \(index) is \(clients[index].isDeaf ? "deaf" : "mute")", at: now)
        queue.insert(.partitionHealed(index), at: now + milliseconds(1_000...120_000))
    }

    func healPartition(_ index: Int) {
        clients[index].isDeaf = false
        clients[index].isMute = false
    }

    /// Nobody hears anybody for a while.
    private func silenceRadio() {
        rudeness.note(.silencedRadio)
        chronicle?.note("the radio is silent", at: now)
        for index in clients.indices { (clients[index].isDeaf, clients[index].isMute) = (true, true) }
        queue.insert(.radioReturns, at: now + rudeMilliseconds(1_000...180_000))
    }

    /// The power was off for everybody.
    private func restartEverything() {
        rudeness.note(.restartedEverything)
        chronicle?.note("everything starts again", at: now)
        restartGateway()
        restartBroker()
        for index in clients.indices { crash(index, for: rudeMilliseconds(100...60_000)) }
    }

    func unclog(_ index: Int) { clients[index].cloggedUntil = nil }

    /// NAT has forgotten the client and shows it at a new address.
    private func changeAddress(_ index: Int) {
        formerPlaces.append(clients[index].address)
        clients[index].address = newPlace()
        clients[index].isPromised = false
        clientByAddress[clients[index].address] = index
        chronicle?.note("client \(index) appears at address \(clients[index].address)", at: now)
    }

    // MARK: Crashes of clients

    private func crash(_ index: Int) {
        if !clients[index].isDead { crash(index, for: milliseconds(100...300_000)) }
    }

    private func crash(_ index: Int, for span: TimeSpan) {
        guard !clients[index].isDead else { return }
        chronicle?.note("client \(index) dies", at: now)
        clients[index].isDead = true
        (clients[index].isPromised, clients[index].knownAt) = (false, nil)
        clients[index].diedAt = now
        queue.insert(.clientRestarts(index), at: now + span)
    }

    func restartClient(_ index: Int) {
        guard clients[index].isDead else { return }
        let forgets = rolls(.clientForgets)
        let countsAnew = forgets && rollsRudely(.recounts)
        if countsAnew {
            rudeness.note(.countedAnew)
            // Off for longer than what it has said is on its way.
            let earliest = clients[index].diedAt + plan.messageIDRest
            if now < earliest, !clients[index].device.configuration.reusesMessageIDs {
                queue.insert(.clientStartsAnew(index), at: earliest)
                return
            }
        }
        startClient(index, forgets: forgets, countsAnew: countsAnew)
    }

    func startClient(_ index: Int, forgets: Bool, countsAnew: Bool) {
        guard clients[index].isDead else { return }
        chronicle?.note("client \(index) starts again\(forgets ? " and has forgotten everything" : "")", at: now)
        clients[index].isDead = false
        clients[index].hasFoundGateway = false
        clients[index].search = GatewaySearch(radius: 3)
        if forgets {
            publications.clientForgot(index)
            deliveries.clientForgot(index)
            subscriptions.clientForgot(index)
        }
        clients[index].device.reboot(keepsMemory: !forgets, countsAnew: countsAnew)
    }

    // MARK: Senders that keep no rule

    func hostileActs(_ index: Int) {
        guard !isHealed else { return }
        let burst = pick(10) == 0 ? 30 : 1
        for _ in 0..<burst { sendHostile(index) }
        queue.insert(.hostileActs(index), at: now + milliseconds(10...5_000))
    }

    private func sendHostile(_ index: Int) {
        let address = pick(10) == 0 ? newAddress() : hostiles[index].address
        if rolls(.falseForwarders) { return sendFalseEnvelope(index) }
        switch pick(4) {
        case 0: gatewayWillReceive(randomBytes(), at: address)
        case 1:
            let overheard = hostiles[index].overheard
            guard !overheard.isEmpty else { return }
            replay(overheard[pick(overheard.count)], at: address)
        default: gatewayWillReceive(randomMessage(index), at: address)
        }
    }

    /// Somebody else's words from another address; a CONNECT would be a takeover, which MQTT allows.
    private func replay(_ bytes: [UInt8], at address: Int) {
        var copy = bytes
        switch try? Message.decode(bytes.span.bytes) {
        case .connect?: return
        // Whoever repeats a message under a name of his own publishes a message of his own.
        case .publish(let publish)? where Stamp(bytes[publish.data]) != nil: copy[publish.data.lowerBound] = 0
        default: break
        }
        gatewayWillReceive(copy, at: address)
    }

    /// Somebody is where a client was, and not where the gateway may believe it to be: he is a stranger (GW-89).
    private func speakFromOldPlace() {
        guard !formerPlaces.isEmpty, !hostiles.isEmpty else { return }
        let place = formerPlaces[pick(formerPlaces.count)]
        guard let client = clientByAddress[place], !isolation.mayBe(client, at: place) else { return }
        let overheard = hostiles[pick(hostiles.count)].overheard
        guard !overheard.isEmpty else { return }
        replay(overheard[pick(overheard.count)], at: place)
    }

    /// Somebody who may not forward says that a client is behind him (GW-83).
    private func sendFalseEnvelope(_ index: Int) {
        let message = hostiles[index].overheard.last ?? randomMessage(index)
        let nodeID: [UInt8] = [UInt8(pick(4))]
        var datagram: [UInt8] = []
        datagram.appendEncapsulation(radius: 0, nodeID: nodeID.span.bytes)
        gatewayWillReceive(datagram + message, at: newAddress())
    }

    private func randomBytes() -> [UInt8] {
        var bytes = (0..<pick(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        // A Length that fits brings most of them past the first check.
        if bytes.count >= 2, pick(4) > 0 { bytes[0] = UInt8(bytes.count) }
        // Whatever else this is, it must not be the CONNECT of a client.
        if bytes.count >= 2, bytes[1] == 0x04 { bytes[1] = 0x0C }
        return bytes
    }

    /// A well-formed message at a wrong time, with a wrong id.
    private func randomMessage(_ index: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        let text = Array("evil\(index)".utf8)
        let topic = Array("t/\(pick(9))".utf8)
        let (topicID, messageID) = (UInt16(pick(6)), UInt16(pick(6)))
        let flags = Flags(
            duplicate: pick(2) == 0, qos: QualityOfService(rawValue: UInt8(pick(4))) ?? .minusOne, retain: pick(9) == 0,
            will: pick(2) == 0, cleanSession: pick(2) == 0,
            topicIDType: TopicIDType(rawValue: UInt8(pick(4))) ?? .normal)
        let all = 0..<text.count
        switch pick(16) {
        case 0, 1, 2:
            let connect = Connect(flags: flags, protocolID: 1, duration: UInt16(pick(60) + 1), clientID: all)
            bytes.appendMessage(.connect(connect), from: text.span.bytes)
        case 3:
            bytes.appendMessage(.willTopic(WillTopic(flags: flags, topic: 0..<topic.count)), from: topic.span.bytes)
        case 4: bytes.appendMessage(.willMessage(all), from: text.span.bytes)
        case 5:
            let register = Register(topicID: topicID, messageID: messageID, topicName: 0..<topic.count)
            bytes.appendMessage(.register(register), from: topic.span.bytes)
        case 6, 7:
            let publish = Publish(flags: flags, topicID: topicID, messageID: messageID, data: all)
            bytes.appendMessage(.publish(publish), from: text.span.bytes)
        case 8:
            let plain = Flags(qos: flags.qos)
            let subscribe = Subscribe(flags: plain, messageID: messageID, topic: 0..<topic.count)
            bytes.appendMessage(.subscribe(subscribe), from: topic.span.bytes)
        case 9:
            let unsubscribe = Unsubscribe(flags: Flags(), messageID: messageID, topic: 0..<topic.count)
            bytes.appendMessage(.unsubscribe(unsubscribe), from: topic.span.bytes)
        case 10: bytes.appendMessage(.disconnect(duration: pick(2) == 0 ? nil : UInt16(pick(90))))
        case 11:
            let code = ReturnCode(rawValue: UInt8(pick(4)))
            let answer = PublishAcknowledgement(topicID: topicID, messageID: messageID, returnCode: code)
            bytes.appendMessage(.publishAcknowledgement(answer))
        case 12:
            bytes.appendMessage(
                .willTopicUpdate(WillTopic(flags: flags, topic: 0..<topic.count)), from: topic.span.bytes)
        case 13: bytes.appendMessage(.willMessageUpdate(all), from: text.span.bytes)
        case 14: bytes.appendMessage(.searchGateway(radius: 0))
        default:
            let answers: [Message] = [
                .publishReceived(messageID), .publishRelease(messageID), .publishComplete(messageID), .pingResponse,
                .registerAcknowledgement(
                    RegisterAcknowledgement(topicID: topicID, messageID: messageID, returnCode: .accepted)),
            ]
            bytes.appendMessage(answers[pick(answers.count)])
        }
        return bytes
    }
}
