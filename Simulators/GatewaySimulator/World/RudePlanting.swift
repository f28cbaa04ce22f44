import Bytes
import GatewayCore
import MQTT
import MQTTSN
import Time

/// What a canary for rude worlds has seen of the conversations through its gateway.
struct RudePlanting {
    /// One client, as far as a canary knows it.
    struct Conversation {
        /// The payloads of the client's messages at QoS 1 and 2 by message id: open, and acknowledged to the end.
        var open: [MessageID: [UInt8]] = [:]
        var ended: [MessageID: [UInt8]] = [:]
        /// QoS 2 messages that the canary has taken out.
        var swallowed: Set<MessageID> = []
        /// What was sent to the client at QoS 1 last, and what the client has acknowledged.
        var lastDelivered: MQTTSN.Publish?
        var acknowledged: Set<MessageID> = []
        /// What the client has completed at QoS 2.
        var completed: Set<MessageID> = []
        /// WILLMSGREQ is out.
        var isPrompted = false
        /// REGISTERs since the last answer.
        var registerCount = 0
        var isActive = false
        var isAsleep = false
        var wantsSleep = false
        var lastHeard = Instant(nanoseconds: 0)
    }

    /// Only looked up, never iterated.
    var conversations: [PeerID: Conversation] = [:]
    /// In the order of their first word.
    private(set) var peers: [PeerID] = []
    /// PUBLISH packets by payload, and the stream each went on; only looked up, never iterated.
    var published: [[UInt8]: (packet: [UInt8], stream: UpstreamID)] = [:]
    private var endedStreams: Set<UpstreamID> = []
    /// Messages that the canary has kept from their clients, to be acknowledged in their place.
    var owed: [(MessageID, PeerID)] = []

    func isLive(_ stream: UpstreamID) -> Bool { !endedStreams.contains(stream) }

    // MARK: Heard

    mutating func heard(_ message: Message, _ datagram: [UInt8], from peer: PeerID, at now: Instant) {
        if conversations[peer] == nil { peers.append(peer) }
        var conversation = conversations[peer] ?? Conversation()
        conversation.lastHeard = now
        switch message {
        case .publish(let publish):
            if publish.flags.qos == .atLeastOnce || publish.flags.qos == .exactlyOnce {
                conversation.open[publish.messageID] = Array(datagram[publish.data])
            }
        case .publishAcknowledgement(let answer): conversation.acknowledged.insert(answer.messageID)
        case .publishComplete(let messageID): conversation.completed.insert(messageID)
        case .registerAcknowledgement, .connect: conversation.registerCount = 0
        case .disconnect(let duration):
            conversation.wantsSleep = (duration ?? 0) > 0
            conversation.isActive = false
        default: break
        }
        conversations[peer] = conversation
    }

    // MARK: Done

    mutating func said(_ message: Message, _ datagram: [UInt8], to peer: PeerID) {
        guard var conversation = conversations[peer] else { return }
        switch message {
        case .connectAcknowledgement(.accepted):
            (conversation.isPrompted, conversation.isActive, conversation.isAsleep) = (false, true, false)
        case .connectAcknowledgement: conversation.isPrompted = false
        case .willMessageRequest: conversation.isPrompted = true
        case .register: conversation.registerCount += 1
        case .publish(let publish): if publish.flags.qos == .atLeastOnce { conversation.lastDelivered = publish }
        case .publishAcknowledgement(let answer):
            guard answer.returnCode == .accepted, let payload = conversation.open.removeValue(forKey: answer.messageID)
            else { break }
            conversation.ended[answer.messageID] = payload
        case .publishComplete(let messageID):
            if let payload = conversation.open.removeValue(forKey: messageID) {
                conversation.ended[messageID] = payload
            }
        case .disconnect:
            (conversation.isActive, conversation.isAsleep) = (false, conversation.wantsSleep)
            conversation.wantsSleep = false
        default: break
        }
        conversations[peer] = conversation
    }

    mutating func wrote(_ packet: [UInt8], on stream: UpstreamID) {
        guard case .publish(let publish)? = try? Packet.decode(packet.span.bytes), publish.qos != .atMostOnce
        else { return }
        published[Array(packet[publish.payload])] = (packet, stream)
    }

    mutating func ended(_ stream: UpstreamID) { endedStreams.insert(stream) }
}

