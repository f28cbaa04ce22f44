import Bytes
package import LinkFraming
package import Time

// Packets through the air: what the gateway sends and what becomes of it, and what nodes send.

extension SimulatedRadio {
    // MARK: To nodes

    /// Takes a transmission from the line; the payload is a range of `data`.
    mutating func transmit(
        _ request: XBeeTransmitRequest, _ data: [UInt8], isLegacy: Bool = false, at now: Instant
    ) {
        let payload = Array(data[request.payload])
        let isBroadcast = request.destination64 == .broadcast
        let node = isBroadcast ? nil : destination(of: request)
        func ends(_ delivery: XBeeDeliveryStatus, after span: TimeSpan, _ radio: inout SimulatedRadio) {
            radio.end(
                request.frameID, delivery, node: node, isLegacy: isLegacy, at: now + span)
        }
        let quickly = time(.milliseconds(1)...(.milliseconds(20)))
        holdBuffer(for: node)
        guard outstandingCount <= configuration.bufferCount else {
            return ends(XBeeDeliveryStatus(configuration.noBuffersStatus), after: quickly, &self)
        }
        guard isJoined else { return ends(.notJoined, after: quickly, &self) }
        guard request.destination64 != configuration.address else { return ends(.selfAddressed, after: quickly, &self) }
        let firmware = configuration.firmware
        let longest = isBroadcast ? firmware.maximumPayloadByteCount : firmware.longestPayloadByteCount
        guard payload.count <= longest else { return ends(.payloadTooLarge, after: quickly, &self) }
        if rolls(configuration.busyChannelPerMille) { return ends(.channelBusy, after: quickly, &self) }
        if isBroadcast {
            for node in nodeAddresses { fly(payload, to: node, isBroadcast: true, at: now) }
            return ends(.success, after: quickly, &self)
        }
        let slowly = time(configuration.shortestSearch...configuration.longestSearch)
        guard let node, let there = nodes[node] else { return ends(.addressNotFound, after: slowly, &self) }
        let given = request.destination16
        if given.isNode, given != there.address16 {
            return ends(Bool.random(using: &random) ? .addressNotFound : .routeNotFound, after: quickly, &self)
        }
        if there.isAsleep { return ends(.notRequested, after: slowly, &self) }
        if !there.isReachable || rolls(configuration.lossPerMille) {
            return ends(.noNetworkAcknowledgement, after: slowly, &self)
        }
        let flight = time(.milliseconds(1)...configuration.longestFlight)
        let delivery = SimulatedRadioEffects.Delivery(payload: payload, node: node)
        schedule.insert(.packetReachesNode(delivery), at: now + flight)
        if rolls(configuration.lostAcknowledgementPerMille) {
            return ends(.noNetworkAcknowledgement, after: max(flight, slowly), &self)
        }
        ends(.success, after: flight + quickly, &self)
    }

    /// Whom a request for one node is for, by its 64-bit address or, where that is not told, by the other one.
    private func destination(of request: XBeeTransmitRequest) -> XBeeAddress64? {
        guard request.destination64 == .unknown else { return request.destination64 }
        return nodeAddresses.first { nodes[$0]?.address16 == request.destination16 }
    }

    /// Plans the end of a transmission, of which the module speaks unless the frame id is 0 or the status is lost.
    private mutating func end(
        _ frameID: UInt8, _ delivery: XBeeDeliveryStatus, node: XBeeAddress64?, isLegacy: Bool, at time: Instant
    ) {
        let reached = delivery == .success ? node : nil
        let status = XBeeTransmitStatus(
            frameID: frameID, destination16: reached.flatMap { nodes[$0]?.address16 } ?? .unknown, retryCount: 0,
            delivery: delivery, discovery: 0)
        let isSlow = rolls(configuration.slowStatusPerMille)
        let end = isSlow ? time + self.time(.milliseconds(0)...configuration.slowStatusTime) : time
        let isSilent = frameID == 0 || rolls(configuration.lostStatusPerMille)
        let frame: XBeeFrame = isLegacy ? .legacyTransmitStatus(frameID: frameID, delivery) : .transmitStatus(status)
        schedule.insert(
            .transmissionEnds(isSilent ? [] : data(of: frame), to: node, isDelivered: reached != nil),
            at: end)
    }

