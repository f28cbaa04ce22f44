import Bytes
import GatewayCore
package import LinkFraming
package import Time

/// An XBee coordinator at the gateway's serial line, and the radio network behind it.
///
/// Pure: time is an argument and one seed decides all chance. It is told what the gateway writes, what nodes send, and
/// what befalls it; it says what the gateway reads and what nodes receive.
package struct SimulatedRadio: Sendable {
    /// A module somewhere in the network.
    struct Node: Sendable {
        var address16: XBeeAddress16
        /// Whether it receives and acknowledges.
        var isReachable = true
        /// Whether it sleeps and does not ask for what is kept for it.
        var isAsleep = false
        /// Transmissions to it that hold a buffer.
        var outstandingCount = 0
        /// When its latest packet reaches the module.
        var lastArrival = Instant(nanoseconds: 0)
    }

    /// May be changed at any time, except for the API mode.
    package var configuration: SimulatedRadioConfiguration
    var random: RandomNumbers
    private var framer: Framer
    /// In the order in which they were added, so that nothing depends on hashing.
    private(set) var nodeAddresses: [XBeeAddress64] = []
    var nodes: [XBeeAddress64: Node] = [:]
    var schedule = SimulatedRadioSchedule()
    /// Transmissions that hold a buffer.
    var outstandingCount = 0
    /// AO for the time being.
    var apiOptions: UInt8
    /// AR for the time being: unless it is 0xFF, nodes tell over which others they are heard.
    var routeBroadcastTime: UInt8 = 0xFF
    /// OP, which a conflict with another network changes.
    private(set) var networkID: UInt64 = 1
    /// DB: the strength of the latest packet in -dBm.
    var latestSignal: UInt8 = 0
    /// Frames 0x21 that were taken.
    package private(set) var sourceRouteCount = 0
    package var isJoined = true
    private var nextAddress16: UInt16 = 0x1000
    private var lastHeard = Instant(nanoseconds: 0)

    /// The most transmissions that held a buffer at the same time, and of them those to one node.
    package private(set) var mostOutstanding = 0
    package private(set) var mostOutstandingToOneNode = 0
    package private(set) var transmissionCount = 0
    /// Statuses 0 that were written for transmissions to one node.
    package var deliveredCount = 0

    package init(_ configuration: SimulatedRadioConfiguration = SimulatedRadioConfiguration(), seed: UInt64) {
        self.configuration = configuration
        random = RandomNumbers(seed: seed)
        apiOptions = configuration.apiOptions
        framer = Framer(
            .xbee(isEscaped: configuration.apiMode == 2), maximumFrameByteCount: Framer.maximumXBeeFrameByteCount)
    }

    package var framingCounters: FramingCounters { framer.counters }

    package var isEscaped: Bool { configuration.apiMode == 2 }

    // MARK: Nodes

    /// A node joins the network.
    package mutating func addNode(_ address: XBeeAddress64) {
        guard nodes[address] == nil else { return }
        nodeAddresses.append(address)
        nodes[address] = Node(address16: newAddress16())
    }

    package func address16(of node: XBeeAddress64) -> XBeeAddress16? { nodes[node]?.address16 }

    /// Transmissions to a node that hold a buffer.
    package func outstandingCount(to node: XBeeAddress64) -> Int { nodes[node]?.outstandingCount ?? 0 }

    /// The node joins anew and has another 16-bit address, which a module that passes on Zigbee's own packets tells.
    package mutating func changeAddress(of node: XBeeAddress64, into effects: inout SimulatedRadioEffects) {
        let address16 = newAddress16()
        nodes[node]?.address16 = address16
        if nodes[node] != nil, configuration.firmware.isZigbee, apiOptions > 0 {
            announce(node, at: address16, into: &effects)
        }
    }

    /// Whether the node receives anything from now on.
    package mutating func setReachable(_ isReachable: Bool, _ node: XBeeAddress64) {
        nodes[node]?.isReachable = isReachable
    }

    /// Whether the node sleeps from now on; it wakes up when it sends.
    package mutating func setAsleep(_ isAsleep: Bool, _ node: XBeeAddress64) { nodes[node]?.isAsleep = isAsleep }

    private mutating func newAddress16() -> XBeeAddress16 {
        nextAddress16 = nextAddress16 >= 0xFF00 ? 0x1000 : nextAddress16 + 1
        return XBeeAddress16(nextAddress16)
    }

    // MARK: Time

    /// When `deadlineReached` is to be called.
    package var nextDeadline: Instant? { schedule.nextTime }

    /// Does what is due at `now`.
    package mutating func deadlineReached(at now: Instant, into effects: inout SimulatedRadioEffects) {
        while let event = schedule.takeDue(at: now) { happens(event, into: &effects) }
    }

    private mutating func happens(_ event: SimulatedRadioEvent, into effects: inout SimulatedRadioEffects) {
        switch event {
        case .packetReachesNode(let delivery):
            effects.deliveries.append(delivery)
        case .packetReachesModule(let packet): present(packet, into: &effects)
        case .transmissionEnds(let data, let node, let isDelivered):
            outstandingCount -= 1
            if let node { nodes[node]?.outstandingCount -= 1 }
            guard !data.isEmpty else { return }
            if isDelivered { deliveredCount += 1 }
            say(data, into: &effects)
        case .answer(let data): say(data, into: &effects)
        }
    }

    // MARK: The gateway's line

    /// Takes octets that the gateway wrote, in any portion.
    package mutating func receive(
        _ bytes: [UInt8], at now: Instant, into effects: inout SimulatedRadioEffects
    ) {
        guard configuration.apiMode == 1 || configuration.apiMode == 2 else { return }
        // Half a frame that nothing followed is nothing.
        if now.since(lastHeard) > .milliseconds(100) { framer.lineWasSilent() }
        lastHeard = now
        var position = 0
        let input = bytes.span
        while let range = framer.nextFrame(in: input.bytes, at: &position) {
            handle(Array(framer.bytes[range]), at: now, into: &effects)
        }
    }

    private mutating func handle(_ data: [UInt8], at now: Instant, into effects: inout SimulatedRadioEffects) {
        guard let frame = try? XBeeFrame.decode(data.span.bytes) else { return }
        switch frame {
        case .atCommand(let frameID, let command, let parameter):
            answer(frameID, command, Array(data[parameter]), at: now)
        case .transmitRequest(let request): transmit(request, data, at: now)
        case .explicitTransmit(let transmission): transmit(transmission.request, data, at: now)
        case .legacyTransmit64(let frameID, let destination, let options, let payload):
            transmit(
                XBeeTransmitRequest(
                    frameID: frameID, destination64: destination, destination16: .unknown, options: options,
                    payload: payload), data, isLegacy: true, at: now)
        case .legacyTransmit16(let frameID, let destination, let options, let payload):
            let isBroadcast = destination == .broadcast
            transmit(
                XBeeTransmitRequest(
                    frameID: frameID, destination64: isBroadcast ? .broadcast : .unknown,
                    destination16: isBroadcast ? .unknown : destination, options: options, payload: payload),
                data, isLegacy: true, at: now)
        case .createSourceRoute: sourceRouteCount += 1
        case .receivePacket, .explicitReceive, .legacyReceive64, .legacyReceive16, .transmitStatus,
            .legacyTransmitStatus, .atResponse, .modemStatus, .nodeIdentification, .ioSample, .routeRecord,
            .frameError, .other:
            break
        }
    }

    /// Writes a frame with this data to the gateway's line.
    package func say(_ data: [UInt8], into effects: inout SimulatedRadioEffects) {
        effects.line.appendFrame(data.span.bytes, as: .xbee(isEscaped: isEscaped))
    }

    /// Writes a frame to the gateway's line; its ranges index `payload`.
    package func say(_ frame: XBeeFrame, _ payload: [UInt8] = [], into effects: inout SimulatedRadioEffects) {
        say(data(of: frame, payload), into: &effects)
    }

    func data(of frame: XBeeFrame, _ payload: [UInt8] = []) -> [UInt8] {
        var data: [UInt8] = []
        data.appendFrameData(of: frame, from: payload.span.bytes)
        return data
    }

    // MARK: What befalls the module

    /// The module starts anew: what it had taken is lost, and AO is what it was.
    package mutating func reset(byWatchdog: Bool = false, into effects: inout SimulatedRadioEffects) {
        schedule.removeAll()
        outstandingCount = 0
        for address in nodeAddresses { nodes[address]?.outstandingCount = 0 }
        framer.removeAll()
        apiOptions = configuration.apiOptions
        routeBroadcastTime = 0xFF
        say(.modemStatus(byWatchdog ? .watchdogReset : .hardwareReset), into: &effects)
    }

    /// The module loses its network, where it may say so.
    package mutating func leaveNetwork(saysSo: Bool = true, into effects: inout SimulatedRadioEffects) {
        isJoined = false
        if saysSo { say(.modemStatus(.disassociated), into: &effects) }
    }

    /// Another network near by has the same ID: the module gives its own another one, or keeps it.
    package mutating func meetsAnotherNetwork(keepsID: Bool, into effects: inout SimulatedRadioEffects) {
        if !keepsID { networkID &+= 1 }
        say(.modemStatus(keepsID ? .networkIDConflict : .networkIDChanged), into: &effects)
    }

    /// The module is in its network again, where it may say so.
    package mutating func joinNetwork(saysSo: Bool = true, into effects: inout SimulatedRadioEffects) {
        isJoined = true
        if saysSo { say(.modemStatus(.coordinatorStarted), into: &effects) }
    }

    /// Nothing goes wrong any more: nodes are there and awake, nothing is lost or late.
    package mutating func healAll() {
        configuration.lossPerMille = 0
        configuration.lostAcknowledgementPerMille = 0
        configuration.lostStatusPerMille = 0
        configuration.slowStatusPerMille = 0
        configuration.busyChannelPerMille = 0
        for address in nodeAddresses {
            nodes[address]?.isReachable = true
            nodes[address]?.isAsleep = false
        }
    }

    // MARK: Chance

    mutating func rolls(_ perMille: Int) -> Bool {
        perMille > 0 && Int.random(in: 0..<1_000, using: &random) < perMille
    }

    mutating func time(_ range: ClosedRange<TimeSpan>) -> TimeSpan {
        let span = range.lowerBound.nanoseconds...range.upperBound.nanoseconds
        return TimeSpan(nanoseconds: UInt64.random(in: span, using: &random))
    }

    mutating func holdBuffer(for node: XBeeAddress64?) {
        transmissionCount += 1
        outstandingCount += 1
        mostOutstanding = max(mostOutstanding, outstandingCount)
        guard let node, nodes[node] != nil else { return }
        nodes[node]?.outstandingCount += 1
        mostOutstandingToOneNode = max(mostOutstandingToOneNode, nodes[node]?.outstandingCount ?? 0)
    }
}