extension PlantedGateway {
    /// What a canary does in the place of the gateway, or before it.
    ///
    /// - Returns: true where the gateway hears nothing of it.
    mutating func intercepts(
        _ canary: Canary, _ event: Event, _ bytes: RawSpan, at now: Instant, into effects: inout Effects
    ) -> Bool {
        if canary == .silentForgotten, event == .deadlineReached { dismissSilent(at: now, into: &effects) }
        if case .streamClosed(let stream, _) = event { rude.ended(stream) }
        guard case .datagramReceived(let peer, _, _) = event, let message = try? Message.decode(bytes) else {
            return false
        }
        let datagram = bytes.copy(of: 0..<bytes.byteCount)
        let before = rude.conversations[peer] ?? RudePlanting.Conversation()
        rude.heard(message, datagram, from: peer, at: now)
        switch message {
        case .publish(let publish):
            return intercepts(canary, publish, Array(datagram[publish.data]), before, peer, into: &effects)
        case .publishRelease(let messageID):
            guard before.swallowed.contains(messageID) else { return false }
            effects.send(.publishComplete(messageID), to: peer)
            return true
        case .publishAcknowledgement(let answer):
            guard canary == .secondAcknowledgement, answer.returnCode == .accepted,
                before.acknowledged.contains(answer.messageID), let next = before.lastDelivered,
                next.messageID != answer.messageID
            else { return false }
            let second = PublishAcknowledgement(
                topicID: next.topicID, messageID: next.messageID, returnCode: .accepted)
            feed(.publishAcknowledgement(second), from: peer, at: now, into: &effects)
            return false
        case .connect(let connect):
            return intercepts(canary, connect, datagram, before, event, at: now, into: &effects)
        default: return canary == .unteachableLost && before.registerCount > 3
        }
    }

    private mutating func intercepts(
        _ canary: Canary, _ publish: MQTTSN.Publish, _ payload: [UInt8], _ before: RudePlanting.Conversation,
        _ peer: PeerID, into effects: inout Effects
    ) -> Bool {
        guard publish.flags.qos == .atLeastOnce || publish.flags.qos == .exactlyOnce else { return false }
        let ended = before.ended[publish.messageID]
        switch canary {
        case .lateCopyPublished:
            guard !publish.flags.duplicate, publish.flags.qos == .exactlyOnce, ended == payload,
                let former = rude.published[payload], rude.isLive(former.stream)
            else { return false }
            repeatPacket(former.packet, on: former.stream, into: &effects)
            return false
        case .earlyAnswerToReusedID:
            guard publish.flags.qos == .atLeastOnce, let ended, ended != payload else { return false }
            answer(publish, to: peer, into: &effects)
            return false
        case .reusedIDSwallowed:
            guard let ended, ended != payload else { return false }
        case .equalMessageSwallowed:
            guard !publish.flags.duplicate,
                before.ended.contains(where: { $0.key != publish.messageID && $0.value == payload })
            else { return false }
        default: return false
        }
        answer(publish, to: peer, into: &effects)
        if publish.flags.qos == .exactlyOnce { rude.conversations[peer]?.swallowed.insert(publish.messageID) }
        return true
    }

    private func answer(_ publish: MQTTSN.Publish, to peer: PeerID, into effects: inout Effects) {
        if publish.flags.qos == .exactlyOnce { return effects.send(.publishReceived(publish.messageID), to: peer) }
        let answer = PublishAcknowledgement(
            topicID: publish.topicID, messageID: publish.messageID, returnCode: .accepted)
        effects.send(.publishAcknowledgement(answer), to: peer)
    }

    /// The same message under another packet identifier.
    private func repeatPacket(_ packet: [UInt8], on stream: UpstreamID, into effects: inout Effects) {
        guard case .publish(let publish)? = try? Packet.decode(packet.span.bytes) else { return }
        let start = effects.bytes.count
        effects.bytes.appendPublishPacket(
            duplicate: false, qos: publish.qos, retain: publish.retain,
            topicName: packet.span.bytes.extracting(publish.topicName), packetID: publish.packetID ^ 0x2000,
            payload: packet.span.bytes.extracting(publish.payload))
        effects.list.append(.sendStream(start..<effects.bytes.count, on: stream))
    }

