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
        case .receivePacket(let packet): receive(packet, data, into: &effects)
        case .explicitReceive(let reception): receive(reception, data, into: &effects)
        case .legacyReceive64(let source, let reception):
            receive(from: .xbee64(source), reception, data, into: &effects)
        case .legacyReceive16(let source, let reception):
            receive(from: .xbee16(source), reception, data, into: &effects)
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
            if let place = nodes.place(of: .xbee64(node.node64)) { note(node.node16, for: place) }
        case .ioSample: counters.ioSamples += 1
        case .frameError(let octet):
            counters.frameErrors += 1
            effects.observe(.frameError(octet))
        case .transmitRequest, .explicitTransmit, .legacyTransmit64, .legacyTransmit16, .atCommand, .other:
            counters.otherFrames += 1
        }
    }

    /// With AO=1 and more the packets of other applications come too, such as Zigbee's own.
    private mutating func receive(
        _ reception: XBeeExplicitReceive, _ data: RawSpan, into effects: inout LinkEffects
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
            counters.foreignApplications += 1
            return
        }
        receive(reception.packet, data, into: &effects)
    }

    private mutating func receive(_ packet: XBeeReceivePacket, _ data: RawSpan, into effects: inout LinkEffects) {
        let address: LinkAddress =
            packet.source64 == .unknown ? .xbee16(packet.source16) : .xbee64(packet.source64)
        receive(data, packet.payload, from: address, packet.options, into: &effects) { node in
            node.usesLegacyFrames = false
            if packet.source16.isNode { node.route = packet.source16 }
        }
    }

    private mutating func receive(
        from address: LinkAddress, _ reception: LegacyReception, _ data: RawSpan, into effects: inout LinkEffects
    ) {
        receive(data, reception.payload, from: address, reception.options, into: &effects) { node in
            node.usesLegacyFrames = true
        }
    }

    private mutating func receive(
        _ data: RawSpan, _ payload: ByteRange, from address: LinkAddress, _ options: XBeeReceiveOptions,
        into effects: inout LinkEffects, noting note: (inout XBeeNodeTable.Node) -> Void
    ) {
        guard isNode(address) else {
            counters.invalidSources += 1
            return
        }
        guard !payload.isEmpty else {
            counters.emptyPayloads += 1
            return
        }
        guard payload.count <= configuration.largestDatagramByteCount else {
            counters.oversizedPayloads += 1
            return
        }
        if let place = nodes.use(address) {
            note(&nodes[place])
            nodes[place].isSuspect = false
            nodes[place].isWaitingForUplink = false
        }
        counters.received += 1
        effects.receive(data.extracting(payload), from: address, isBroadcast: options.contains(.broadcast))
    }

    /// Whether an address names one node, so that it can be answered.
    func isNode(_ address: LinkAddress) -> Bool {
        switch address {
        case .otherEnd: false
        case .xbee64(let address): address != .unknown && address != .broadcast && address != .coordinator
        case .xbee16(let address): address.isNode
        }
    }

    private mutating func note(_ route: XBeeAddress16, for place: Int) {
        if route.isNode { nodes[place].route = route }
    }
}
