import Bytes
import GatewayCore
import MQTTSN
import Time

// The radio: what happens to a datagram between a client and the gateway.
//
// What a real network may do is left out where MQTT-SN 1.2 has no means against it and no gateway could keep its
// promises: a datagram that comes later than any gateway knows its client's exchanges; some CONNECTs that come after
// their client has gone on, CONNACKs for a CONNECT that asked for something else, and DISCONNECTs that would be taken
// for a dismissal; what was sent in an earlier session, or before the broker or the gateway lost their memory, as
// message ids and topic ids begin anew there. Such datagrams are lost.

extension World {
    /// A datagram of the gateway sets out.
    func sendFromGateway(_ bytes: [UInt8], to address: Int, answering sender: Int?) {
        guard let client = clientByAddress[address] else {
            noteSaidToStranger(bytes)
            let datagram = Datagram(client: nil, address: address, bytes: bytes, sentAt: now, connection: 0)
            return departures.append(.datagram(datagram))
        }
        let isKnown = sender == client && clients[client].knownAt == address
        if isKnown, case .disconnect? = try? Message.decode(bytes.span.bytes) {
            fail("client \(client) is told to connect, and was connected")
        }
        noteRules(bytes, to: client)
        let openRegister = conversations.openRegister(client)
        conversations.gatewaySent(bytes, to: client, at: address, isAnswer: sender == client, plan: plan)
        noteRegister(bytes, to: client, after: openRegister)
        noteSent(bytes, to: client, at: address)
        let datagram = Datagram(
            client: client, address: address, bytes: bytes, sentAt: now, connection: clients[client].connection,
            isFromGateway: true, wish: clients[client].heardWish, answered: answered(by: bytes, client),
            isLeaveGranted: sender == client && conversations.hasHeardDisconnect(client))
        departures.append(.datagram(datagram))
    }

    /// A datagram of the gateway leaves its process.
    func takeOff(_ datagram: Datagram) {
        guard let client = datagram.client else {
            if !hostiles.isEmpty { hostiles[pick(hostiles.count)].overheard.append(datagram.bytes) }
            return
        }
        guard !isLinkLost(to: datagram.address) else { return }
        overhear(datagram.bytes)
        var datagram = datagram
        (datagram.saidAt, datagram.sentAt) = (datagram.sentAt, now)
        guard !clients[client].isBehindRadio else { return sendThroughRadio(datagram) }
        fly(of: client) { .datagramReachedClient(datagram) }
    }

    private func noteRegister(_ datagram: [UInt8], to client: Int, after openRegister: MessageID?) {
        guard case .register(let register)? = try? Message.decode(datagram.span.bytes),
            register.messageID != openRegister || clients[client].heardConnection != clients[client].registerConnection
        else { return }
        (clients[client].registerSentAt, clients[client].registerConnection) = (now, clients[client].heardConnection)
    }

    /// A datagram of a client sets out.
    func sendFromClient(_ client: Int, _ bytes: [UInt8]) {
        overhear(bytes)
        let datagram = Datagram(
            client: client, address: clients[client].address, bytes: bytes, sentAt: now,
            connection: clients[client].connection)
        if clients[client].isBehindRadio {
            nodeSends(datagram)
        } else {
            fly(of: client) { .datagramReachedGateway(datagram) }
        }
        doubleConnect(datagram)
        if rolls(.damage) { sendDamaged(bytes, at: clients[client].address) }
        if rolls(.oversized) {
            queue.insert(.oversizedReachedGateway(clients[client].address), at: now + .milliseconds(1))
        }
    }

    private func doubleConnect(_ datagram: Datagram) {
        guard case .connect? = try? Message.decode(datagram.bytes.span.bytes), rollsRudely(.doubledConnects) else {
            return
        }
        rudeness.note(.doubledConnect)
        let life = Int(plan.datagramLife.nanoseconds / 1_000_000)
        queue.insert(.datagramReachedGateway(datagram), at: now + rudeMilliseconds(1...max(life, 2_000)))
    }

    /// Loses, doubles and delays.
    func fly(of client: Int, _ happening: () -> Happening) {
        let isLost = rolls(.loss) && (clients[client].lossShare == 1_000 || pick(1_000) < clients[client].lossShare)
        let copies = isLost ? 0 : rolls(.duplication) ? 2 : 1
        for _ in 0..<copies {
            var delay = milliseconds(1...max(1, options[.delay]))
            if options[.jitter] > 0, !isHealed, pick(4) == 0 { delay = milliseconds(1...options[.jitter]) }
            let free = max(now, clients[client].cloggedUntil ?? now)
            queue.insert(happening(), at: free + delay)
        }
    }

