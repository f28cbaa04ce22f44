import Bytes
import GatewayCore
import MQTT
import MQTTSN
import Time
import TraceFile

// The gateway's host in a world: events in, effects carried out, everything checked.

extension World {
    func gatewayHandles(_ event: Event, _ bytes: [UInt8] = [], from client: Int? = nil, at place: Int? = nil) {
        guard isGatewayUp, verdict == .passed else { return }
        effects.removeAll()
        (givenUp, spokenWills, isRefusedByBroker) = ([], [], false)
        ledger.note(event)
        gatewayEventCount += 1
        discovery.heard(place == nil ? nil : Self.innerMessage(of: bytes))
        gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
        effectHash.combine(effects, at: now)
        if recordsTrace { record(event, bytes) }
        ledger.check(effects)
        chronicle?.note(event, bytes, at: now, in: self)
        for index in effects.list.indices {
            if let place { checkIsolation(of: effects.list[index], from: place) }
            carryOut(effects.list[index], answering: client, at: place)
        }
        rules.eventEnded()
        for client in givenUp { wills.gaveUp(client, hasSaid: spokenWills.contains(client)) }
        checkBounds()
        letLeave()
    }

    /// The message of a datagram, without its envelope.
    private static func innerMessage(of datagram: [UInt8]) -> Message? {
        guard let message = try? Message.decode(datagram.span.bytes) else { return nil }
        guard case .encapsulated(let envelope) = message else { return message }
        return try? Message.decode(Array(datagram[envelope.inner]).span.bytes)
    }

    private func carryOut(_ effect: Effect, answering client: Int?, at place: Int?) {
        chronicle?.note(effect, effects.bytes, at: now, in: self)
        switch effect {
        case .sendDatagram(let range, let peer):
            guard let address = addressByPeer[peer],
                let (place, bytes) = unwrapped(Array(effects.bytes[range]), at: address)
            else { return }
            sendFromGateway(bytes, to: place, answering: client)
        case .broadcastDatagram(let range, let radius, let link):
            broadcast(Array(effects.bytes[range]), radius: radius, on: link)
        case .openStream(let id, _): openStream(id)
        case .sendStream(let range, let id): writeStream(id, range)
        case .closeStream(let id): closeStream(id)
        case .pauseStream(let id): if let number = streamByID[id] { streams[number]?.isPaused = true }
        case .resumeStream(let id):
            guard let number = streamByID[id] else { return }
            streams[number]?.isPaused = false
            queue.insert(.bytesReachedGateway(number), at: now)
        case .forgetPeer(let peer):
            guard let address = addressByPeer.removeValue(forKey: peer) else { return }
            if peerByAddress[address] == peer { peerByAddress[address] = nil }
        case .observe(let observation): note(observation, answering: client, at: place)
        }
    }

    /// No state of one client changes by datagrams of another (GW-89).
    private func checkIsolation(of effect: Effect, from sender: Int) {
        let client = clientByAddress[sender]
        switch effect {
        case .sendDatagram(let range, let peer):
            guard let address = addressByPeer[peer],
                let (place, _) = unwrapped(Array(effects.bytes[range]), at: address)
            else { return }
            isolation.checkSending(to: place, clientByAddress[place], from: sender, client)
        case .sendStream(_, let id), .closeStream(let id), .pauseStream(let id), .resumeStream(let id):
            guard let owner = streamByID[id].flatMap({ streams[$0]?.owner }) else { return }
            isolation.checkStream(of: owner, from: sender, client)
        case .broadcastDatagram, .openStream, .forgetPeer, .observe: break
        }
    }

    private func noteDrop(_ observation: Observation, _ octets: Int, _ reason: DeliveryChecker.DropReason) {
        guard let client = client(named: Array(effects.bytes[observation.clientID])) else { return }
        deliveries.dropped(for: client, byteCount: octets, reason)
    }

