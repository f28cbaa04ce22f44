import Bytes
import MQTT
import Testing
import Transports

/// A packet together with its octets, into which its ranges point.
struct HeardPacket {
    let packet: Packet
    let bytes: [UInt8]
}

/// An application message as MQTT carries it.
struct BrokerPublish: Equatable {
    var topic: String
    var payload: [UInt8]
    var qos = DeliveryQoS.atMostOnce
    var retain = false
}

/// One MQTT connection over a real TCP socket, from either side, that says and hears one packet at a time.
final class PacketStream {
    let socket: BlockingSocket
    private var decoder = PacketDecoder(maximumPacketByteCount: 1_048_576)
    private var heard: ArraySlice<HeardPacket> = []
    private(set) var hasEnded = false

    init(_ socket: BlockingSocket) { self.socket = socket }

    func send(_ packet: Packet, from source: [UInt8] = []) throws {
        var bytes: [UInt8] = []
        bytes.appendPacket(packet, from: source.span.bytes)
        try socket.write(bytes)
    }

    func publish(_ message: BrokerPublish, packetID: UInt16 = 0) throws {
        var bytes: [UInt8] = []
        let topic = octets(message.topic)
        bytes.appendPublishPacket(
            duplicate: false, qos: message.qos, retain: message.retain, topicName: topic.span.bytes,
            packetID: packetID, payload: message.payload.span.bytes)
        try socket.write(bytes)
    }

    /// The next packet; nil when none comes in time or the stream ends.
    func hear(within duration: Duration = generous) throws -> HeardPacket? {
        let deadline = Deadline(in: duration)
        while heard.isEmpty {
            guard !hasEnded, let input = socket.read(until: deadline) else { return nil }
            hasEnded = input.isEmpty
            try cut(input)
        }
        return heard.popFirst()
    }

    private func cut(_ input: [UInt8]) throws {
        var position = 0
        while true {
            switch try decoder.next(in: input.span.bytes, at: &position) {
            case .needsMore: return
            case .frame(let range): try note(Array(input[range]))
            case .assembled: try note(decoder.takeAssembled())
            }
        }
    }

    private func note(_ bytes: [UInt8]) throws {
        heard.append(HeardPacket(packet: try Packet.decode(bytes.span.bytes), bytes: bytes))
    }

    /// Whether the other side ends the stream in time, whatever it says before.
    func hearsEnd(within duration: Duration = generous) throws -> Bool {
        while try hear(within: duration) != nil {}
        return hasEnded
    }

    /// Ends the stream from this side.
    func end() { socket.shutDown() }

    /// The next packet must be a SUBSCRIBE; grants QoS 1.
    func grantSubscribe(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let next = try #require(try hear(), "no packet came", sourceLocation: sourceLocation)
        guard case .subscribe(let subscribe) = next.packet else {
            Issue.record("heard \(next.packet), expected SUBSCRIBE", sourceLocation: sourceLocation)
            return
        }
        let answer = SubscribeAcknowledgement(packetID: subscribe.packetID, returnCodes: 0..<1)
        try send(.subscribeAcknowledgement(answer), from: [1])
    }

    func expect(_ expected: Packet, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let next = try #require(try hear(), "no packet came", sourceLocation: sourceLocation)
        #expect(next.packet == expected, sourceLocation: sourceLocation)
    }

    /// The next packet must be a PUBLISH; returns it with its packet identifier.
    func expectPublish(
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (message: BrokerPublish, packetID: UInt16) {
        let next = try #require(try hear(), "no packet came", sourceLocation: sourceLocation)
        guard case .publish(let publish) = next.packet else {
            Issue.record("heard \(next.packet), expected PUBLISH", sourceLocation: sourceLocation)
            throw NothingCame(awaited: "PUBLISH")
        }
        let message = BrokerPublish(
            topic: String(decoding: next.bytes[publish.topicName], as: UTF8.self),
            payload: Array(next.bytes[publish.payload]), qos: publish.qos, retain: publish.retain)
        return (message, publish.packetID)
    }
}
