import Bytes
import Time

// Sorts what the module says: packets from nodes, answers, statuses, and what is only counted.

extension XBeeLink {
    /// Takes the data of a frame.
    mutating func handle(_ data: RawSpan, at now: Instant, into effects: inout LinkEffects) {
        do throws(XBeeFrameError) {
            try handle(XBeeFrame.decode(data), data, at: now, into: &effects)
        } catch {
            counters.malformedFrames += 1
        }
    }

    private mutating func handle(
        _ frame: XBeeFrame, _ data: RawSpan, at now: Instant, into effects: inout LinkEffects
    ) {
        switch frame {
        case .receivePacket(let packet): receive(packet, data, at: now, into: &effects)
        case .explicitReceive(let reception): receive(reception, data, at: now, into: &effects)
        case .legacyReceive64(let source, let reception):
            receive(from: .xbee64(source), reception, data, at: now, into: &effects)
        case .legacyReceive16(let source, let reception):
            receive(from: .xbee16(source), reception, data, at: now, into: &effects)
        case .transmitStatus(let status):
            statusReceived(
                status.frameID, status.delivery, destination16: status.destination16, at: now, into: &effects)
        case .legacyTransmitStatus(let frameID, let status):
            statusReceived(frameID, status, destination16: .unknown, at: now, into: &effects)
        case .atResponse(let frameID, let command, let status, let value):
            commandAnswered(frameID, command, status, data.extracting(value), at: now, into: &effects)
        case .modemStatus(let status): modemChanged(status, at: now, into: &effects)
        case .nodeIdentification(let node):
            counters.nodeIdentifications += 1
            heard(node.node64, at: node.node16, now)
        case .ioSample(let source64, let source16, _, _):
            counters.ioSamples += 1
            heard(source64, at: source16, now)
        case .routeRecord(let route):
            counters.routeRecords += 1
            recorded(route, data, now, into: &effects)
        case .frameError(let octet):
            counters.frameErrors += 1
            effects.observe(.frameError(octet))
        case .transmitRequest, .explicitTransmit, .legacyTransmit64, .legacyTransmit16, .atCommand,
            .createSourceRoute, .other:
            counters.otherFrames += 1
        }
    }

    // MARK: Packets

    /// With AO=1 and more the packets of other applications come too, such as Zigbee's own.
    private mutating func receive(
        _ reception: XBeeExplicitReceive, _ data: RawSpan, at now: Instant, into effects: inout LinkEffects
    ) {
        let expected: XBeeApplication
        switch configuration.transmission {
        case .request, .legacy: expected = .digiData
        case .explicit(let application): expected = application
        }
        let actual = reception.application
        guard actual.cluster == expected.cluster, actual.profile == expected.profile,
            // Where we send from is where we are answered.
            actual.destinationEndpoint == expected.sourceEndpoint
        else {
            if actual.isDeviceAnnouncement { return announced(reception.packet.payload, data, now) }
            counters.foreignApplications += 1
            return heard(reception.packet.source64, at: reception.packet.source16, now)
        }
        receive(reception.packet, data, at: now, into: &effects)
    }

    private mutating func receive(
        _ packet: XBeeReceivePacket, _ data: RawSpan, at now: Instant, into effects: inout LinkEffects
    ) {
        let address = address(of: packet.source64, packet.source16)
        guard let place = receive(data, packet.payload, from: address, packet.options, at: now, into: &effects) else {
            return
        }
        nodes[place].usesLegacyFrames = false
        nodes.note(packet.source16, for: place)
        askForSignal(of: place, at: now, into: &effects)
    }

    private mutating func receive(
        from address: LinkAddress, _ reception: LegacyReception, _ data: RawSpan, at now: Instant,
        into effects: inout LinkEffects
    ) {
        guard let place = receive(data, reception.payload, from: address, reception.options, at: now, into: &effects)
        else { return }
        nodes[place].usesLegacyFrames = true
        noteSignal(reception.signalStrength, of: place, into: &effects)
    }

