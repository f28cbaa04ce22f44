import Bytes
import GatewayCore
import MQTT
import MQTTSN
import Time

/// A gateway in a world: the product's own, whose events and effects a canary changes on their way.
struct PlantedGateway: ~Copyable {
    private var gateway: Gateway
    private let canary: Canary?
    /// Clients whose goodbye was kept from the gateway.
    private var undead: [PeerID] = []
    /// The first Will of each client, as the packet that told it.
    private var firstWills: [[UInt8]: [UInt8]] = [:]

    var rude = RudePlanting()
    var prefixPlanting: PrefixPlanting
    var aliasPlanting = AliasPlanting()
    /// Counts the gateway's lives.
    let life: Int

    init(_ plan: WorldPlan, seed: UInt64, canary: Canary?, life: Int = 1) {
        var configuration = plan.gateway
        if canary == .paceIgnored {
            (configuration.limits.brokerHandshakes, configuration.limits.brokerConnectsPerSecond) = (200, 500)
        }
        gateway = Gateway(configuration: configuration, seed: seed)
        prefixPlanting = PrefixPlanting(plan.rules)
        self.canary = canary
        self.life = life
    }

    var nextDeadline: Instant? { gateway.nextDeadline }
    func census() -> Census { gateway.takeCensus() }
    var uplinkCells: [UInt64] { gateway.uplinkCells }

    mutating func keepSessions() { gateway.keepSessions() }

    mutating func takeChanges(at now: Instant, _ take: (SessionChange) -> Void) {
        gateway.takeChanges(at: now, take)
    }

    mutating func restore(
        _ record: SessionRecord, from peer: PeerID?, age: TimeSpan, at now: Instant
    ) throws(RestoreRefusal) {
        try gateway.restore(record, from: peer, age: age, at: now)
    }

    mutating func handle(_ event: Event, _ bytes: RawSpan, at now: Instant, into effects: inout Effects) {
        guard let canary else {
            gateway.handle(event, bytes, at: now, into: &effects)
            return
        }
        if canary == .blockIgnored, case .streamBlocked = event { return }
        if canary == .lostWithItsLink, case .linkLost = event { return }
        if canary == .sessionLeak, swallowsGoodbye(event, bytes, at: now, into: &effects) { return }
        if canary == .pingResponseTooEarly, case .datagramReceived(let peer, _, _) = event,
            case .pingRequest(let clientID)? = try? Message.decode(bytes), !clientID.isEmpty
        {
            effects.send(.pingResponse, to: peer)
        }
        if canary == .expiredDelivered, case .streamReceived = event {
            let renewed = renewingExpiries(bytes)
            return gateway.handle(event, renewed.span.bytes, at: now, into: &effects)
        }
        if canary == .prefixLeak, case .streamReceived(let stream) = event {
            let read = withForeignTopics(bytes, on: stream)
            return gateway.handle(event, read.span.bytes, at: now, into: &effects)
        }
        guard canary.isRude else { return passOn(event, bytes, canary, at: now, into: &effects) }
        if intercepts(canary, event, bytes, at: now, into: &effects) { return }
        passOn(event, bytes, canary, at: now, into: &effects)
    }

    /// Tells the gateway, and changes what it does.
    mutating func passOn(
        _ event: Event, _ bytes: RawSpan, _ canary: Canary, at now: Instant, into effects: inout Effects
    ) {
        let first = effects.list.count
        gateway.handle(event, bytes, at: now, into: &effects)
        mangle(canary, event, bytes, from: first, at: now, into: &effects)
    }

    /// Says goodbye in the gateway's place, keeps the goodbye from it, and lets it believe that the client is there.
    private mutating func swallowsGoodbye(
        _ event: Event, _ bytes: RawSpan, at now: Instant, into effects: inout Effects
    ) -> Bool {
        if event == .deadlineReached {
            for peer in undead { feed(.pingResponse, from: peer, at: now, into: &effects) }
        }
        guard case .datagramReceived(let peer, _, _) = event, case .disconnect(nil)? = try? Message.decode(bytes)
        else { return false }
        effects.send(.disconnect(duration: nil), to: peer)
        feed(.pingResponse, from: peer, at: now, into: &effects)
        if !effects.list.contains(.forgetPeer(peer)) { undead.append(peer) }
        return true
    }