    /// What the gateway says of itself, such as that it must drop a message.
    private func note(_ observation: Observation, answering sender: Int?, at place: Int?) {
        observations.note(Int(observation.kind.rawValue))
        notePromise(observation)
        switch observation.occurrence {
        case .messageDroppedTooLong(_, let octets): noteDrop(observation, octets, .tooLong)
        case .messageDroppedNotRegistered(_, let octets): noteDrop(observation, octets, .notRegistered)
        case .messageUndeliverable(_, let octets): noteDrop(observation, octets, .undeliverable)
        case .messageExpired(let qos, let octets):
            if qos > .atMostOnce { noteDrop(observation, octets, .expired) }
            if let client = client(named: Array(effects.bytes[observation.clientID])) {
                conversations.messageExpired(of: client)
            }
        case .clientSetUpAbandoned:
            // Unless the client has just begun another one.
            if let client = client(named: Array(effects.bytes[observation.clientID])), client != sender {
                conversations.setUpIsForgotten(of: client)
            }
        case .clientDisconnected:
            if let client = client(named: Array(effects.bytes[observation.clientID])) { sessions.left(client) }
        case .clientLost:
            if let client = client(named: Array(effects.bytes[observation.clientID])) {
                noteLoss(of: client, on: observation.peer?.link)
                conversations.gatewayLost(client)
                givenUp.append(client)
            }
        case .clientRefused(_, because: .addressChange):
            if let sender, let place { noteUnheard(sender, at: place) }
        case .requestRefusedByRule:
            if let client = client(named: Array(effects.bytes[observation.clientID])) { rules.counted(of: client) }
        case .upstreamRefused, .brokerVersionRefused: isRefusedByBroker = true
        case .brokerReachable, .brokerUnreachable, .brokerRefusing:
            discovery.brokerIsReachable(observation.kind == .brokerReachable, at: now)
        case .willPublished, .willNotPublished:
            if let client = client(named: Array(effects.bytes[observation.clientID])) {
                if observation.kind == .willPublished { wills.gatewayPublished(of: client) }
                spokenWills.append(client)
            }
        case .sessionEvicted:
            if let client = client(named: Array(effects.bytes[observation.clientID])) {
                wills.gatewayForgot(client)
                sessions.gatewayForgot(client)
                gatewayForgetsSubscriptions(client)
            }
        default: break
        }
    }

    /// The gateway need not know a client any more that it has let go of, or given up, and says so.
    private func notePromise(_ observation: Observation) {
        switch observation.occurrence {
        case .clientLost, .clientDisconnected, .clientDismissed, .sessionEvicted, .clientMoved, .clientRefused:
            guard let client = client(named: Array(effects.bytes[observation.clientID])) else { return }
            (clients[client].isPromised, clients[client].knownAt, clients[client].letGoAt) = (false, nil, now)
            if isSuspending, observation.kind == .clientDismissed { noteLossAtEnd(of: client) }
        default: break
        }
    }

    /// The gateway ends, and says to a client that its message may be lost with the broker's session (AMB-30).
    private func noteLossAtEnd(of client: Int) {
        for number in streamNumbers where streams[number]?.owner == client { streams[number]?.losesMessage = true }
    }

    private func noteLoss(of client: Int, on link: LinkID?) {
        let isUntaught =
            clients[client].device.configuration.ignoresRegister && conversations.isOnlyRegisterOpen(client)
        let waitsForRegister = isUntaught && clients[client].lastHeard > clients[client].registerSentAt
        clients[client].isGivenUpUnawares = isUntaught
        checkLink(of: client, link ?? self.link(to: clients[client].heardAt))
        sessions.gaveUp(
            client, silence: now.since(clients[client].lastHeard), keepAlive: promisedInterval(client),
            waitsForRegister: waitsForRegister)
    }

    /// Who could not be reached is not given up, nor before it had time to be heard again. A session is on one link,
    /// as the gateway says; from where its client was refused, or only asked for its Will, says nothing of it.
    private func checkLink(of client: Int, _ link: LinkID) {
        let (isLost, returnedAt) = (links[Int(link.rawValue)].isLost, links[Int(link.rawValue)].returnedAt)
        guard !isLost else { return sessions.lostByLink(client) }
        guard returnedAt >= clients[client].lastHeard, returnedAt.nanoseconds > 0 else { return }
        if now < returnedAt + shortestAllowance(client) { sessions.lostByLink(client) }
    }

