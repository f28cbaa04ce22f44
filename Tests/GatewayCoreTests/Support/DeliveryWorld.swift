import GatewayCore
import MQTT
import MQTTSN
import Time

@testable import GatewayCore

/// A gateway between one client and one broker, small enough to try what can happen to deliveries in every order: loss,
/// late and doubled answers, connections that end, brokers that forget, and gateways that are killed.
///
/// The broker is one that keeps QoS 1 and 2 for its session, sends again what it waits for, and uses the lowest free
/// identifier or counts; the client one that keeps its session, and answers whatever it hears, in the order in which
/// it was sent. What must never happen is noted in `violations` when it does.
struct DeliveryWorld: ~Copyable {
    /// What happens next.
    enum Happening: CaseIterable {
        case brokerPublishes, clientAnswers, answerIsDelayed, lateAnswerComes, timePasses
        case connectionEnds, answerOfBrokerIsLost, brokerForgets, brokerForgetsUnnoticed, gatewayIsKilled
    }

    private struct BrokerMessage {
        var packetID: PacketID
        var payload: Int
        var qos: DeliveryQoS
        var isReceived = false
    }

    let countsUp: Bool
    let qos: [DeliveryQoS]
    private(set) var violations: [String] = []
    private var gateway: Gateway
    private var effects = Effects()
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var seed: UInt64 = 1
    private let peer = PeerID(link: LinkID(0), number: 1)

    // The broker.
    private var inFlight: [BrokerMessage] = []
    private var published = 0
    private var hasSession = false
    private var lastPacketID: PacketID = 0
    private var stream: UpstreamID?
    private var isStreamOpen = false
    private var losesNextAnswer = false

    // The client.
    private var heard: [SNMessage] = []
    private var late: [(answer: SNMessage, until: Instant)] = []
    private var held: Set<MessageID> = []
    private var deliveries: [Int: Int] = [:]
    private var isConnected = false

    init(qos: [DeliveryQoS], countsUp: Bool) {
        (self.qos, self.countsUp) = (qos, countsUp)
        gateway = Gateway(configuration: .dialogue(), seed: seed)
        start()
    }

    private mutating func start() {
        handle(.deadlineReached)
        connects()
    }

    // MARK: What happens

    mutating func happens(_ happening: Happening) {
        switch happening {
        case .brokerPublishes: publishes()
        case .clientAnswers: if !heard.isEmpty { say(answer(to: heard.removeFirst())) }
        case .answerIsDelayed:
            guard !heard.isEmpty, let answer = answer(to: heard.removeFirst()) else { return }
            late.append((answer, now + .seconds(39)))
        case .lateAnswerComes:
            late.removeAll { $0.until < now }
            if !late.isEmpty { say(late.removeFirst().answer) }
        case .timePasses: passes(.seconds(10))
        case .connectionEnds: endsConnection()
        case .answerOfBrokerIsLost:
            losesNextAnswer = true
            endsConnection()
        case .brokerForgets, .brokerForgetsUnnoticed:
            losesNextAnswer = happening == .brokerForgetsUnnoticed
            (hasSession, inFlight, lastPacketID) = (false, [], 0)
            endsConnection()
        case .gatewayIsKilled:
            seed += 7_919
            gateway = Gateway(configuration: .dialogue(), seed: seed)
            (stream, isStreamOpen, isConnected, heard) = (nil, false, false, [])
            start()
        }
    }

    /// From now on nothing goes wrong: everything must get where it belongs.
    mutating func heals() {
        late = []
        for _ in 0..<40 {
            for _ in 0..<20 where !heard.isEmpty { happens(.clientAnswers) }
            if !isConnected { connects() }
            say(.pingRequest())
            passes(.seconds(10))
        }
        if !inFlight.isEmpty { violations.append("\(inFlight.count) messages stay at the broker") }
        for message in inFlight where deliveries[message.payload] == nil {
            violations.append("message \(message.payload) is not delivered")
        }
    }

    private mutating func passes(_ span: TimeSpan) {
        let end = now + span
        while let deadline = gateway.nextDeadline, deadline <= end {
            now = max(now, deadline)
            handle(.deadlineReached)
        }
        now = end
    }

    // MARK: The client

    private mutating func connects() { say(.connect("c1", clean: false)) }

    private mutating func say(_ message: SNMessage?) {
        guard let message else { return }
        handle(.datagramReceived(from: peer), message.bytes)
    }

