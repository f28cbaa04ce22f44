// The packets that a test's client sends, written short.

import Bytes
import MQTT

/// A Will as a test writes it.
struct TestWill {
    var topic: String
    var payload: String
    var qos = DeliveryQoS.atMostOnce
    var retain = false
}

/// One packet, or any other bytes, from a client.
struct ClientPacket {
    var bytes: [UInt8]

    static let pingRequest = ClientPacket(.pingRequest)
    static let disconnect = ClientPacket(.disconnect)

    static func connect(
        _ clientID: String, clean: Bool = true, keepAlive: UInt16 = 0, will: TestWill? = nil, username: String? = nil,
        password: String? = nil
    ) -> ClientPacket {
        var source: [UInt8] = []
        let connect = Connect(
            cleanSession: clean, keepAliveSeconds: keepAlive, clientID: source.appendRange(of: clientID),
            will: will.map {
                Will(
                    topic: source.appendRange(of: $0.topic), payload: source.appendRange(of: $0.payload), qos: $0.qos,
                    retain: $0.retain)
            },
            username: username.map { source.appendRange(of: $0) },
            password: password.map { source.appendRange(of: $0) })
        return ClientPacket(.connect(connect), source)
    }

    static func publish(
        _ topicName: String, _ payload: String, qos: DeliveryQoS = .atMostOnce, id: PacketID = 0,
        duplicate: Bool = false, retain: Bool = false
    ) -> ClientPacket {
        var source: [UInt8] = []
        let publish = Publish(
            duplicate: duplicate, qos: qos, retain: retain, topicName: source.appendRange(of: topicName), packetID: id,
            payload: source.appendRange(of: payload))
        return ClientPacket(.publish(publish), source)
    }

    static func subscribe(_ id: PacketID, _ filters: (String, DeliveryQoS)...) -> ClientPacket {
        var source: [UInt8] = []
        for (filter, qos) in filters {
            source.append(bigEndian: UInt16(filter.utf8.count))
            source.append(contentsOf: filter.utf8)
            source.append(qos.rawValue)
        }
        return ClientPacket(.subscribe(Subscribe(packetID: id, filters: source.indices)), source)
    }

    static func unsubscribe(_ id: PacketID, _ filters: String...) -> ClientPacket {
        var source: [UInt8] = []
        for filter in filters {
            source.append(bigEndian: UInt16(filter.utf8.count))
            source.append(contentsOf: filter.utf8)
        }
        return ClientPacket(.unsubscribe(Unsubscribe(packetID: id, filters: source.indices)), source)
    }

    static func publishAcknowledgement(_ id: PacketID) -> ClientPacket { ClientPacket(.publishAcknowledgement(id)) }
    static func publishReceived(_ id: PacketID) -> ClientPacket { ClientPacket(.publishReceived(id)) }
    static func publishRelease(_ id: PacketID) -> ClientPacket { ClientPacket(.publishRelease(id)) }
    static func publishComplete(_ id: PacketID) -> ClientPacket { ClientPacket(.publishComplete(id)) }

    /// Bytes as they are, well-formed or not.
    static func bytes(_ bytes: [UInt8]) -> ClientPacket { ClientPacket(bytes: bytes) }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private init(_ packet: Packet, _ source: [UInt8] = []) {
        bytes = []
        let span = source.span
        bytes.appendPacket(packet, from: span.bytes)
    }
}

extension [UInt8] {
    /// Appends the octets of `text` and says where they are.
    fileprivate mutating func appendRange(of text: String) -> ByteRange {
        let start = count
        append(contentsOf: text.utf8)
        return start..<count
    }
}