    private mutating func mangle(
        _ canary: Canary, _ event: Event, _ bytes: RawSpan, from first: Int, at now: Instant,
        into effects: inout Effects
    ) {
        switch canary {
        case .acknowledgeBeforeBroker: acknowledge(event, bytes, into: &effects)
        case .idBeforeAcknowledgement: answerRegisters(from: first, at: now, into: &effects)
        case .dropOnWake: if case .datagramReceived = event { dropMessage(bytes, from: first, at: now, into: &effects) }
        case .exactlyOnceTwice: repeatPublish(from: first, into: &effects)
        case .forgottenSubscription: dropSubscribe(event, from: first, into: &effects)
        case .peerLeak:
            effects.list.removeAll {
                if case .forgetPeer(let peer) = $0 { peer.number % 7 == 3 } else { false }
            }
        case .oldWill: repeatOldWill(from: first, into: &effects)
        case .prefixLeak, .prefixMixed: mixPrefixes(canary, from: first, into: &effects)
        case .staleAlias: keepAliases(from: first, into: &effects)
        case .pingResponseTooEarly, .sessionLeak, .blockIgnored, .lostWithItsLink, .expiredDelivered,
            .acknowledgedBeforeDurable, .recordSkipped, .exchangeForgotten, .paceIgnored:
            break
        case .lateCopyPublished, .secondAcknowledgement, .mixedAnswers, .reusedIDSwallowed, .earlyAnswerToReusedID,
            .equalMessageSwallowed, .knownIdentifierSwallowed, .setUpTakenForRepetition, .unteachableLost,
            .sleeperForgotten, .copyOfConnectObeyed, .refusedSubscriptionGranted, .closingTopicRepeated,
            .silentForgotten, .forgetfulRestart:
            mangleRudely(canary, from: first, at: now, into: &effects)
        }
    }

    /// Whatever the broker says, a message is good for a day.
    private func renewingExpiries(_ bytes: RawSpan) -> [UInt8] {
        var copy = bytes.copy(of: 0..<bytes.byteCount)
        var decoder = PacketDecoder(maximumPacketByteCount: copy.count)
        decoder.version = .v5_0
        var (offset, added) = (0, AddedFields())
        while case .frame(let range)? = try? decoder.next(in: bytes, at: &offset) {
            guard case .publish? = try? Packet.decode(bytes.extracting(range), .v5_0, &added), !added.properties.isEmpty
            else { continue }
            // The broker of a world says nothing else: the property's number, and 32 bits.
            let seconds = range.lowerBound + Int(added.properties.lowerBound) + 1
            copy.replaceSubrange(seconds..<seconds + 4, with: [0, 1, 0x51, 0x80])
        }
        return copy
    }

    private func acknowledge(_ event: Event, _ bytes: RawSpan, into effects: inout Effects) {
        guard case .datagramReceived(let peer, _, _) = event, case .publish(let publish)? = try? Message.decode(bytes),
            publish.flags.qos == .atLeastOnce
        else { return }
        let answer = PublishAcknowledgement(
            topicID: publish.topicID, messageID: publish.messageID, returnCode: .accepted)
        effects.send(.publishAcknowledgement(answer), to: peer)
    }

    private mutating func answerRegisters(from first: Int, at now: Instant, into effects: inout Effects) {
        var index = first
        while index < effects.list.count {
            defer { index += 1 }
            guard case .sendDatagram(let range, let peer) = effects.list[index],
                case .register(let register)? = effects.message(in: range)
            else { continue }
            let answer = RegisterAcknowledgement(
                topicID: register.topicID, messageID: register.messageID, returnCode: .accepted)
            feed(.registerAcknowledgement(answer), from: peer, at: now, into: &effects)
        }
    }