    /// Parts of a datagram arrive from its sender; with wrong bits, as a checksum would not let pass, from elsewhere.
    private func sendDamaged(_ bytes: [UInt8], at address: Int) {
        var damaged = bytes
        if options[.forwarders] > 0, pick(2) == 0 {
            // Of the envelope; the forwarder itself is at the address.
            let (forwarder, envelope) = wrapped(bytes, at: address)
            gatewayWillReceive(Array(envelope.dropLast(1 + pick(envelope.count))), at: forwarder)
        } else if pick(2) == 0 {
            damaged.removeLast(min(damaged.count, 1 + pick(damaged.count)))
            gatewayWillReceive(damaged, at: address)
        } else if !damaged.isEmpty {
            damaged[pick(damaged.count)] ^= UInt8(1 << pick(8))
            spoilStamp(ofAnybodys: &damaged)
            // Whatever it has become, it must not name anybody.
            if (try? Message.decode(damaged.span.bytes))?.type != .connect {
                gatewayWillReceive(damaged, at: newAddress())
            }
        }
    }

    /// What has become a publication of nobody (QoS −1) must not be taken for its client's by the checkers: another
    /// rule is for it, and another name.
    private func spoilStamp(ofAnybodys bytes: inout [UInt8]) {
        guard case .publish(let publish)? = try? Message.decode(bytes.span.bytes), publish.flags.qos == .minusOne,
            Stamp(bytes[publish.data]) != nil
        else { return }
        bytes[publish.data.lowerBound] ^= 0xFF
    }

    func gatewayWillReceive(_ bytes: [UInt8], at address: Int) {
        if case .pingRequest? = try? Message.decode(bytes.span.bytes) { return }
        let datagram = Datagram(client: nil, address: address, bytes: bytes, sentAt: now, connection: 0)
        queue.insert(.datagramReachedGateway(datagram), at: now + milliseconds(1...500))
    }

    private func overhear(_ bytes: [UInt8]) {
        guard !hostiles.isEmpty, pick(4) == 0 else { return }
        let index = pick(hostiles.count)
        hostiles[index].overheard.append(bytes)
        if hostiles[index].overheard.count > 32 { hostiles[index].overheard.removeFirst() }
    }

    func newAddress() -> Int {
        addressCount += 1
        return addressCount
    }

    func dropDatagrams(where isUnwanted: (Datagram) -> Bool) {
        radioSite.inTheAir.removeAll(where: isUnwanted)
        queue.removeAll { happening in
            switch happening {
            case .datagramReachedClient(let datagram), .datagramReachedGateway(let datagram): isUnwanted(datagram)
            case .streamAnswered, .bytesReachedBroker, .bytesReachedGateway, .streamUnblocked, .brokerNoticedEnd,
                .strangerLeftBroker, .gatewayNoticedEnd, .clientActs, .clientConnects, .clientDeadline, .clientRestarts,
                .clientStartsAnew, .clientSearches, .oversizedReachedGateway, .hostileActs, .faultsStrike,
                .brokerStarts,
                .gatewayStarts, .linkUnclogged, .partitionHealed, .radioReturns, .lineReachedRadio, .lineReachedGateway,
                .radioWakes, .linePluggedIn, .interfaceReturns, .storeSynced:
                false
            }
        }
    }

    /// What the gateway said before the client's new session began is lost.
    private func dropDatagrams(to client: Int) {
        radioSite.inTheAir.removeAll { $0.client == client && $0.isFromGateway }
        queue.removeAll { happening in
            if case .datagramReachedClient(let datagram) = happening { datagram.client == client } else { false }
        }
    }

    // MARK: Arrivals

    func reachGateway(_ datagram: Datagram) {
        guard isGatewayUp, !isLinkLost(to: datagram.address) else { return }
        guard let client = datagram.client else {
            if asksAsClient(datagram) { return }
            noteStranger(datagram)
            return gatewayHears(datagram)
        }
        if clients[client].isMute || isTooOld(datagram) || isConnectLost(datagram, of: client)
            || isWillLost(datagram, of: client) || isFormerWord(datagram, of: client)
        {
            return
        }
        isConnectDoubled = isWillConnectOfActiveClient(datagram, client)
        if isConnectDoubled { noteDoubledConnect(datagram, of: client) } else { noteArrival(datagram, of: client) }
        gatewayHears(datagram)
        isConnectDoubled = false
    }

    /// Whether nothing can come of a CONNECT, as its client has gone on and answers no prompt.
    private func isWillConnectOfActiveClient(_ datagram: Datagram, _ client: Int) -> Bool {
        guard case .connect(let connect)? = try? Message.decode(datagram.bytes.span.bytes) else { return false }
        if clients[client].device.state == .connecting || !connect.flags.will { return false }
        isolation.heard(.connect(connect), of: client, at: datagram.address)
        return true
    }

