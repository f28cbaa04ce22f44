import Bytes
import GatewayCore
import MQTT
import Time

/// A TCP connection between the gateway and the broker.
struct WorldStream {
    var id: UpstreamID
    var connection: BrokerConnectionID
    /// The client in whose name it speaks, as soon as it has said so.
    var owner: Int?
    /// Who that is, once it has said so.
    var speaker: RuleChecker.Speaker?
    /// The topics that the gateway's aliases stand for; only looked up, never iterated.
    var topicAliases: [UInt32: [UInt8]] = [:]
    /// Whether the gateway has said CONNECT, and DISCONNECT.
    var hasAsked = false
    var hasSaidGoodbye = false
    /// Whether the broker has said DISCONNECT, as one of MQTT 5.0 may.
    var brokerHasSaidGoodbye = false
    /// Its client was given up, or the gateway's process has failed: nobody wonders that the Will is published.
    var hasFailed = false
    /// The gateway has ended with it, and told its client that a message may be lost.
    var losesMessage = false
    /// The message on which the broker has closed it.
    var closedOn: (client: Int, stamp: Stamp)?
    var isOpen = false
    /// What the host queues because the system has not taken it.
    var queued: [UInt8] = []
    /// Bytes on their way.
    var toBroker: [UInt8] = []
    var toGateway: [UInt8] = []
    /// The gateway's host does not read.
    var isPaused = false
    /// The system takes nothing for a while.
    var isBlocked = false
    /// The core knows that not everything was taken.
    var isReportedBlocked = false
    /// A broker that is slow reads on then.
    var readsOnAt: Instant?
    var gatewayHasClosed = false
    /// The gateway has closed it and is to be told when that is done.
    var isEndAwaited = false
    /// The end has not left the gateway's process.
    var isCloseHeld = false
    var brokerHasClosed = false
    /// What is sent gets nowhere; nobody has noticed yet.
    var isBroken = false
    /// Reads along with the gateway, where what it reads matters.
    var reader = PacketDecoder(maximumPacketByteCount: 1_048_576)
}

// The TCP streams: bytes arrive in order, in any portions, at any time, and streams end at any point.

extension World {
    func openStream(_ id: UpstreamID) {
        streamCount += 1
        let number = streamCount
        streams[number] = WorldStream(id: id, connection: BrokerConnectionID(UInt32(number)))
        streamNumbers.append(number)
        streamByID[id] = number
        pace.begins(number, at: now)
        departures.append(.opening(number))
    }

    func streamDelay() -> TimeSpan {
        isHealed ? .milliseconds(5) : milliseconds(1...max(2, options[.streamDelay]))
    }

    func answerStream(_ number: Int) {
        guard let stream = streams[number], !stream.gatewayHasClosed else { return forgetStream(number) }
        guard isBrokerUp, !rolls(.streamRefusals) else {
            // Nobody answers, or somebody says no.
            if pick(4) > 0 || isHealed { gatewayNoticesEnd(of: number, .refused) }
            return
        }
        streams[number]?.isOpen = true
        brokerHandles(.accepted(stream.connection), [])
        gatewayHandles(.streamOpened(stream.id), [])
    }

    /// The stream is no more for anybody.
    func forgetStream(_ number: Int) {
        guard let stream = streams.removeValue(forKey: number) else { return }
        if streamByID[stream.id] == number { streamByID[stream.id] = nil }
        streamNumbers.removeAll { $0 == number }
    }

    // MARK: To the broker

    func writeStream(_ id: UpstreamID, _ range: ByteRange) {
        guard let number = streamByID[id] else { return }
        let packet = Array(effects.bytes[range])
        noteWritten(packet, on: number)
        departures.append(.packet(packet, number))
    }

    /// What the gateway has written leaves its process.
    func writeStream(_ number: Int, _ packet: [UInt8]) {
        guard let stream = streams[number], !stream.isBroken else { return }
        streams[number]?.queued.append(contentsOf: packet)
        if !writtenStreams.contains(number) { writtenStreams.append(number) }
    }

    private func noteWritten(_ packet: [UInt8], on number: Int) {
        var added = AddedFields()
        let level = Connect.protocolLevel(of: packet.span.bytes)
        let version = level.flatMap(ProtocolVersion.init) ?? streams[number]?.reader.version ?? .v3_1_1
        guard let decoded = try? Packet.decode(packet.span.bytes, version, &added) else { return }
        let topicName = topicName(of: decoded, added, packet, on: number)
        if let speaker = streams[number]?.speaker { rules.wrote(decoded, on: topicName, packet, by: speaker) }
        switch decoded {
        case .connect(let connect):
            let speaker = speaker(named: Array(packet[connect.clientID]))
            streams[number]?.speaker = speaker
            pace.saidConnect(number, isGateways: speaker == .gateway)
            streams[number]?.hasAsked = true
            streams[number]?.reader.version = version
            guard let owner = client(named: Array(packet[connect.clientID])) else { return }
            streams[number]?.owner = owner
            wills.brokerIsAsked(connect, packet, by: owner)
        case .disconnect: streams[number]?.hasSaidGoodbye = true
        default: break
        }
    }