    /// Tells the gateway something that no client has said.
    mutating func feed(_ message: Message, from peer: PeerID, at now: Instant, into effects: inout Effects) {
        var datagram: [UInt8] = []
        datagram.appendMessage(message)
        gateway.handle(.datagramReceived(from: peer), datagram.span.bytes, at: now, into: &effects)
    }

    /// The first QoS 1 message of a wake-up gets lost inside.
    private mutating func dropMessage(
        _ bytes: RawSpan, from first: Int, at now: Instant, into effects: inout Effects
    ) {
        guard case .pingRequest(let clientID)? = try? Message.decode(bytes), !clientID.isEmpty else { return }
        for index in first..<effects.list.count {
            guard case .sendDatagram(let range, let peer) = effects.list[index],
                case .publish(let publish)? = effects.message(in: range), publish.flags.qos == .atLeastOnce
            else { continue }
            effects.list.remove(at: index)
            let answer = PublishAcknowledgement(
                topicID: publish.topicID, messageID: publish.messageID, returnCode: .accepted)
            feed(.publishAcknowledgement(answer), from: peer, at: now, into: &effects)
            return
        }
    }

    /// The broker is told the first Will that the client ever had.
    private mutating func repeatOldWill(from first: Int, into effects: inout Effects) {
        for index in first..<effects.list.count {
            guard case .sendStream(let range, let stream) = effects.list[index],
                case .connect(let connect)? = effects.packet(in: range), connect.will != nil
            else { continue }
            let packet = Array(effects.bytes[range])
            let clientID = Array(packet[connect.clientID])
            guard let old = firstWills[clientID] else {
                firstWills[clientID] = packet
                continue
            }
            guard case .connect(let before)? = try? Packet.decode(old.span.bytes), let will = before.will
            else { continue }
            let changed = Connect(
                cleanSession: connect.cleanSession,
                keepAliveSeconds: connect.keepAliveSeconds, clientID: before.clientID, will: will, username: nil,
                password: nil)
            let start = effects.bytes.count
            effects.bytes.appendPacket(.connect(changed), from: old.span.bytes)
            effects.list[index] = .sendStream(start..<effects.bytes.count, on: stream)
        }
    }

    private func repeatPublish(from first: Int, into effects: inout Effects) {
        for index in first..<effects.list.count {
            guard case .sendStream(let range, let stream) = effects.list[index],
                case .publish(let publish)? = effects.packet(in: range), publish.qos == .exactlyOnce
            else { continue }
            let start = effects.bytes.count
            let copy = Array(effects.bytes[range])
            effects.bytes.appendPublishPacket(
                duplicate: false, qos: .exactlyOnce, retain: false,
                topicName: copy.span.bytes.extracting(publish.topicName), packetID: publish.packetID ^ 0x4000,
                payload: copy.span.bytes.extracting(publish.payload))
            effects.list.append(.sendStream(start..<effects.bytes.count, on: stream))
        }
    }

    /// Subscribing again after the broker forgot is left out.
    private func dropSubscribe(_ event: Event, from first: Int, into effects: inout Effects) {
        guard case .streamReceived = event else { return }
        for index in (first..<effects.list.count).reversed() {
            guard case .sendStream(let range, _) = effects.list[index],
                case .subscribe? = effects.packet(in: range)
            else { continue }
            effects.list.remove(at: index)
        }
    }
}

extension Effects {
    mutating func send(_ message: Message, to peer: PeerID) {
        let start = bytes.count
        bytes.appendMessage(message)
        list.append(.sendDatagram(start..<bytes.count, to: peer))
    }

    /// The MQTT-SN message in a part of the arena.
    borrowing func message(in range: ByteRange) -> Message? {
        let copy = Array(bytes[range])
        return try? Message.decode(copy.span.bytes)
    }

    /// The MQTT packet in a part of the arena.
    borrowing func packet(in range: ByteRange) -> Packet? {
        let copy = Array(bytes[range])
        return try? Packet.decode(copy.span.bytes)
    }
}
