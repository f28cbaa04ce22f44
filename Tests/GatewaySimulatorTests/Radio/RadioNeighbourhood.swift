// A gateway's link and a simulated radio on one line, with nodes that talk, in a world that one seed decides.

import GatewayCore
import GatewaySimulator
import LinkFraming
import Time

/// What a neighbourhood is like; every fault is off in about half of the seeds.
struct RadioNeighbourhoodPlan {
    var radio = SimulatedRadioConfiguration()
    var link = XBeeLinkConfiguration()
    var nodeCount = 1
    var deadCount = 0
    var noisePerMillion = 0
    /// Of a thousand tenths of a second, in how many it happens.
    var resets = 0
    var dissociations = 0
    var addressChanges = 0
    var babble = 0
    var reopenings = 0
    var naps = 0
    /// Milliseconds between two datagrams of the gateway, at most.
    var pace = 200
    var faultSeconds = 60

    init(seed: UInt64) {
        var random = RandomNumbers(seed: seed)
        func draw(_ range: ClosedRange<Int>) -> Int {
            Bool.random(using: &random) ? 0 : Int.random(in: range, using: &random)
        }
        radio.firmware = SimulatedRadioConfiguration.Firmware.allCases.randomElement(using: &random) ?? .zigbee3
        radio.apiMode = UInt8.random(in: 1...2, using: &random)
        radio.apiOptions = UInt8(draw(1...1))
        if radio.firmware == .ieee802154 {
            radio.apiOptions = UInt8(draw(2...2))
            link.transmission = Bool.random(using: &random) ? .legacy : .request
        } else if draw(1...2) == 1 {
            link.transmission = .explicit(.digiData)
        }
        radio.bufferCount = Bool.random(using: &random) ? 8 : Int.random(in: 1...3, using: &random)
        radio.noBuffersStatus = [0x18, 0x2C, 0x32].randomElement(using: &random) ?? 0x18
        radio.lossPerMille = draw(1...300)
        radio.lostAcknowledgementPerMille = draw(1...200)
        radio.lostStatusPerMille = draw(1...100)
        radio.slowStatusPerMille = draw(1...200)
        radio.busyChannelPerMille = draw(1...100)
        link.wantsAnnouncements = draw(1...1) == 1
        link.sourceRoutingNodeCount = draw(1...20)
        link.signalInterval = .seconds(draw(1...10))
        link.maximumOutstanding = Int.random(in: 1...8, using: &random)
        if draw(1...4) == 1 { link.maximumPayload = .byteCount(200) }
        nodeCount = Int.random(in: 1...40, using: &random)
        deadCount = min(draw(1...3), nodeCount - 1)
        noisePerMillion = draw(1...3_000)
        resets = draw(1...20)
        dissociations = draw(1...10)
        addressChanges = draw(1...100)
        babble = draw(1...500)
        reopenings = draw(1...10)
        naps = draw(1...100)
        pace = Int.random(in: 20...1_000, using: &random)
    }

    /// Whether every status tells the truth, and in time.
    var isTruthful: Bool {
        noisePerMillion == 0 && babble == 0 && resets == 0 && reopenings == 0 && radio.slowStatusPerMille == 0
            && radio.lostStatusPerMille == 0
    }
}

/// The line, the link, the radio and its nodes, with a ledger of what was sent to whom.
struct RadioNeighbourhood: ~Copyable {
    let plan: RadioNeighbourhoodPlan
    private var random: RandomNumbers
    private var link: XBeeLink
    private(set) var radio: SimulatedRadio
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var noise: [LineNoise]
    /// What is on the wire, in order: to the radio, and to the gateway.
    private var wires: [[(time: Instant, bytes: [UInt8])]] = [[], []]
    private let nodes: [XBeeAddress64]
    private var isHealed = false
    private var nextSequence: UInt32 = 1
    private var reopensAt: Instant?
    private var isOpen = true

    /// Whom a datagram that the link took was for, and how often it came; nil stands for everybody.
    private var sent: [[UInt8]: XBeeAddress64?] = [:]
    private var arrivals: [[UInt8]: Int] = [:]
    private var sentAt: [[UInt8]: Instant] = [:]
    /// The longest time that a datagram took to a node that is not dead, once the dead ones were found out.
    private(set) var longestWay = TimeSpan.zero
    private var saidByNodes: [[UInt8]: XBeeAddress64] = [:]
    private var heard: Set<[UInt8]> = []
    private(set) var undetectedDamageCount = 0
    private(set) var violations: [String] = []
    private(set) var unicastArrivalCount = 0
    private(set) var takenBroadcastCount = 0

    init(_ plan: RadioNeighbourhoodPlan, seed: UInt64) {
        self.plan = plan
        random = RandomNumbers(seed: seed &+ 77)
        link = XBeeLink(plan.link)
        radio = SimulatedRadio(plan.radio, seed: seed &+ 78)
        nodes = (0..<plan.nodeCount).map { XBeeAddress64(0x0013_A200_4100_0000 + UInt64($0)) }
        noise = (0..<2).map { LineNoise(seed: seed &+ 79 &+ UInt64($0)) }
        for index in 0..<2 {
            noise[index].lostPerMillion = plan.noisePerMillion
            noise[index].changedPerMillion = plan.noisePerMillion
            noise[index].garbagePerMillion = plan.noisePerMillion / 4
        }
        for node in nodes { radio.addNode(node) }
        for node in nodes.prefix(plan.deadCount) { radio.setReachable(false, node) }
    }

