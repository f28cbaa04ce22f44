import Bytes
import MQTTSN

/// What stands around a client's messages: the form of Length, and what a forwarder puts before them.
struct Envelope {
    /// The Wireless Node Id of the forwarder encapsulation (MQTT-SN 1.2 §5.5); nil: none.
    var nodeID: [UInt8]?
    var usesLongLength: Bool

    /// The longest datagram that UDP carries over IPv4.
    static let maximumDatagramByteCount = 65_507

    /// The datagram that carries `message`, which has the smallest Length form; nil when it would be too long.
    func datagram(carrying message: [UInt8]) -> [UInt8]? {
        let isShort = message.first != 1
        var datagram: [UInt8] = []
        if let nodeID {
            datagram += [UInt8(truncatingIfNeeded: 3 + nodeID.count), MessageType.encapsulated.rawValue, 0] + nodeID
        }
        if usesLongLength, isShort {
            datagram += [1, UInt8((message.count + 2) >> 8), UInt8((message.count + 2) & 0xFF)]
            datagram += message.dropFirst()
        } else {
            datagram += message
        }
        return datagram.count <= Self.maximumDatagramByteCount ? datagram : nil
    }

    /// The message in `datagram`, for this node; nil when it is none.
    func message(in datagram: [UInt8]) -> (message: Message, bytes: [UInt8])? {
        guard let outer = try? Message.decode(datagram.span.bytes) else { return nil }
        guard let nodeID else {
            if case .encapsulated = outer { return nil }
            return (outer, datagram)
        }
        guard case .encapsulated(let capsule) = outer, datagram[capsule.nodeID].elementsEqual(nodeID) else {
            return nil
        }
        let inner = Array(datagram[capsule.inner])
        guard let message = try? Message.decode(inner.span.bytes) else { return nil }
        return (message, inner)
    }
}