    private mutating func answer(to message: SNMessage) -> SNMessage? {
        switch message {
        case .publish(let topic, let payload, let id, .atLeastOnce, _, _):
            note(payload)
            return .publishAcknowledgement(topic.topicID, id)
        case .publish(_, let payload, let id, .exactlyOnce, _, _):
            if held.insert(id).inserted { note(payload) }
            return .publishReceived(id)
        case .publishRelease(let id):
            held.remove(id)
            return .publishComplete(id)
        default: return nil
        }
    }

    private mutating func note(_ payload: String) {
        guard let number = Int(payload) else { return }
        deliveries[number, default: 0] += 1
        if qos[number % qos.count] == .exactlyOnce, deliveries[number, default: 0] > 1 {
            violations.append("message \(number) of QoS 2 is delivered twice")
        }
    }

    // MARK: The broker

    private mutating func publishes() {
        guard inFlight.count < 2, isStreamOpen else { return }
        let packetID =
            countsUp ? lastPacketID + 1 : (1...3).first { id in !inFlight.contains { $0.packetID == id } } ?? 3
        lastPacketID = packetID
        let message = BrokerMessage(packetID: packetID, payload: published, qos: qos[published % qos.count])
        published += 1
        inFlight.append(message)
        send(message, isRepetition: false)
    }

    private mutating func send(_ message: BrokerMessage, isRepetition: Bool) {
        let packet =
            message.isReceived
            ? BrokerPacket.publishRelease(message.packetID)
            : .publish("ab", "\(message.payload)", qos: message.qos, id: message.packetID, duplicate: isRepetition)
        sendToGateway(packet)
    }

    private mutating func sendToGateway(_ packet: BrokerPacket) {
        if let stream { handle(.streamReceived(stream), packet.bytes) }
    }

    private mutating func endsConnection() {
        guard let stream, isStreamOpen else { return }
        isStreamOpen = false
        self.stream = nil
        handle(.streamClosed(stream, .closedByBroker))
        passes(.seconds(3))
    }

    private mutating func brokerHears(_ packet: BrokerPacket) {
        switch packet {
        case .connect: accepts()
        case .publishAcknowledgement(let id):
            guard let index = inFlight.firstIndex(where: { $0.packetID == id && $0.qos == .atLeastOnce }) else {
                return
            }
            isAcknowledged(inFlight.remove(at: index))
        case .publishReceived(let id):
            guard let index = inFlight.firstIndex(where: { $0.packetID == id && $0.qos == .exactlyOnce }) else {
                return
            }
            if !inFlight[index].isReceived { isAcknowledged(inFlight[index]) }
            inFlight[index].isReceived = true
            sendToGateway(.publishRelease(id))
        case .publishComplete(let id): inFlight.removeAll { $0.packetID == id && $0.isReceived }
        default: break
        }
    }

    private mutating func accepts() {
        let isPresent = hasSession
        hasSession = true
        if losesNextAnswer, let stream {
            losesNextAnswer = false
            self.stream = nil
            handle(.streamClosed(stream, .failed))
            return
        }
        isStreamOpen = true
        sendToGateway(.connectAcknowledgement(present: isPresent))
        for message in inFlight { send(message, isRepetition: true) }
    }

    private mutating func isAcknowledged(_ message: BrokerMessage) {
        if deliveries[message.payload] == nil {
            violations.append("message \(message.payload) is acknowledged and not delivered")
        }
    }

    // MARK: The host

    private mutating func handle(_ event: Event, _ bytes: [UInt8] = []) {
        effects.removeAll()
        gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
        let (list, arena) = (effects.list, effects.bytes)
        check()
        for effect in list { carryOut(effect, arena) }
    }

    private mutating func carryOut(_ effect: Effect, _ arena: [UInt8]) {
        switch effect {
        case .sendDatagram(let range, to: peer): clientHears(SNMessage(reading: Array(arena[range])))
        case .openStream(let id, _):
            let isShared = id.slot == gateway.environment.sharedUpstream
            if !isShared { stream = id }
            handle(.streamOpened(id))
            if isShared { handle(.streamReceived(id), BrokerPacket.connectAcknowledgement().bytes) }
        case .sendStream(let range, on: let id) where id == stream:
            brokerHears(BrokerPacket(reading: Array(arena[range])))
        case .closeStream(let id) where id == stream: (stream, isStreamOpen) = (nil, false)
        default: break
        }
    }

    private mutating func clientHears(_ message: SNMessage) {
        switch message {
        case .connectAcknowledgement(let code): isConnected = code == .accepted
        case .disconnect: isConnected = false
        default: heard.append(message)
        }
    }

    private mutating func check() {
        for index in 0..<gateway.sessions.endIndex where gateway.sessions.contains(index) {
            let broken = gateway.sessions[index].downlink.checkInvariants(in: gateway.environment.store)
            if let broken { violations.append(broken) }
        }
    }
}
