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
        case .frameError(let octet):
            counters.frameErrors += 1
            effects.observe(.frameError(octet))
        case .transmitRequest, .explicitTransmit, .legacyTransmit64, .legacyTransmit16, .atCommand, .other:
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
            counters.foreignApplications += 1
            return heard(reception.packet.source64, at: reception.packet.source16, now)
        }
        receive(reception.packet, data, at: now, into: &effects)
    }

    private mutating func receive(
        _ packet: XBeeReceivePacket, _ data: RawSpan, at now: Instant, into effects: inout LinkEffects
    ) {
        let address = address(of: packet.source64, packet.source16)
        receive(data, packet.payload, from: address, packet.options, at: now, into: &effects) { node in
            node.usesLegacyFrames = false
            if packet.source16.isNode { node.route = packet.source16 }
        }
    }

    private mutating func receive(
        from address: LinkAddress, _ reception: LegacyReception, _ data: RawSpan, at now: Instant,
        into effects: inout LinkEffects
    ) {
        receive(data, reception.payload, from: address, reception.options, at: now, into: &effects) { node in
            node.usesLegacyFrames = true
        }
    }

    private mutating func receive(
        _ data: RawSpan, _ payload: ByteRange, from address: LinkAddress, _ options: XBeeReceiveOptions,
        at now: Instant, into effects: inout LinkEffects, noting note: (inout XBeeNodeTable.Node) -> Void
    ) {
        guard isNode(address) else {
            counters.invalidSources += 1
            return
        }
        if let place = nodes.place(of: address) { heard(place, at: now) }
        guard !payload.isEmpty else {
            counters.emptyPayloads += 1
            return
        }
        guard payload.count <= configuration.largestDatagramByteCount else {
            counters.oversizedPayloads += 1
            return
        }
        if let place = nodes.use(address) { note(&nodes[place]) }
        counters.received += 1
        effects.receive(data.extracting(payload), from: address, isBroadcast: options.contains(.broadcast))
    }

    // MARK: Nodes

    /// By which name the sender of a frame is known.
    private func address(of source64: XBeeAddress64, _ source16: XBeeAddress16) -> LinkAddress {
        source64 == .unknown ? .xbee16(source16) : .xbee64(source64)
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
        if source16.isNode { nodes[place].route = source16 }
        heard(place, at: now)
    }

    /// A sign of life: nothing that waits for the node is held back any longer.
    private mutating func heard(_ place: Int, at now: Instant) {
        nodes[place].isSuspect = false
        nodes[place].notRequestedCount = 0
        nodes[place].notBefore = nil
    }
}
