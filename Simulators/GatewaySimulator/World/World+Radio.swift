import Bytes
import GatewayCore
import LinkFraming
import Time

/// The radio module of a world's gateway, its serial line, and what is known of the datagrams on the way through them.
struct RadioSite {
    var radio: SimulatedRadio
    var noise: [LineNoise]
    /// When the last octet of each direction arrives; what follows must not overtake it.
    var lineTimes = [Instant(nanoseconds: 0), Instant(nanoseconds: 0)]
    /// Datagrams whose octets are in the link, the module or the air, or were, lately.
    var inTheAir: [Datagram] = []
    var isPluggedIn = false
    /// When the next `radioWakes` is planned.
    var nextWake: Instant?
    var wakeCount = 0
    var lastWake = Instant(nanoseconds: 0)

    /// Longer than anything waits in the link and in the module.
    static let memory = TimeSpan.seconds(100)

    init(_ configuration: SimulatedRadioConfiguration, noisePerMillion: Int, seed: UInt64) {
        radio = SimulatedRadio(configuration, seed: seed &+ 1)
        noise = (0..<2).map { direction in
            var noise = LineNoise(seed: seed &+ 2 &+ UInt64(direction))
            (noise.lostPerMillion, noise.changedPerMillion) = (noisePerMillion, noisePerMillion)
            noise.garbagePerMillion = noisePerMillion / 4
            return noise
        }
    }

    static func node(at place: Int) -> XBeeAddress64 { XBeeAddress64(0x0013_A200_0000_0000 | UInt64(place)) }

    static func place(of address: LinkAddress) -> Int? {
        guard case .xbee64(let node) = address, node.rawValue >> 32 == 0x0013_A200 else { return nil }
        return Int(node.rawValue & 0xFFFF_FFFF)
    }
}

// Devices behind a radio module: the module's link carries their octets, and the world knows them again at the end.
//
// A checksum of eight bits lets one damaged frame in 256 pass, which no gateway can help; what arrives as nobody has
// sent it is therefore lost here.

extension World {
    // MARK: Datagrams

    func sendThroughRadio(_ datagram: Datagram) {
        remember(datagram, isFromGateway: true)
        let node = RadioSite.node(at: datagram.address)
        radioSite.radio.addNode(node)
        radioLinkDoes(isSending: true) { link, now, effects in
            let refusal = link.send(datagram.bytes.span.bytes, to: .xbee64(node), at: now, into: &effects)
            if case .tooLong? = refusal { return "the radio link refuses \(datagram.bytes.count) octets" }
            return nil
        }
    }

    func broadcastThroughRadio(_ bytes: [UInt8], radius: UInt8) {
        for index in clients.indices where clients[index].isBehindRadio && nodeByPlace[clients[index].address] == nil {
            radioSite.radio.addNode(RadioSite.node(at: clients[index].address))
            let datagram = Datagram(
                client: index, address: clients[index].address, bytes: bytes, sentAt: now,
                connection: clients[index].connection)
            remember(datagram, isFromGateway: true)
        }
        radioLinkDoes(isSending: true) { link, now, effects in
            _ = link.broadcast(bytes.span.bytes, radius: radius, at: now, into: &effects)
            return nil
        }
    }

    /// A client behind the radio sends.
    func nodeSends(_ datagram: Datagram) {
        remember(datagram, isFromGateway: false)
        let node = RadioSite.node(at: datagram.address)
        radioSite.radio.addNode(node)
        radioSite.radio.nodeSends(datagram.bytes, from: node, at: now)
        planRadioWake()
    }

    private func remember(_ datagram: Datagram, isFromGateway: Bool) {
        radioSite.inTheAir.removeAll { $0.sentAt + RadioSite.memory < now }
        var datagram = datagram
        datagram.isFromGateway = isFromGateway
        radioSite.inTheAir.append(datagram)
    }

    /// The latest of those that look like this; an earlier one that says the same may have been given up meanwhile.
    private func recalled(_ bytes: [UInt8], at place: Int, isFromGateway: Bool) -> Datagram? {
        radioSite.inTheAir.last { $0.address == place && $0.isFromGateway == isFromGateway && $0.bytes == bytes }
    }

    // MARK: The line

    func lineReachesRadio(_ bytes: [UInt8]) {
        var effects = SimulatedRadioEffects()
        radioSite.radio.receive(bytes, at: now, into: &effects)
        take(effects)
    }

    func lineReachesGateway(_ bytes: [UInt8]) {
        radioLinkDoes { link, now, effects in
            link.receive(bytes.span.bytes, at: now, into: &effects)
            return nil
        }
    }

    func wakeRadio() {
        radioSite.nextWake = nil
        radioSite.wakeCount = radioSite.lastWake == now ? radioSite.wakeCount + 1 : 0
        radioSite.lastWake = now
        if radioSite.wakeCount > 1_000 { return fail("the radio link asks to be woken again and again") }
        var effects = SimulatedRadioEffects()
        radioSite.radio.deadlineReached(at: now, into: &effects)
        take(effects)
        radioLinkDoes { link, now, effects in
            link.deadlineReached(at: now, into: &effects)
            return nil
        }
    }