    /// By its keep-alive or, where it may sleep in the gateway's eyes, by its Duration, whichever is over first.
    private func shortestAllowance(_ client: Int) -> TimeSpan {
        let (keepAlive, sleep) = (clients[client].askedKeepAlive, clients[client].askedSleep)
        let seconds = conversations.isCertainlyActive(client) ? [keepAlive] : [keepAlive, sleep]
        let allowances = seconds.compactMap { plan.gateway.supervision.allowance(forSeconds: $0) }
        return allowances.min() ?? plan.gateway.links[0].patience
    }

    /// Within how many seconds the client has promised to be heard; 0 where it has promised nothing.
    private func promisedInterval(_ client: Int) -> UInt16 {
        let keepAlive = clients[client].askedKeepAlive
        guard conversations.maySleep(client) else { return keepAlive }
        return keepAlive == 0 ? clients[client].askedSleep : min(keepAlive, clients[client].askedSleep)
    }

    func client(named clientID: [UInt8]) -> Int? {
        // "c" and a number.
        guard clientID.first == UInt8(ascii: "c"),
            let number = Int(String(decoding: clientID.dropFirst(), as: UTF8.self)),
            clients.indices.contains(number)
        else { return nil }
        return number
    }

    /// The peer that stands for an address; a new one where the gateway has let the host forget the last.
    func peer(at address: Int) -> PeerID {
        if let peer = peerByAddress[address] { return peer }
        peerCount += 1
        let peer = PeerID(link: link(to: address), number: peerCount)
        peerByAddress[address] = peer
        addressByPeer[peer] = address
        return peer
    }

    // MARK: Starting again

    /// The gateway's process ends without a word and starts again with nothing but its configuration.
    func restartGateway() {
        guard isGatewayUp else { return }
        chronicle?.note("the gateway's process is killed", at: now)
        // Nothing on the radio outlives the absence of a gateway that has forgotten what it was about.
        if !hasStore { dropDatagrams { _ in true } }
        endGateway()
        for number in streamNumbers {
            guard let id = streams[number]?.id else { continue }
            streamByID[id] = nil
            streams[number]?.gatewayHasClosed = true
            streams[number]?.hasFailed = true
            streams[number]?.queued = []
            queue.insert(.brokerNoticedEnd(number), at: now + milliseconds(0...5_000))
        }
    }

    /// The gateway is asked to end: it says goodbye, its last words arrive, and it starts again.
    func shutDownGateway() {
        guard isGatewayUp else { return }
        chronicle?.note("the gateway is shut down", at: now)
        guard !hasStore else { return suspendGateway() }
        dropDatagrams { _ in true }
        gatewayHandles(.shutdownRequested)
        conversations.gatewayShutDown()
        let census = gateway.census()
        if census.sessions != census.remembered { fail("a session outlives the gateway: \(census)") }
        if ledger.liveStreamCount > 0 { fail("a broker connection is left when the gateway ends") }
        endGateway()
    }

    /// The gateway is asked to end, and its last words arrive; another life goes on with its sessions.
    private func suspendGateway() {
        for client in clients.indices { sessions.setUpIsForgotten(of: client) }
        isSuspending = true
        gatewayHandles(.suspensionRequested)
        isSuspending = false
        storeHasEverything()
        if ledger.liveStreamCount > 0 { fail("a broker connection is left when the gateway ends") }
        endGateway()
    }

    private func endGateway() {
        for number in streamNumbers { streams[number]?.isEndAwaited = false }
        isGatewayUp = false
        if options[.radios] > 0 { unplug(for: nil) }
        peerByAddress = [:]
        addressByPeer = [:]
        ledger.restart()
        discovery.gatewayRestarted()
        pace.gatewayRestarted()
        if hasStore {
            forgetWhatIsNotKept()
        } else {
            for index in clients.indices { gatewayForgets(index) }
        }
        queue.insert(.gatewayStarts, at: now + milliseconds(100...20_000))
    }

