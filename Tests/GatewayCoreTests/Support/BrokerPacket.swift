import Bytes
import MQTT

/// A Will as a test writes it.
struct TestWill: Equatable, Sendable {
    var topic: String
    var payload: String
    var qos = DeliveryQoS.atMostOnce
    var retain = false
}

/// An MQTT packet as a test writes and compares it, whoever sends it; or what else becomes of a stream.
enum BrokerPacket: Equatable, Sendable {
    case connect(
        String, clean: Bool = true, keepAlive: UInt16 = Dialogue.upstreamKeepAlive, will: TestWill? = nil,
        username: String? = nil, password: String? = nil)
    case connectAcknowledgement(ConnectReturnCode = .accepted, present: Bool = false)
    case publish(
        String, String, qos: DeliveryQoS = .atMostOnce, id: PacketID = 0, retain: Bool = false, duplicate: Bool = false)
    case publishAcknowledgement(PacketID)
    case publishReceived(PacketID)
    case publishRelease(PacketID)
    case publishComplete(PacketID)
    case subscribe(String, id: PacketID, qos: DeliveryQoS = .atMostOnce)
    case subscribeAcknowledgement(PacketID, UInt8)
    case unsubscribe(String, id: PacketID)
    case unsubscribeAcknowledgement(PacketID)
    case pingRequest
    case pingResponse
    case disconnect
    /// The gateway closed the stream.
    case close
    /// The gateway asked its host to stop reading the stream.
    case pause
    /// The gateway asked its host to read the stream again.
    case resume
    /// Something that cannot be read.
    case wrong
}

// MARK: Reading

extension BrokerPacket {
    /// Reads exactly one packet of that version; what 5.0 adds is left out.
    init(reading bytes: [UInt8], _ version: ProtocolVersion = .v3_1_1) {
        let span = bytes.span
        self = (try? BrokerPacket(decoding: span.bytes, version)) ?? .wrong
    }

    private init(decoding frame: RawSpan, _ version: ProtocolVersion) throws(PacketError) {
        var added = AddedFields()
        func text(_ range: ByteRange) -> String { String(decoding: frame.copy(of: range), as: UTF8.self) }
        var position = 0
        switch try Packet.decode(frame, version, &added) {
        case .connect(let connect):
            let will = connect.will.map {
                TestWill(topic: text($0.topic), payload: text($0.payload), qos: $0.qos, retain: $0.retain)
            }
            self = .connect(
                text(connect.clientID), clean: connect.cleanSession, keepAlive: connect.keepAliveSeconds, will: will,
                username: connect.username.map(text), password: connect.password.map(text))
        case .connectAcknowledgement(let answer):
            self = .connectAcknowledgement(answer.returnCode, present: answer.sessionPresent)
        case .publish(let publish):
            self = .publish(
                text(publish.topicName), text(publish.payload), qos: publish.qos, id: publish.packetID,
                retain: publish.retain, duplicate: publish.duplicate)
        case .publishAcknowledgement(let id): self = .publishAcknowledgement(id)
        case .publishReceived(let id): self = .publishReceived(id)
        case .publishRelease(let id): self = .publishRelease(id)
        case .publishComplete(let id): self = .publishComplete(id)
        case .subscribe(let subscribe):
            guard let (filter, qos) = subscribe.nextFilter(in: frame, at: &position) else {
                self = .wrong
                return
            }
            self = .subscribe(text(filter), id: subscribe.packetID, qos: qos)
        case .subscribeAcknowledgement(let answer):
            self = .subscribeAcknowledgement(answer.packetID, frame.byte(at: answer.returnCodes.lowerBound) ?? 0xFF)
        case .unsubscribe(let unsubscribe):
            let filter = unsubscribe.nextFilter(in: frame, at: &position)
            self = filter.map { .unsubscribe(text($0), id: unsubscribe.packetID) } ?? .wrong
        case .unsubscribeAcknowledgement(let id): self = .unsubscribeAcknowledgement(id)
        case .pingRequest: self = .pingRequest
        case .pingResponse: self = .pingResponse
        case .disconnect: self = .disconnect
        case .authentication: self = .wrong
        }
    }
}

// MARK: Writing

extension BrokerPacket {
    /// The packet's octets; none for what is not a packet.
    var bytes: [UInt8] { octets(in: .v3_1_1) }

    /// The same in that version, with nothing of what 5.0 adds but success.
    func octets(in version: ProtocolVersion) -> [UInt8] {
        var source: [UInt8] = [ReasonCode.success.rawValue]
        guard let packet = packet(&source) else { return [] }
        var frame: [UInt8] = []
        switch version {
        case .v3_1_1: frame.appendPacket(packet, from: source.span.bytes)
        case .v5_0: frame.appendPacket(Packet5(packet, AddedFields(reasonCodes: 0..<1)), from: source.span.bytes)
        }
        return frame
    }

    private func packet(_ source: inout [UInt8]) -> Packet? {
        switch self {
        case .connectAcknowledgement(let code, let present):
            return .connectAcknowledgement(ConnectAcknowledgement(sessionPresent: present, returnCode: code))
        case .publish(let topicName, let payload, let qos, let id, let retain, let duplicate):
            return .publish(
                Publish(
                    duplicate: duplicate, qos: qos, retain: retain, topicName: source.appendRange(of: topicName.utf8),
                    packetID: id, payload: source.appendRange(of: payload.utf8)))
        case .publishAcknowledgement(let id): return .publishAcknowledgement(id)
        case .publishReceived(let id): return .publishReceived(id)
        case .publishRelease(let id): return .publishRelease(id)
        case .publishComplete(let id): return .publishComplete(id)
        case .subscribeAcknowledgement(let id, let code):
            return .subscribeAcknowledgement(
                SubscribeAcknowledgement(packetID: id, returnCodes: source.appendRange(of: [code])))
        case .unsubscribe(let filter, let id):
            let start = source.count
            source.append(bigEndian: UInt16(filter.utf8.count))
            source.append(contentsOf: filter.utf8)
            return .unsubscribe(Unsubscribe(packetID: id, filters: start..<source.count))
        case .unsubscribeAcknowledgement(let id): return .unsubscribeAcknowledgement(id)
        case .pingRequest: return .pingRequest
        case .pingResponse: return .pingResponse
        case .disconnect: return .disconnect
        case .connect, .subscribe, .close, .pause, .resume, .wrong: return nil
        }
    }
}
