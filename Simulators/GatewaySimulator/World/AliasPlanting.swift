import Bytes
import GatewayCore
import MQTT

/// What a canary that keeps Topic Aliases over the end of their connection remembers of each client's.
struct AliasPlanting {
    private struct Alias {
        var stream: UpstreamID
        var topicName: [UInt8]
    }

    /// By the place of the connection and the alias; only looked up, never iterated.
    private var aliases: [[UInt32]: Alias] = [:]

    /// The gateway gives a topic an alias.
    ///
    /// - Returns: whether it stood for the same topic on an earlier stream of the connection, and not yet on this one.
    mutating func gives(_ alias: UInt32, to topicName: [UInt8], on stream: UpstreamID) -> Bool {
        let former = aliases.updateValue(Alias(stream: stream, topicName: topicName), forKey: [stream.slot, alias])
        return former.map { $0.stream != stream && $0.topicName == topicName } ?? false
    }
}

extension PlantedGateway {
    /// A topic that had an alias on the connection before is told by that alone.
    mutating func keepAliases(from first: Int, into effects: inout Effects) {
        for index in first..<effects.list.count {
            guard case .sendStream(let range, let stream) = effects.list[index] else { continue }
            let bytes = Array(effects.bytes[range])
            var added = AddedFields()
            guard case .publish(let publish)? = try? Packet.decode(bytes.span.bytes, .v5_0, &added),
                let alias = Packet5.number(.topicAlias, in: added.properties, of: bytes.span.bytes),
                !publish.topicName.isEmpty,
                aliasPlanting.gives(alias, to: Array(bytes[publish.topicName]), on: stream)
            else { continue }
            let start = effects.bytes.count
            effects.bytes.appendPublishHeader(
                duplicate: publish.duplicate, qos: publish.qos, retain: publish.retain, topicName: RawSpan(),
                packetID: publish.packetID, topicAlias: UInt16(alias), properties: RawSpan(),
                payloadByteCount: publish.payload.count)
            effects.bytes.append(contentsOf: bytes[publish.payload])
            effects.list[index] = .sendStream(start..<effects.bytes.count, on: stream)
        }
    }
}