    /// Whether a stranger's words come when the gateway has reason to believe that a client is where they come from, as
    /// its CONNECT came from there late: what he asks, the client would have asked.
    private func asksAsClient(_ datagram: Datagram) -> Bool {
        guard let client = clientByAddress[datagram.address], isolation.mayBe(client, at: datagram.address) else {
            return false
        }
        return switch try? Message.decode(datagram.bytes.span.bytes) {
        case nil, .disconnect?: false
        default: true
        }
    }

    /// Who has come to a client's old place is taken for it, if its CONNECT comes from there late.
    private func noteStranger(_ datagram: Datagram) {
        switch try? Message.decode(datagram.bytes.span.bytes) {
        case .connect(let connect)?:
            isolation.strangerHeard(Array(datagram.bytes[connect.clientID]), at: datagram.address)
        case .pingRequest(let name)?:
            if !name.isEmpty { isolation.strangerHeard(Array(datagram.bytes[name]), at: datagram.address) }
        case .disconnect(let duration)?:
            for client in clients.indices where isolation.mayBe(client, at: datagram.address) {
                sessions.heard(.disconnect(duration: duration), of: client, sleepsAtBroker: false)
            }
        default: break
        }
    }

    /// The host has cut off what was too long for it.
    func oversizedReachesGateway(from place: Int) {
        guard isGatewayUp, !isLinkLost(to: place) else { return }
        gatewayHandles(.datagramTruncated(from: peer(at: wrapped([], at: place).address)), at: place)
    }

    private func gatewayHears(_ datagram: Datagram) {
        let (address, bytes) = wrapped(datagram.bytes, at: datagram.address)
        let mayForward = forwarderByAddress[address] != nil
        gatewayHandles(
            .datagramReceived(from: peer(at: address), mayForward: mayForward), bytes, from: datagram.client,
            at: datagram.address)
    }

    /// The gateway cannot tell that its client did not say it twice; if that starts again, it may answer what follows.
    private func noteDoubledConnect(_ datagram: Datagram, of client: Int) {
        clients[client].knownAt = nil
        conversations.copyOfConnectWasHeard(of: client, at: datagram.address)
        keepWhenHeard(client)
        clients[client].lastHeard = now
        guard let message = try? Message.decode(datagram.bytes.span.bytes) else { return }
        noteWill(message, datagram, of: client)
    }

    /// Tells the checkers what the gateway is about to hear.
    private func noteArrival(_ datagram: Datagram, of client: Int) {
        guard let message = try? Message.decode(datagram.bytes.span.bytes) else { return }
        if message.type == .connect || message.type == .disconnect { clients[client].knownAt = nil }
        if case .connect(let connect) = message {
            clients[client].heardWish = ConnectWish(
                cleanSession: connect.flags.cleanSession, hasWill: connect.flags.will,
                keepAliveSeconds: connect.duration)
        }
        rules.heard(message, of: client, about: topicName(of: message, datagram.bytes))
        let isOverdue = now.since(clients[client].asleepSince) >= .seconds(Int(clients[client].askedSleep))
        conversations.clientWasHeard(
            datagram.bytes, client: client, at: datagram.address, isOverdue: isOverdue, plan: plan)
        isolation.heard(message, of: client, at: datagram.address)
        if isolation.mayBe(client, at: datagram.address) {
            noteWill(message, datagram, of: client)
            sessions.heard(message, of: client, sleepsAtBroker: sleepsAtBroker(client))
            if conversations.mayHear(message, of: client, at: datagram.address, plan) {
                noteHeard(message, client, at: datagram.address)
            }
        }
        switch message {
        case .connect(let connect):
            deliveries.connectReachedGateway(
                client, isClean: connect.flags.cleanSession, maySleep: conversations.maySleep(client))
        case .publish(let publish):
            guard let stamp = Stamp(datagram.bytes[publish.data]) else { return }
            publications.reachedGateway(stamp, isRepeated: publish.flags.duplicate)
            if publish.flags.qos > .atMostOnce { noteHeard(stamp, under: publish.messageID, of: client) }
        case .registerAcknowledgement(let answer): deliveries.registrationAnswered(answer.messageID, by: client)
        case .subscribe, .unsubscribe: subscriptions.requestReachedGateway(message, datagram.bytes, of: client, plan)
        default: break
        }
    }

    private func keepWhenHeard(_ client: Int) {
        clients[client].heardBefore = (
            clients[client].lastHeard, clients[client].heardAt, clients[client].askedKeepAlive
        )
    }

    /// The gateway has refused a CONNECT as it came from elsewhere: the client that it knows was not heard (AMB-11).
    func noteUnheard(_ client: Int, at place: Int) {
        isolation.isElsewhere(client, than: place)
        wills.connectWasElsewhere(of: client)
        guard let before = clients[client].heardBefore else { return }
        (clients[client].lastHeard, clients[client].heardAt) = (before.time, before.place)
        clients[client].askedKeepAlive = before.keepAlive
    }