    private func planRadioWake() {
        let link = radioLink.nextDeadline.map { Instant(nanoseconds: $0.nanoseconds) }
        guard let next = [link, radioSite.radio.nextDeadline].compactMap(\.self).min() else { return }
        if let planned = radioSite.nextWake, planned <= next { return }
        radioSite.nextWake = next
        queue.insert(.radioWakes, at: max(now, next))
    }

    private func take(_ effects: SimulatedRadioEffects) {
        if radioSite.isPluggedIn { carry(effects.line, direction: 1) { .lineReachedGateway($0) } }
        for delivery in effects.deliveries {
            guard let place = RadioSite.place(of: .xbee64(delivery.node)),
                let datagram = recalled(delivery.payload, at: place, isFromGateway: true)
            else { continue }
            reachClient(datagram)
        }
        planRadioWake()
    }

    private func carry(_ bytes: [UInt8], direction: Int, _ happening: ([UInt8]) -> Happening) {
        guard !bytes.isEmpty else { return }
        let arriving = radioSite.noise[direction].carried(bytes)
        let split = pick(arriving.count + 1)
        var time = max(now, radioSite.lineTimes[direction])
        for portion in [arriving[..<split], arriving[split...]] where !portion.isEmpty {
            time = time + milliseconds(0...3)
            queue.insert(happening(Array(portion)), at: time)
        }
        radioSite.lineTimes[direction] = time
    }

    /// Runs a step of the link, and then what it caused; the step says what is wrong, if anything.
    private func radioLinkDoes(
        isSending: Bool = false, _ step: (inout XBeeLink, Instant, inout LinkEffects) -> String?
    ) {
        var linkEffects = LinkEffects()
        let violation = step(&radioLink, Instant(nanoseconds: now.nanoseconds), &linkEffects)
        if let violation { fail(violation) }
        if radioLink.queuedMessageCount > plan.radioLink.maximumMessageCount { fail("the radio link holds too much") }
        var received: [(LinkAddress, [UInt8])] = []
        for effect in linkEffects.list {
            switch effect {
            case .write(let range):
                carry(Array(linkEffects.bytes[range]), direction: 0) { .lineReachedRadio($0) }
            case .datagramReceived(let range, let address, _):
                received.append((address, Array(linkEffects.bytes[range])))
            case .tryNextSpeed: queue.insert(.linePluggedIn, at: now + .seconds(2))
            case .observe: break
            }
        }
        planRadioWake()
        // The gateway is handling an event that has made it send; what is sent changes nothing of the module.
        if !isSending { radioModuleChanged() }
        for (address, bytes) in received {
            guard let place = RadioSite.place(of: address),
                let datagram = recalled(bytes, at: place, isFromGateway: false)
            else { continue }
            reachGateway(datagram)
        }
    }

    // MARK: What goes wrong

    func strikeRadio() {
        var effects = SimulatedRadioEffects()
        if rolls(.radioResets) {
            chronicle?.note("the radio module starts anew", at: now)
            for _ in 0..<(pick(10) == 0 ? 100 : 1) { radioSite.radio.reset(into: &effects) }
        }
        if rolls(.dissociations) {
            chronicle?.note("the radio module leaves its network", at: now)
            // Without a word the link learns it from what becomes of its datagrams.
            radioSite.radio.leaveNetwork(saysSo: pickRudely(3) > 0, into: &effects)
        } else if !radioSite.radio.isJoined, pick(10) == 0 {
            radioSite.radio.joinNetwork(saysSo: pick(2) == 0, into: &effects)
        }
        if options[.dissociations] > 0, pickRudely(200) == 0 {
            chronicle?.note("the radio module meets another network", at: now)
            radioSite.radio.meetsAnotherNetwork(keepsID: pickRudely(2) == 0, into: &effects)
        }
        let node = RadioSite.node(at: clients[pick(clients.count)].address)
        if rolls(.nodeMoves) { radioSite.radio.changeAddress(of: node, into: &effects) }
        if rolls(.naps) { radioSite.radio.setAsleep(true, node) }
        take(effects)
        if rolls(.unpluggings) { unplug(for: milliseconds(100...20_000)) }
    }

    /// The serial device is gone, with what is on the line.
    func unplug(for span: TimeSpan?) {
        chronicle?.note("the serial line is gone", at: now)
        radioSite.isPluggedIn = false
        queue.removeAll { happening in
            if case .lineReachedRadio = happening { return true }
            if case .lineReachedGateway = happening { return true }
            return false
        }
        radioLinkDoes { link, now, effects in
            link.lineClosed(at: now, into: &effects)
            return nil
        }
        if let span { queue.insert(.linePluggedIn, at: now + span) }
    }

    func plugIn() {
        guard isGatewayUp else { return }
        radioSite.isPluggedIn = true
        radioLinkDoes { link, now, effects in
            link.lineOpened(at: now, into: &effects)
            return nil
        }
    }

    func healRadio() {
        for direction in 0..<2 {
            radioSite.noise[direction].lostPerMillion = 0
            radioSite.noise[direction].changedPerMillion = 0
            radioSite.noise[direction].garbagePerMillion = 0
        }
        radioSite.radio.healAll()
        var effects = SimulatedRadioEffects()
        radioSite.radio.joinNetwork(saysSo: false, into: &effects)
        take(effects)
        if !radioSite.isPluggedIn { plugIn() }
    }
}