    /// The topic of a PUBLISH, also where an alias stands for it (MQTT 5.0 §3.3.2.3.4); whether one may is the broker's
    /// to judge.
    private func topicName(of packet: Packet, _ added: AddedFields, _ bytes: [UInt8], on number: Int) -> [UInt8] {
        guard case .publish(let publish) = packet else { return [] }
        let name = Array(bytes[publish.topicName])
        guard let alias = Packet5.number(.topicAlias, in: added.properties, of: bytes.span.bytes) else { return name }
        if !name.isEmpty { streams[number]?.topicAliases[alias] = name }
        return streams[number]?.topicAliases[alias] ?? []
    }

    /// Hands the system what was written while an event was handled, and tells the core when not all was taken.
    func flushStreams() {
        let written = writtenStreams
        writtenStreams.removeAll(keepingCapacity: true)
        for number in written {
            guard let stream = streams[number], !stream.isBroken else { continue }
            if !stream.isBlocked, rolls(.streamBlocking) {
                streams[number]?.isBlocked = true
                queue.insert(.streamUnblocked(number), at: now + milliseconds(100...8_000))
            }
            flushStream(number)
            checkQueue(of: number)
            if streams[number]?.queued.isEmpty == true { goOn(number) }
            guard let left = streams[number], !left.queued.isEmpty, !left.isReportedBlocked, !left.gatewayHasClosed
            else { continue }
            streams[number]?.isReportedBlocked = true
            gatewayHandles(.streamBlocked(left.id, queuedByteCount: left.queued.count))
        }
    }

    /// Answers pass a blocked stream, too: each belongs to an exchange, and those are few.
    private func checkQueue(of number: Int) {
        let bound = plan.gateway.limits.queuedByteCountPerUpstream + 2_048
        if let count = streams[number]?.queued.count, count > bound {
            fail("\(count) octets wait for stream \(number), more than the limit")
        }
    }

    /// Moves what the system takes from the host's queue.
    private func flushStream(_ number: Int) {
        guard let stream = streams[number], !stream.isBlocked, !stream.queued.isEmpty else { return }
        let room = options[.sendBuffer] > 0 ? max(0, options[.sendBuffer] - stream.toBroker.count) : stream.queued.count
        let taken = min(room, stream.queued.count)
        guard taken > 0 else { return }
        streams[number]?.toBroker.append(contentsOf: stream.queued.prefix(taken))
        streams[number]?.queued.removeFirst(taken)
        queue.insert(.bytesReachedBroker(number), at: now + streamDelay())
    }

    /// The system takes more again; the core is told when it has taken all.
    private func goOn(_ number: Int) {
        flushStream(number)
        guard let stream = streams[number], stream.queued.isEmpty, stream.isReportedBlocked,
            !hasStore || store.heldByteCount(of: number) == 0
        else { return }
        streams[number]?.isReportedBlocked = false
        if !stream.gatewayHasClosed, stream.isOpen, !stream.isBroken { gatewayHandles(.streamDrained(stream.id)) }
    }

    func unblockStream(_ number: Int) {
        guard let stream = streams[number], stream.isBlocked else { return }
        streams[number]?.isBlocked = false
        queue.insert(.bytesReachedBroker(number), at: now)
        goOn(number)
    }

    func pumpToBroker(_ number: Int) {
        guard let stream = streams[number], !stream.isBroken, !stream.brokerHasClosed else { return }
        guard !stream.toBroker.isEmpty else { return finishToBroker(number) }
        guard let portion = portionForBroker(number) else { return }
        streams[number]?.toBroker.removeFirst(portion)
        // The CONNECT of a stream that was given up long ago may come after that of the next and end that one.
        isBrokerActing = stream.gatewayHasClosed
        brokerHandles(.received(stream.connection), Array(stream.toBroker.prefix(portion)))
        isBrokerActing = false
        goOn(number)
        if portion < stream.toBroker.count {
            if !isBrokerSlow { queue.insert(.bytesReachedBroker(number), at: now + .milliseconds(1)) }
        } else {
            finishToBroker(number)
        }
    }

    private var isBrokerSlow: Bool { options[.slowBroker] > 0 && !isHealed }

    /// How much the broker reads now; nil where it is too slow for that.
    private func portionForBroker(_ number: Int) -> Int? {
        guard let stream = streams[number] else { return nil }
        guard isBrokerSlow else { return portionCount(of: stream.toBroker.count) }
        if let readsOnAt = stream.readsOnAt, readsOnAt > now { return nil }
        let portion = min(stream.toBroker.count, max(1, options[.slowBroker] / 10))
        let pause = TimeSpan.milliseconds(portion * 1_000 / options[.slowBroker])
        streams[number]?.readsOnAt = now + pause
        queue.insert(.bytesReachedBroker(number), at: now + pause)
        return portion
    }