    /// Who looks for a gateway says nothing of a session.
    private func noteHeard(_ message: Message, _ client: Int, at place: Int) {
        keepWhenHeard(client)
        switch message {
        case .searchGateway: return
        case .connect(let connect): clients[client].askedKeepAlive = connect.duration
        case .disconnect(let duration?) where duration > 0: clients[client].askedSleep = duration
        default: break
        }
        (clients[client].lastHeard, clients[client].heardAt) = (now, place)
        clients[client].isGivenUpUnawares = false
    }

    private func noteWill(_ message: Message, _ datagram: Datagram, of client: Int) {
        let isLate = datagram.sentAt < clients[client].heardWillSentAt
        let isFirst = datagram.connection > clients[client].heardConnection
        wills.heard(
            message, datagram.bytes, of: client, isLate: isLate, isFirst: isFirst,
            maySleep: conversations.maySleep(client))
        switch message {
        case .connect: clients[client].heardConnection = max(clients[client].heardConnection, datagram.connection)
        case .willTopic, .willMessage, .willTopicUpdate, .willMessageUpdate:
            clients[client].heardWillSentAt = max(clients[client].heardWillSentAt, datagram.sentAt)
        default: break
        }
    }

    private func sleepsAtBroker(_ client: Int) -> Bool {
        conversations.isCertainlyAsleep(client) && broker.isConnected(clients[client].clientID)
            && streamNumbers.contains { number in
                guard let stream = streams[number], stream.owner == client else { return false }
                return stream.isOpen && !stream.isBroken && !stream.brokerHasClosed && !stream.gatewayHasClosed
            }
    }

    func reachClient(_ datagram: Datagram) {
        guard let client = datagram.client, !clients[client].isDead, !clients[client].isDeaf,
            clients[client].address == datagram.address, !isTooOld(datagram),
            !isConnectAcknowledgementLost(datagram, of: client), !isFormerAnswer(datagram, to: client),
            !isDisconnectLost(datagram, of: client)
        else { return }
        switch try? Message.decode(datagram.bytes.span.bytes) {
        case .publish(let publish)?:
            guard let stamp = Stamp(datagram.bytes[publish.data]) else { break }
            if publish.flags.qos == .exactlyOnce, isCopyLost(publish, stamp, datagram, of: client) { return }
            if publish.flags.qos > .atMostOnce { clients[client].receivedStamps[publish.messageID] = stamp }
        case .willTopicRequest?, .willMessageRequest?: if startAgainInSetUp(client) { return }
        default: break
        }
        searcherHears(client, datagram.bytes)
        clientHandles(client, .datagramReceived, datagram.bytes)
        guard hasStore, case .connectAcknowledgement(.accepted)? = try? Message.decode(datagram.bytes.span.bytes)
        else { return }
        let isConnected = clients[client].device.state == .active
        clients[client].isPromised = isConnected && clients[client].letGoAt < datagram.saidAt
    }

    /// A copy of a QoS 2 message that comes after its exchange is a new one for a client that knows message ids only.
    private func isCopyLost(_ publish: Publish, _ stamp: Stamp, _ datagram: Datagram, of client: Int) -> Bool {
        guard !clients[client].device.receivedMessages.awaitsRelease(publish.messageID),
            deliveries.isLateCopy(stamp, for: client, sentAt: datagram.sentAt)
        else { return false }
        let isLost = !clients[client].device.configuration.comparesMessages
        rudeness.note(isLost ? .lostLateCopy : .heardLateCopy)
        return isLost
    }

    private func noteSent(_ bytes: [UInt8], to client: Int, at place: Int) {
        guard let message = try? Message.decode(bytes.span.bytes) else { return }
        isolation.said(message, to: client, at: place)
        sessions.said(message, to: client)
        wills.said(message, to: client)
        switch message {
        case .connectAcknowledgement(let code):
            guard code == .accepted else { return deliveries.sessionRefused(client) }
            deliveries.sessionAccepted(client)
            // The keep-alive time of a connection begins with it.
            clients[client].lastHeard = now
            if clients[client].device.isNewSession { dropDatagrams(to: client) }
        case .disconnect, .pingResponse: clients[client].asleepSince = now
        case .publishAcknowledgement(let answer):
            guard answer.returnCode != .accepted, let stamp = clients[client].publishedStamps[answer.messageID]
            else { return }
            publications.refused(stamp)
        case .publish(let publish):
            guard let stamp = Stamp(bytes[publish.data]) else { return }
            deliveries.gatewaySent(stamp, to: client, qos: publish.flags.qos, at: now)
        case .register(let register):
            deliveries.gatewayRegistered(Array(bytes[register.topicName]), register.messageID, for: client)
        default: break
        }
    }
}
