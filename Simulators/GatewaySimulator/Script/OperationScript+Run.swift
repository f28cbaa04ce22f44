// One operation of a script after the other, and what they do to streams and broker.

import GatewayCore
import MQTT
import MQTTSN
import Time

extension OperationScript {
    /// Reads one operation and lets it happen.
    mutating func runOperation() {
        let octet = input.next()
        if let type = MessageType(rawValue: octet & 0x3F) {
            return clientSpeaks(type, isRepeated: octet & 0x40 != 0)
        }
        switch Operation(rawValue: octet & 0x3F) {
        case .sendRawDatagram: clientSendsOctets()
        case .truncateDatagram: tell(.datagramTruncated(from: peer(at: address())))
        case .answer: clientAnswers(code: input.next())
        case .openStream: openRequestedStream()
        case .refuseStream: refuseRequestedStream()
        case .readStream: read(count: nil)
        case .readPartOfStream: read(count: 1 + Int(input.next()))
        case .inventPacket: inventPacket()
        case .inventBytes: inventBytes()
        case .blockStream: withOpenStream { $0.tell(.streamBlocked($1, queuedByteCount: Int($0.input.next()))) }
        case .drainStream: withOpenStream { $0.tell(.streamDrained($1)) }
        case .endStream: endStream()
        case .publish: somebodyPublishes()
        case .changeBroker: changeBroker()
        case .passTime: passTime()
        case .passToDeadline: passToDeadline()
        case .wakeEarly: tell(.deadlineReached)
        case .shutDown: tell(.shutdownRequested)
        case .settle: settle()
        case .changeLink:
            tell(.linkChanged(LinkID(1), maximumDatagramByteCount: 24 + Int(input.next() >> 4)))
        case .loseLink: tell(.linkLost(LinkID(1)))
        case .returnLink: tell(.linkReturned(LinkID(1)))
        case .reconfigure: reconfigure()
        case .reportStatus: reportStatus()
        case .suspend: suspend()
        case nil: break
        }
    }

    // MARK: Time

    private mutating func passTime() {
        passes(.milliseconds(input.pick([1, 500, 1_000, 3_000, 10_000, 15_000, 61_000, 100_000, 700_000, 70_000_000])))
    }

    private mutating func passToDeadline() {
        guard let deadline = gateway.nextDeadline, deadline > now else { return wakeIfDue() }
        passes(deadline.since(now))
    }

    /// Streams open, what was written is read, and what was asked is answered, until nobody has anything to say.
    private mutating func settle() {
        for _ in 0..<20 where fault == nil {
            let isQuiet = requestedStreams.isEmpty && toGateway.isEmpty && toClients.isEmpty
            while !requestedStreams.isEmpty, fault == nil { openRequestedStream() }
            for _ in 0..<32 where readableIndex() != nil { read(count: nil) }
            for _ in 0..<32 where !toClients.isEmpty { clientAnswers(code: 0) }
            if isQuiet { return }
        }
    }

    private mutating func reportStatus() {
        let name = input.pick(["info", "health", "clients/c1/availability", "clients/gone/availability"])
        tell(.statusReported(nameByteCount: name.utf8.count), Array(name.utf8) + input.payload())
    }

    // MARK: Streams

    private mutating func openRequestedStream() {
        guard !requestedStreams.isEmpty else { return }
        let id = requestedStreams.removeFirst()
        openStreams.append((id, makeConnection()))
        tell(.streamOpened(id))
    }

    private mutating func refuseRequestedStream() {
        guard !requestedStreams.isEmpty else { return }
        let id = requestedStreams.removeFirst()
        tell(.streamClosed(id, input.pick([.refused, .timedOut, .unresolved, .localFailure])))
    }

    private mutating func withOpenStream(_ body: (inout OperationScript, UpstreamID) -> Void) {
        guard !openStreams.isEmpty else { return }
        body(&self, openStreams[Int(input.next()) % openStreams.count].stream)
    }

    private mutating func endStream() {
        withOpenStream { script, stream in
            let end = script.input.pick([StreamEnd.failed, .queueOverflow, .closedByBroker])
            guard let index = script.openStreams.firstIndex(where: { $0.stream == stream }) else { return }
            let connection = script.openStreams.remove(at: index).connection
            script.toGateway.removeAll { $0.stream == stream }
            script.tellBroker(.closed(connection))
            script.tell(.streamClosed(stream, end))
        }
    }

    /// The first that may be read: a paused stream is not.
    private func readableIndex() -> Int? { toGateway.firstIndex { !ledger.isPaused($0.stream) } }

    /// Reads what the broker wrote first, or its first `count` octets.
    private mutating func read(count: Int?) {
        guard let index = readableIndex() else { return }
        let (stream, bytes) = toGateway[index]
        guard let bytes else {
            toGateway.remove(at: index)
            return tell(.streamClosed(stream, .closedByBroker))
        }
        let end = min(count ?? bytes.count, bytes.count)
        if end == bytes.count { toGateway.remove(at: index) } else { toGateway[index].bytes = Array(bytes[end...]) }
        tell(.streamReceived(stream), Array(bytes[..<end]))
    }

    // MARK: The broker

    private mutating func inventPacket() {
        withOpenStream { script, stream in
            let bytes = script.packet()
            script.toGateway.append((stream, bytes))
        }
    }

    private mutating func inventBytes() {
        withOpenStream { script, stream in
            let bytes = script.input.raw(1 + Int(script.input.next() & 0x1F))
            if !bytes.isEmpty { script.toGateway.append((stream, bytes)) }
        }
    }

    private mutating func somebodyPublishes() {
        let connection = makeConnection()
        let connect: [UInt8] = [0x10, 0x0F, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 3, 0x70, 0x75, 0x62]
        tellBroker(.received(connection), connect)
        // QoS, retain and how often.
        let octet = input.next()
        let topicName = input.pick(Self.topicNames)
        let payload = input.payload()
        for id in 1...PacketID(1 + octet >> 4 & 0b11) {
            let qos = octet & 0b11 == 3 ? 0 : octet & 0b11
            let flags = qos << 1 | (octet & 0b1100 == 0b1100 ? 1 : 0)
            tellBroker(
                .received(connection), Self.publishPacket(flags, topicName: topicName, id: id, payload: payload))
        }
        tellBroker(.received(connection), [0xE0, 0x00])
    }

    private mutating func changeBroker() {
        let octet = input.next()
        let code: ConnectReturnCode = octet & 1 == 0 ? .serverUnavailable : .notAuthorized
        broker.configuration.connectRefusals = octet & 0b110 == 0b110 ? [.init(returnCode: code)] : []
        broker.configuration.maximumGrantedQoS = DeliveryQoS(rawValue: octet >> 3 & 0b11) ?? .exactlyOnce
        broker.configuration.refusedTopicFilters = octet & 0x20 != 0 ? [Array("x".utf8)] : []
    }
}
