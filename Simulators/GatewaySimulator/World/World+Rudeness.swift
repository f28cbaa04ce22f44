import Bytes
import GatewayCore
import MQTTSN
import Time

// Who is rude, and what a network does not do even then.
//
// Rudeness draws from a chance of its own, so that a world without it is the same world as before there was any.

extension World {
    /// True in `option` of 1000 cases, and never after the world has healed.
    func rollsRudely(_ option: WorldOption) -> Bool {
        let share = options[option]
        guard share > 0, !isHealed else { return false }
        return Int.random(in: 0..<1_000, using: &rudeRandom) < share
    }

    func pickRudely(_ count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &rudeRandom) }

    func rudeMilliseconds(_ range: ClosedRange<Int>) -> TimeSpan {
        .milliseconds(Int.random(in: range, using: &rudeRandom))
    }

    // MARK: Clients

    /// The habits of a client that its maker would not be proud of.
    func makeRude(_ configuration: inout SimulatedClientConfiguration) {
        if options[.windows] > 0 { configuration.window = 1 + pickRudely(options[.windows]) }
        let count = options[.fewIDs]
        configuration.reusesMessageIDs = rollsRudely(.reusers)
        if count > 0 || configuration.reusesMessageIDs {
            configuration.messageIDLimit = MessageID(count > 0 ? count : 2 + pickRudely(4))
            configuration.messageIDRest = plan.messageIDRest
            // One is left for REGISTER and SUBSCRIBE, or all may wait for each other.
            configuration.window = min(configuration.window, Int(configuration.messageIDLimit ?? 2) - 1)
        }
        configuration.givesUp = rollsRudely(.surrenders)
        configuration.ignoresRegister = rollsRudely(.unteachables)
        configuration.refusesRepetitions = rollsRudely(.refusers)
        configuration.refusesUnknownIDs = rollsRudely(.refusers)
        // Where broker and gateway forget, one after the other, message ids alone say nothing to anybody.
        configuration.comparesMessages = options.canAllMemoryBeLost || rollsRudely(.comparers)
    }

    /// A device starts again in the middle of the Will dialogue, with what it remembers, and connects at once.
    func startAgainInSetUp(_ index: Int) -> Bool {
        guard clients[index].device.state == .connecting, rollsRudely(.setUpResets) else { return false }
        rudeness.note(.startedAgainInSetUp)
        chronicle?.note("client \(index) starts again in its set-up", at: now)
        clients[index].device.reboot(keepsMemory: true)
        queue.insert(.clientConnects(index), at: now + rudeMilliseconds(10...3_000))
        return true
    }

    func connectAgain(_ index: Int) {
        if clients[index].device.state == .disconnected, !clients[index].isDead, !hasEnded { connect(index) }
    }

    // MARK: The network

    /// Nothing that an earlier exchange has said may be taken for what a later one says, by gateways that know their
    /// clients for Tretry × (Nretry + 1): no network keeps a datagram that long, and a PUBLISH that is not a repetition
    /// comes within Tretry.
    func isTooOld(_ datagram: Datagram) -> Bool {
        let age = now.since(datagram.sentAt)
        guard age > plan.firstCopyLife else { return false }
        if age > plan.datagramLife { return true }
        guard !datagram.isFromGateway, case .publish(let publish)? = try? Message.decode(datagram.bytes.span.bytes)
        else { return false }
        return publish.flags.qos > .atMostOnce && !publish.flags.duplicate
    }

    /// A CONNECT that comes after its client has gone on means a new connection to any gateway, as a device that has
    /// started again would say the same (AMB-01). One that begins a session without a Will dialogue would begin it
    /// without the client's knowledge, and one that finds a sleeper would wake it: such a CONNECT is lost.
    func isConnectLost(_ datagram: Datagram, of client: Int) -> Bool {
        guard case .connect(let connect)? = try? Message.decode(datagram.bytes.span.bytes) else { return false }
        guard datagram.connection == clients[client].connection else { return true }
        switch clients[client].device.state {
        case .connecting: return false
        case .active:
            guard options[.doubledConnects] > 0, connect.flags.will || !connect.flags.cleanSession else { return true }
            rudeness.note(.lateConnect)
            return false
        case .disconnected, .disconnecting, .fallingAsleep, .asleep, .awake: return true
        }
    }

    /// Copies of the Will's messages that come when their client has gone on would complete the dialogue of a late
    /// CONNECT, and so begin a session without the client's knowledge: where there are such CONNECTs, they are lost.
    func isWillLost(_ datagram: Datagram, of client: Int) -> Bool {
        switch try? Message.decode(datagram.bytes.span.bytes) {
        case .willTopic?, .willMessage?: break
        default: return false
        }
        return options[.doubledConnects] > 0 && clients[client].device.state != .connecting
    }

    /// CONNACK does not say which CONNECT it answers: one for an earlier CONNECT that asked for something else would
    /// make the client believe that it has what it has not. It is lost.
    func isConnectAcknowledgementLost(_ datagram: Datagram, of client: Int) -> Bool {
        guard case .connectAcknowledgement? = try? Message.decode(datagram.bytes.span.bytes) else { return false }
        return datagram.wish != clients[client].wish
    }

    /// DISCONNECT does not say whether it answers one or ends a session: the answer to having fallen asleep, come late,
    /// would make a client that is awake in a clean session believe that this is over, and forget what it has of QoS 2,
    /// while the gateway keeps it (GW-25). It is lost.
    func isDisconnectLost(_ datagram: Datagram, of client: Int) -> Bool {
        guard datagram.isLeaveGranted, case .disconnect? = try? Message.decode(datagram.bytes.span.bytes) else {
            return false
        }
        return clients[client].device.state == .awake && clients[client].device.isInCleanSession
    }
}

extension WorldOptions {
    /// Whether the broker may lose its store, and the gateway its memory.
    var canAllMemoryBeLost: Bool {
        let doesGatewayForget = self[.gatewayRestarts] + self[.shutdowns] + self[.fewPlaces] + self[.totalRestarts] > 0
        return self[.brokerStoreLoss] > 0 && self[.brokerRestarts] + self[.totalRestarts] > 0 && doesGatewayForget
    }
}