    /// Takes what a packet brings; returns the place of its sender, unless that is nobody or there is no room.
    private mutating func receive(
        _ data: RawSpan, _ payload: ByteRange, from address: LinkAddress, _ options: XBeeReceiveOptions,
        at now: Instant, into effects: inout LinkEffects
    ) -> Int? {
        guard isNode(address) else {
            counters.invalidSources += 1
            return nil
        }
        guard !configuration.requiresEncryption || !options.isDisjoint(with: [.encrypted, .secureSession]) else {
            counters.unencrypted += 1
            effects.observe(.unencrypted(from: address))
            return nil
        }
        if let place = nodes.place(of: address) { heard(place, at: now) }
        guard !payload.isEmpty else {
            counters.emptyPayloads += 1
            return nil
        }
        guard payload.count <= configuration.largestDatagramByteCount else {
            counters.oversizedPayloads += 1
            return nil
        }
        counters.received += 1
        effects.receive(data.extracting(payload), from: address, isBroadcast: options.contains(.broadcast))
        defer { wantSourceRoutes(into: &effects) }
        return nodes.use(address)
    }

    // MARK: Nodes

    /// By which name the sender of a frame is known. A module that does not know its factory address says so; who is at
    /// its 16-bit address is the same node.
    private func address(of source64: XBeeAddress64, _ source16: XBeeAddress16) -> LinkAddress {
        guard source64 == .unknown else { return .xbee64(source64) }
        return nodes.address64(at: source16).map { .xbee64($0) } ?? .xbee16(source16)
    }

    /// Whether an address names one node, so that it can be answered.
    func isNode(_ address: LinkAddress) -> Bool {
        switch address {
        case .otherEnd: false
        case .xbee64(let address): address != .unknown && address != .broadcast && address != .coordinator
        case .xbee16(let address): address.isNode
        }
    }

    /// A frame that brings no datagram tells where a node is, and that it is there; strangers are not remembered.
    private mutating func heard(_ source64: XBeeAddress64, at source16: XBeeAddress16, _ now: Instant) {
        guard let place = nodes.place(of: address(of: source64, source16)) else { return }
        nodes.note(source16, for: place)
        heard(place, at: now)
    }

    /// A node joined: the addresses follow a sequence number, and Zigbee puts the least octet first (Device_annce).
    private mutating func announced(_ payload: ByteRange, _ data: RawSpan, _ now: Instant) {
        counters.announcements += 1
        guard payload.count >= 11 else { return }
        func number(_ offsets: Range<Int>) -> UInt64 {
            offsets.reversed().reduce(0) { $0 << 8 | UInt64(data[unchecked: payload.lowerBound + $1]) }
        }
        heard(XBeeAddress64(number(3..<11)), at: XBeeAddress16(UInt16(number(1..<3))), now)
    }

    /// In octets: no module takes a way over more than 30 nodes.
    private static let longestSourceRoute = 60

    /// The way that a packet took is the way back, which the module wants to be told.
    private mutating func recorded(
        _ route: XBeeSourceRoute, _ data: RawSpan, _ now: Instant, into effects: inout LinkEffects
    ) {
        guard let place = nodes.place(of: .xbee64(route.node64)), route.node16.isNode else { return }
        nodes.note(route.node16, for: place)
        nodes[place].sourceRoute = route.hops.count <= Self.longestSourceRoute ? data.copy(of: route.hops) : []
        noteDistance(route.hops.count / 2 + 1, of: place, into: &effects)
        heard(place, at: now)
    }

    /// A sign of life: nothing that waits for the node is held back any longer, nor by a status that is lost.
    private mutating func heard(_ place: Int, at now: Instant) {
        signals.latest = nodes[place].address
        nodes[place].isSuspect = false
        nodes[place].notRequestedCount = 0
        nodes[place].notBefore = nil
        guard nodes[place].isInFlight,
            let index = outstanding.firstIndex(where: { $0.place == place && !$0.isReleased }),
            outstanding[index].releaseTime == nil
        else { return }
        outstanding[index].releaseTime = now + configuration.statusGrace
    }
}