    private func finishToBroker(_ number: Int) {
        guard let stream = streams[number], stream.gatewayHasClosed, !stream.isCloseHeld, stream.toBroker.isEmpty,
            stream.queued.isEmpty
        else { return }
        brokerNoticesEnd(of: number)
    }

    private func portionCount(of byteCount: Int) -> Int {
        guard options[.streamSplitting] > 0, !isHealed else { return byteCount }
        return min(byteCount, 1 + pick(options[.streamSplitting]))
    }

    // MARK: To the gateway

    func pumpToGateway(_ number: Int) {
        guard let stream = streams[number], stream.isOpen, !stream.isPaused, !stream.gatewayHasClosed, !stream.isBroken
        else { return }
        if !stream.toGateway.isEmpty {
            let portion = portionCount(of: stream.toGateway.count)
            streams[number]?.toGateway.removeFirst(portion)
            let bytes = Array(stream.toGateway.prefix(portion))
            pace.reads(bytes, of: number)
            if options[.expiries] > 0 { noteExpiries(bytes, on: number) }
            gatewayHandles(.streamReceived(stream.id), bytes)
            if portion < stream.toGateway.count {
                queue.insert(.bytesReachedGateway(number), at: now + .milliseconds(1))
                return
            }
        }
        if streams[number]?.brokerHasClosed == true { gatewayNoticesEnd(of: number, .closedByBroker) }
    }

    // MARK: Ends

    func closeStream(_ id: UpstreamID) {
        guard let number = streamByID.removeValue(forKey: id), let stream = streams[number] else { return }
        pace.ended(number)
        streams[number]?.gatewayHasClosed = true
        streams[number]?.isEndAwaited = true
        if stream.brokerHasSaidGoodbye, stream.toGateway.isEmpty {
            // It ends because the broker has ended it.
            if let owner = stream.owner { sessions.brokerConnectionFailed(of: owner) }
            if !stream.hasSaidGoodbye, let (client, stamp) = stream.closedOn { noteClosing(on: stamp, of: client) }
        } else if let owner = stream.owner, stream.hasAsked {
            sessions.brokerConnectionEnds(of: owner, byDoubledConnect: isConnectDoubled)
        }
        if let owner = stream.owner, stream.hasAsked, !isRefusedByBroker, !stream.brokerHasSaidGoodbye {
            let isGivenUp = givenUp.contains(owner)
            wills.left(owner, isPolite: stream.hasSaidGoodbye, isGivenUp: isGivenUp)
            if isGivenUp { streams[number]?.hasFailed = true }
        }
        streams[number]?.isCloseHeld = true
        departures.append(.closing(number))
    }

    /// What was written before has left, and so does the end.
    func finishClosing(_ number: Int) {
        guard let stream = streams[number] else { return }
        streams[number]?.isCloseHeld = false
        queue.insert(
            stream.isBroken || !stream.isOpen || stream.brokerHasClosed
                ? .brokerNoticedEnd(number) : .bytesReachedBroker(number), at: now + streamDelay())
    }

    /// A stream fails; each side notices in its own time.
    func breakStream(_ number: Int) {
        guard let stream = streams[number], stream.isOpen, !stream.isBroken else { return }
        chronicle?.note("stream \(number) breaks", at: now)
        streams[number]?.isBroken = true
        streams[number]?.queued = []
        streams[number]?.toBroker = []
        streams[number]?.toGateway = []
        let end: StreamEnd = options[.sendBuffer] > 0 && pick(3) == 0 ? .queueOverflow : .failed
        queue.insert(.gatewayNoticedEnd(number, end), at: now + milliseconds(0...20_000))
        queue.insert(.brokerNoticedEnd(number), at: now + milliseconds(0...40_000))
    }

    func gatewayNoticesEnd(of number: Int, _ end: StreamEnd) {
        guard let stream = streams[number], !stream.gatewayHasClosed else { return }
        if let owner = stream.owner { sessions.brokerConnectionFailed(of: owner) }
        pace.ended(number)
        streams[number]?.gatewayHasClosed = true
        streamByID[stream.id] = nil
        // Who has said DISCONNECT is not told by the end what the broker thought of the last message.
        if end == .closedByBroker || end == .failed, !stream.hasSaidGoodbye, let (client, stamp) = stream.closedOn {
            noteClosing(on: stamp, of: client)
        }
        gatewayHandles(.streamClosed(stream.id, end), [])
        if stream.brokerHasClosed || !stream.isOpen { forgetStream(number) }
    }

    func brokerNoticesEnd(of number: Int) {
        guard let stream = streams[number] else { return }
        if stream.isOpen, !stream.brokerHasClosed {
            streams[number]?.brokerHasClosed = true
            brokerHandles(.closed(stream.connection), [])
        }
        guard stream.gatewayHasClosed else { return }
        forgetStream(number)
        if stream.isEndAwaited { gatewayHandles(.streamEnded(stream.id)) }
    }
}