    private mutating func fly(_ payload: [UInt8], to node: XBeeAddress64, isBroadcast: Bool, at now: Instant) {
        guard let there = nodes[node], there.isReachable, !there.isAsleep else { return }
        guard !rolls(configuration.lossPerMille) else { return }
        let delivery = SimulatedRadioEffects.Delivery(payload: payload, node: node, isBroadcast: isBroadcast)
        schedule.insert(.packetReachesNode(delivery), at: now + time(.milliseconds(1)...configuration.longestFlight))
    }

    // MARK: From nodes

    /// A node sends a payload to the coordinator, or to everybody.
    package mutating func nodeSends(
        _ payload: [UInt8], from node: XBeeAddress64, isBroadcast: Bool = false, at now: Instant
    ) {
        guard let there = nodes[node], there.isReachable, isJoined else { return }
        nodes[node]?.isAsleep = false
        guard !rolls(configuration.lossPerMille) else { return }
        let packet = SimulatedPacket(
            source: node, source16: there.address16, payload: payload, isBroadcast: isBroadcast)
        // Packets of one node stay in order.
        let arrival = max(now + time(.milliseconds(1)...configuration.longestFlight), there.lastArrival)
        nodes[node]?.lastArrival = arrival
        schedule.insert(.packetReachesModule(packet), at: arrival)
    }

    /// Device_annce: a sequence number, the addresses with the least octet first, and what the node can.
    func announce(_ node: XBeeAddress64, at address16: XBeeAddress16, into effects: inout SimulatedRadioEffects) {
        var payload: [UInt8] = [1]
        for shift in [0, 8] { payload.append(UInt8(truncatingIfNeeded: address16.rawValue >> UInt16(shift))) }
        for shift in stride(from: 0, to: 64, by: 8) {
            payload.append(UInt8(truncatingIfNeeded: node.rawValue >> UInt64(shift)))
        }
        payload.append(0x8E)
        let packet = XBeeReceivePacket(
            source64: node, source16: address16, options: .broadcast, payload: 0..<payload.count)
        let application = XBeeApplication(sourceEndpoint: 0, destinationEndpoint: 0, cluster: 0x0013, profile: 0)
        say(.explicitReceive(XBeeExplicitReceive(packet: packet, application: application)), payload, into: &effects)
    }

    /// Where the module has asked for routes to itself, a node now and then tells the one that its packet takes.
    private mutating func recordRoute(of packet: SimulatedPacket, into effects: inout SimulatedRadioEffects) {
        guard routeBroadcastTime != 0xFF, Bool.random(using: &random) else { return }
        var hops: [UInt8] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            hops.append(bigEndian: UInt16.random(in: 0x1000...0xFEFF, using: &random))
        }
        let route = XBeeSourceRoute(
            node64: packet.source, node16: packet.source16, options: 1, hops: 0..<hops.count)
        say(.routeRecord(route), hops, into: &effects)
    }

    /// Hands a packet on in the frame that AO asks for.
    mutating func present(_ packet: SimulatedPacket, into effects: inout SimulatedRadioEffects) {
        recordRoute(of: packet, into: &effects)
        latestSignal = UInt8.random(in: 30...99, using: &random)
        let is802154 = configuration.firmware == .ieee802154
        let options: XBeeReceiveOptions = packet.isBroadcast ? .broadcast : .acknowledged
        let all = 0..<packet.payload.count
        if is802154, apiOptions == 2 {
            let reception = LegacyReception(signalStrength: 40, options: options, payload: all)
            return say(.legacyReceive64(source: packet.source, reception), packet.payload, into: &effects)
        }
        let source16: XBeeAddress16 =
            is802154 || configuration.firmware == .digiMesh ? .unknown : packet.source16
        let received = XBeeReceivePacket(
            source64: packet.source, source16: source16, options: options, payload: all)
        guard apiOptions == 0 else {
            let explicit = XBeeExplicitReceive(packet: received, application: .digiData)
            return say(.explicitReceive(explicit), packet.payload, into: &effects)
        }
        say(.receivePacket(received), packet.payload, into: &effects)
    }
}

extension TimeSpan {
    fileprivate static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return TimeSpan(nanoseconds: overflow ? .max : sum)
    }
}