    var counters: LinkCounters { link.counters }
    var arrivalCount: Int { arrivals.values.reduce(0, +) }
    var heardCount: Int { heard.count }

    // MARK: The run

    /// Faults strike, then they end, and everybody must be heard and answered.
    mutating func run() {
        open()
        for _ in 0..<(plan.faultSeconds * 10) { passTenth() }
        guard violations.isEmpty else { return }
        heal()
        for _ in 0..<600 { passTenth(isQuiet: true) }
        checkProgress()
    }

    private mutating func passTenth(isQuiet: Bool = false) {
        let end = now + .milliseconds(100)
        if !isQuiet {
            for _ in 0..<max(1, 100 / plan.pace) where roll(min(1_000, 100_000 / plan.pace)) { gatewaySends() }
            if roll(300) { nodeSends(nodes[Int.random(in: nodes.indices, using: &random)]) }
            strike()
        }
        advance(to: end)
        if link.queuedMessageCount > plan.link.maximumMessageCount { violations.append("too many datagrams wait") }
        if link.knownNodeCount > plan.link.maximumNodeCount { violations.append("too many nodes are known") }
    }

    private mutating func roll(_ perMille: Int) -> Bool {
        perMille > 0 && Int.random(in: 0..<1_000, using: &random) < perMille
    }

    private mutating func strike() {
        var effects = SimulatedRadioEffects()
        if roll(plan.resets) {
            for _ in 0..<(roll(100) ? 300 : 1) { radio.reset(byWatchdog: roll(500), into: &effects) }
        }
        if roll(plan.dissociations) {
            radio.leaveNetwork(into: &effects)
        } else if !radio.isJoined, roll(100) {
            radio.joinNetwork(saysSo: roll(500), into: &effects)
        }
        let node = nodes[Int.random(in: nodes.indices, using: &random)]
        if roll(plan.addressChanges) { radio.changeAddress(of: node, into: &effects) }
        if roll(plan.naps) { radio.setAsleep(true, node) }
        if roll(plan.babble) { radio.babble(into: &effects) }
        take(effects)
        if roll(plan.reopenings), isOpen { close() }
    }

    private mutating func heal() {
        isHealed = true
        for index in 0..<2 {
            (noise[index].lostPerMillion, noise[index].changedPerMillion, noise[index].garbagePerMillion) = (0, 0, 0)
        }
        radio.healAll()
        var effects = SimulatedRadioEffects()
        radio.joinNetwork(saysSo: false, into: &effects)
    }

    /// Every node says something and hears it again.
    private mutating func checkProgress() {
        if link.state != .ready { violations.append("the link is \(link.state) a minute after the faults") }
        if link.queuedMessageCount > 0 { violations.append("\(link.queuedMessageCount) datagrams wait for nothing") }
        for node in nodes {
            let datagram = nodeSends(node)
            for _ in 0..<20 { passTenth(isQuiet: true) }
            if !heard.contains(datagram) { violations.append("node \(node.rawValue) is not heard") }
            if arrivals[echo(of: datagram), default: 0] != 1 {
                violations.append("node \(node.rawValue) is not answered")
            }
        }
    }

    // MARK: Datagrams

    /// A datagram that no other equals.
    private mutating func newDatagram(byteCount: Int) -> [UInt8] {
        nextSequence += 1
        var datagram: [UInt8] = [1]
        for shift in [24, 16, 8, 0] as [UInt32] { datagram.append(UInt8(truncatingIfNeeded: nextSequence >> shift)) }
        // All that must be escaped is in there.
        while datagram.count < byteCount { datagram.append([0x7E, 0x7D, 0x11, 0x13, 0][datagram.count % 5]) }
        return datagram
    }

    private func echo(of datagram: [UInt8]) -> [UInt8] { [2] + datagram.dropFirst() }

    private mutating func gatewaySends() {
        let byteCount = roll(100) ? Int.random(in: 5...256, using: &random) : Int.random(in: 5...20, using: &random)
        let datagram = newDatagram(byteCount: byteCount)
        if roll(30) {
            send(datagram, to: nil)
        } else {
            send(datagram, to: nodes[Int.random(in: nodes.indices, using: &random)])
        }
    }

    private mutating func send(_ datagram: [UInt8], to node: XBeeAddress64?) {
        sentAt[datagram] = now
        var refusal: SendRefusal?
        linkDoes { link, now, effects in
            if let node {
                refusal = link.send(datagram.span.bytes, to: .xbee64(node), at: now, into: &effects)
            } else {
                refusal = link.broadcast(datagram.span.bytes, radius: 0, at: now, into: &effects)
            }
        }
        guard refusal == nil else { return }
        sent[datagram] = .some(node)
        if node == nil { takenBroadcastCount += 1 }
    }