    private mutating func intercepts(
        _ canary: Canary, _ connect: MQTTSN.Connect, _ datagram: [UInt8], _ before: RudePlanting.Conversation,
        _ event: Event, at now: Instant, into effects: inout Effects
    ) -> Bool {
        guard case .datagramReceived(let peer, _, _) = event else { return false }
        var flags = connect.flags
        switch canary {
        case .setUpTakenForRepetition:
            guard connect.flags.will, before.isPrompted else { return false }
            effects.send(.willMessageRequest, to: peer)
            return true
        case .sleeperForgotten:
            guard before.isAsleep, !flags.cleanSession else { return false }
            flags = Flags(will: flags.will, cleanSession: true)
        case .copyOfConnectObeyed:
            guard before.isActive, flags.will else { return false }
            flags = Flags(cleanSession: flags.cleanSession)
        case .forgetfulRestart:
            guard life > 1, !flags.cleanSession else { return false }
            flags = Flags(will: flags.will, cleanSession: true)
        default: return false
        }
        let changed = MQTTSN.Connect(
            flags: flags, protocolID: connect.protocolID, duration: connect.duration, clientID: connect.clientID)
        var bytes: [UInt8] = []
        bytes.appendMessage(.connect(changed), from: datagram.span.bytes)
        passOn(event, bytes.span.bytes, canary, at: now, into: &effects)
        return true
    }

    /// Clients that were silent for a moment are told to be gone.
    private mutating func dismissSilent(at now: Instant, into effects: inout Effects) {
        for peer in rude.peers {
            guard let conversation = rude.conversations[peer], conversation.isActive,
                now.since(conversation.lastHeard) > .seconds(15)
            else { continue }
            rude.conversations[peer]?.isActive = false
            feed(.disconnect(duration: nil), from: peer, at: now, into: &effects)
        }
    }

    // MARK: What the gateway does

    /// Looks at what the gateway has done, and changes it.
    mutating func mangleRudely(_ canary: Canary, from first: Int, at now: Instant, into effects: inout Effects) {
        var index = first
        while index < effects.list.count {
            defer { index += 1 }
            switch effects.list[index] {
            case .sendStream(let range, let stream): rude.wrote(Array(effects.bytes[range]), on: stream)
            case .closeStream(let stream): rude.ended(stream)
            case .sendDatagram(let range, let peer):
                guard let message = effects.message(in: range) else { continue }
                if canary == .knownIdentifierSwallowed, swallows(message, range, peer, into: &effects) {
                    effects.list.remove(at: index)
                    index -= 1
                    continue
                }
                let changed = self.changed(message, canary, peer)
                rude.said(message, Array(effects.bytes[range]), to: peer)
                guard let changed else { continue }
                let start = effects.bytes.count
                effects.bytes.appendMessage(changed)
                effects.list[index] = .sendDatagram(start..<effects.bytes.count, to: peer)
            case .openStream, .pauseStream, .resumeStream, .forgetPeer, .observe, .broadcastDatagram: break
            }
        }
        for (messageID, peer) in rude.owed { feed(.publishReceived(messageID), from: peer, at: now, into: &effects) }
        rude.owed = []
    }

    /// Another message under a number that the client has completed once is taken for the same. At QoS 1 no number
    /// comes again in a session (AMB-23); at QoS 2 the broker's do.
    private mutating func swallows(_ message: Message, _ range: ByteRange, _ peer: PeerID, into effects: inout Effects)
        -> Bool
    {
        guard case .publish(let publish) = message, publish.flags.qos == .exactlyOnce, !publish.flags.duplicate,
            rude.conversations[peer]?.completed.contains(publish.messageID) == true
        else { return false }
        rude.owed.append((publish.messageID, peer))
        return true
    }

    /// What the canary says in place of a message; nil where it says the same.
    private func changed(_ message: Message, _ canary: Canary, _ peer: PeerID) -> Message? {
        switch (canary, message) {
        case (.mixedAnswers, .publishAcknowledgement(var answer)):
            let others = (rude.conversations[peer]?.open ?? [:]).keys.filter { $0 != answer.messageID }
            guard answer.returnCode == .accepted, let other = others.min() else { return nil }
            answer.messageID = other
            return .publishAcknowledgement(answer)
        case (.refusedSubscriptionGranted, .subscribeAcknowledgement(var answer)):
            guard answer.returnCode != .accepted, answer.returnCode != .congestion else { return nil }
            answer.returnCode = .accepted
            return .subscribeAcknowledgement(answer)
        case (.closingTopicRepeated, .publishAcknowledgement(var answer)):
            guard answer.returnCode == .notSupported else { return nil }
            answer.returnCode = .congestion
            return .publishAcknowledgement(answer)
        default: return nil
        }
    }
}