    /// The next life of the gateway knows nothing of a client.
    func gatewayForgets(_ index: Int) {
        conversations.gatewayForgot(index)
        isolation.gatewayForgot(index)
        wills.gatewayForgot(index)
        sessions.gatewayForgot(index)
        gatewayForgetsSubscriptions(index)
    }

    private func gatewayForgetsSubscriptions(_ index: Int) {
        // A clean session ends with the connection, sooner or later.
        let isKept = broker.hasLastingSession(of: clients[index].clientID)
        subscriptions.gatewayForgot(index) {
            isKept ? grantedQoS(of: index, for: $0) : nil
        }
    }

    /// What the broker has granted a client for a filter of its own.
    func grantedQoS(of index: Int, for filter: [UInt8]) -> DeliveryQoS? {
        broker.grantedQoS(of: clients[index].clientID, for: plan.rules.clients[index].atBroker(filter))
    }

    func startGateway() {
        guard !isGatewayUp else { return }
        gatewayLives += 1
        for client in clients.indices { clients[client].closings = [:] }
        let seed = random.next()
        formerCells = allCells
        gateway = PlantedGateway(plan, seed: seed, canary: canary, life: gatewayLives)
        trace.restart(seed: seed)
        traceHash = EffectHash()
        isGatewayUp = true
        chronicle?.note("the gateway starts", at: now)
        if options[.radios] > 0 { plugIn() }
        if hasStore {
            gateway.keepSessions()
            restoreSessions()
        }
        tellLostLinks()
        gatewayHandles(.deadlineReached, [])
    }

    private var allCells: [UInt64] { zip(formerCells, gateway.uplinkCells).map { $0 + $1 } }

    /// How often the gateway, in all its lives, has reached the cells of the exchange table, in their order.
    package var uplinkCells: OccurrenceCounts { OccurrenceCounts(times: allCells.map { Int($0) }) }

    // MARK: Checks

    private func checkBounds() {
        guard clients.count <= 32 || gatewayEventCount % 64 == 0 else { return }
        let census = gateway.census()
        let limits = plan.gateway.limits
        func expect(_ holds: Bool, _ text: String) { if !holds { fail("\(text): \(census)") } }
        expect(census.sessions - census.newcomers <= limits.clients, "more sessions than the limit")
        expect(census.newcomers <= limits.setUps, "more set-ups than the limit")
        // Where something waits for the broker's answer, as much again or 64 messages (AMB-15); besides, the message
        // that reached the limit, and the first of a new broker connection, which comes with the CONNACK.
        let places = limits.queuedMessagesPerClient + max(limits.queuedMessagesPerClient, 64) + 2
        expect(census.longestQueue <= places, "a queue is longer than the limit")
        let longest = Limits.queuedByteCount(
            nameByteCount: 0, payloadByteCount: LinkConfiguration().maximumDatagramByteCount)
        let octets = max(2 * limits.queuedByteCountPerClient, 64 * longest) + 4 * longest
        expect(census.largestQueueByteCount <= octets, "a queue is larger than the limit")
        // After the broker has forgotten, the gateway asks it for all subscriptions again, whatever the client asks.
        let exchanges = limits.exchangesPerClient + census.mostSubscriptions
        expect(census.mostClientExchanges <= exchanges, "more exchanges than the limit")
        expect(census.mostTopics <= limits.topicsPerClient + 1, "more topic ids than the limit")
        expect(census.mostSubscriptions <= limits.subscriptionsPerClient, "more subscriptions than the limit")
        expect(census.upstreams <= census.sessions + 1, "a broker connection without a client")
        expect(census.peers == ledger.livePeerCount, "the host remembers other peers than the core")
        expect(census.routes <= 2 * census.sessions + limits.recentDepartures, "more routes than the limit")
    }

    private func record(_ event: Event, _ bytes: [UInt8]) {
        traceHash.combine(effects, at: now)
        trace.entries.append(
            Trace.Entry(now: now, event: event, bytes: bytes, effectHash: traceHash.value))
    }
}