    @discardableResult
    private mutating func nodeSends(_ node: XBeeAddress64) -> [UInt8] {
        let longest = roll(100) && !isHealed ? 255 : 30
        let datagram = newDatagram(byteCount: Int.random(in: 5...longest, using: &random))
        saidByNodes[datagram] = node
        radio.nodeSends(datagram, from: node, isBroadcast: roll(100), at: now)
        return datagram
    }

    // MARK: Time and the line

    private mutating func advance(to end: Instant) {
        var stepCount = 0
        while let next = nextTime, next <= end {
            now = max(now, next)
            step()
            stepCount += 1
            if stepCount > 20_000 { return violations.append("the link never rests") }
        }
        now = end
    }

    private var nextTime: Instant? {
        let link = link.nextDeadline.map { Instant(nanoseconds: $0.nanoseconds) }
        return [link, radio.nextDeadline, wires[0].first?.time, wires[1].first?.time, reopensAt].compactMap(\.self)
            .min()
    }

    private mutating func step() {
        if let reopensAt, reopensAt <= now { open() }
        var effects = SimulatedRadioEffects()
        while let first = wires[0].first, first.time <= now {
            wires[0].removeFirst()
            radio.receive(first.bytes, at: now, into: &effects)
        }
        radio.deadlineReached(at: now, into: &effects)
        take(effects)
        while let first = wires[1].first, first.time <= now {
            wires[1].removeFirst()
            linkDoes { link, now, effects in link.receive(first.bytes.span.bytes, at: now, into: &effects) }
        }
        if let deadline = link.nextDeadline, deadline.nanoseconds <= now.nanoseconds {
            linkDoes { link, now, effects in link.deadlineReached(at: now, into: &effects) }
        }
    }

    private mutating func open() {
        reopensAt = nil
        isOpen = true
        linkDoes { link, now, effects in link.lineOpened(at: now, into: &effects) }
    }

    private mutating func close() {
        wires = [[], []]
        isOpen = false
        linkDoes { link, now, effects in link.lineClosed(at: now, into: &effects) }
        reopensAt = now + .milliseconds(Int.random(in: 10...5_000, using: &random))
    }

    /// Puts octets on a wire in portions; they stay in order.
    private mutating func carry(_ bytes: [UInt8], on wire: Int) {
        guard isOpen, !bytes.isEmpty else { return }
        var rest = noise[wire].carried(bytes)[...]
        var time = max(now, wires[wire].last?.time ?? now)
        while !rest.isEmpty {
            time = time + .milliseconds(Int.random(in: 0...2, using: &random))
            let portion = rest.prefix(Int.random(in: 1...64, using: &random))
            wires[wire].append((time, Array(portion)))
            rest = rest.dropFirst(portion.count)
        }
    }

    private mutating func linkDoes(_ step: (inout XBeeLink, Instant, inout LinkEffects) -> Void) {
        var effects = LinkEffects()
        step(&link, Instant(nanoseconds: now.nanoseconds), &effects)
        for effect in effects.list {
            switch effect {
            case .write(let range): carry(Array(effects.bytes[range]), on: 0)
            case .datagramReceived(let range, let address, _): gatewayHears(Array(effects.bytes[range]), address)
            case .tryNextSpeed: if reopensAt == nil { reopensAt = now + .seconds(1) }
            case .observe: break
            }
        }
    }

    // MARK: The ledger

    private var mayBeDamaged: Bool { noise.contains { $0.damageCount > 0 } }

    private mutating func gatewayHears(_ datagram: [UInt8], _ address: LinkAddress) {
        // Kind 255 is what the module makes up.
        guard datagram[0] != 0xFF else { return }
        guard let node = saidByNodes[datagram], address == .xbee64(node) else {
            undetectedDamageCount += 1
            if !mayBeDamaged, plan.babble == 0 { violations.append("the gateway hears what nobody said") }
            return
        }
        if !heard.insert(datagram).inserted { violations.append("the gateway hears a datagram twice") }
        send(echo(of: datagram), to: node)
    }

    private mutating func take(_ effects: SimulatedRadioEffects) {
        carry(effects.line, on: 1)
        for delivery in effects.deliveries { arrive(delivery) }
    }

    private mutating func arrive(_ delivery: SimulatedRadioEffects.Delivery) {
        guard let addressee = sent[delivery.payload], addressee == nil || addressee == delivery.node else {
            undetectedDamageCount += 1
            if !mayBeDamaged { violations.append("a node hears what was not sent to it") }
            return
        }
        if let time = sentAt[delivery.payload], time > Instant(nanoseconds: 30_000_000_000),
            !nodes.prefix(plan.deadCount).contains(delivery.node)
        {
            longestWay = max(longestWay, now.since(time))
        }
        guard addressee != nil else { return }
        unicastArrivalCount += 1
        arrivals[delivery.payload, default: 0] += 1
        let mostCount = plan.radio.lostAcknowledgementPerMille == 0 && plan.babble == 0 && !mayBeDamaged ? 1 : 2
        if arrivals[delivery.payload, default: 0] > mostCount, plan.isTruthful {
            violations.append("a datagram arrives more often than it was sent")
        }
    }
}
