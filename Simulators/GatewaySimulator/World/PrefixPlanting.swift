import Bytes
import GatewayCore
import MQTT

/// What a canary that confuses prefixes knows of clients' connections to the broker.
struct PrefixPlanting {
    /// What stands before the topics of each client; only looked up, never iterated.
    let prefixes: [[UInt8]: [UInt8]]
    /// By connection, its own client's and that of the client before; only looked up, never iterated.
    private var connections: [UpstreamID: (own: [UInt8], former: [UInt8]?)] = [:]
    private var last: [UInt8]?

    init(_ rules: WorldRules) {
        prefixes = Dictionary(
            uniqueKeysWithValues: rules.clients.enumerated().map { (Array("c\($0)".utf8), $1.prefix) })
    }

    mutating func connects(_ clientID: [UInt8], on stream: UpstreamID) {
        guard let own = prefixes[clientID] else { return }
        connections[stream] = (own, last == own ? nil : last)
        last = own
    }

    func prefixes(on stream: UpstreamID) -> (own: [UInt8], former: [UInt8]?)? { connections[stream] }
}

extension PlantedGateway {
    /// Takes note of CONNECT; a PUBLISH goes up behind the prefix of the client whose connection was made before.
    mutating func mixPrefixes(_ canary: Canary, from first: Int, into effects: inout Effects) {
        for index in first..<effects.list.count {
            guard case .sendStream(let range, let stream) = effects.list[index], let packet = effects.packet(in: range)
            else { continue }
            let bytes = Array(effects.bytes[range])
            switch packet {
            case .connect(let connect): prefixPlanting.connects(Array(bytes[connect.clientID]), on: stream)
            case .publish(let publish):
                guard canary == .prefixMixed, let known = prefixPlanting.prefixes(on: stream),
                    let former = known.former, bytes[publish.topicName].starts(with: known.own)
                else { continue }
                let start = effects.bytes.count
                let topicName = former + bytes[publish.topicName].dropFirst(known.own.count)
                effects.bytes.append(publish, in: bytes, on: topicName)
                effects.list[index] = .sendStream(start..<effects.bytes.count, on: stream)
            default: break
            }
        }
    }

    /// Whatever the broker sends a client is taken for a topic of its own.
    func withForeignTopics(_ bytes: RawSpan, on stream: UpstreamID) -> [UInt8] {
        let read = bytes.copy(of: 0..<bytes.byteCount)
        guard let own = prefixPlanting.prefixes(on: stream)?.own else { return read }
        var decoder = PacketDecoder(maximumPacketByteCount: read.count)
        var (offset, changed, end) = (0, [UInt8](), 0)
        while case .frame(let range)? = try? decoder.next(in: bytes, at: &offset) {
            let frame = Array(read[range])
            end = range.upperBound
            if case .publish(let publish)? = try? Packet.decode(frame.span.bytes),
                !frame[publish.topicName].starts(with: own)
            {
                changed.append(publish, in: frame, on: own + frame[publish.topicName])
            } else {
                changed += frame
            }
        }
        return changed + read[end...]
    }
}

extension [UInt8] {
    /// Appends a PUBLISH that is another one, on another topic.
    fileprivate mutating func append(_ publish: Publish, in packet: [UInt8], on topicName: [UInt8]) {
        appendPublishPacket(
            duplicate: publish.duplicate, qos: publish.qos, retain: publish.retain, topicName: topicName.span.bytes,
            packetID: publish.packetID, payload: packet.span.bytes.extracting(publish.payload))
    }
}
