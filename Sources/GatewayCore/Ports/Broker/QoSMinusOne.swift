import Bytes
import MQTTSN

// PUBLISH at QoS −1 (MQTT-SN 1.2 §6.8): without a connection, over the gateway's own one, never answered (GW-49).

extension Environment {
    /// `clientID` is that of the session at the sender's address, whose own pre-defined topics count, if there is one.
    mutating func forwardQoSMinusOne(
        _ publish: MQTTSN.Publish, _ datagram: RawSpan, clientID: ClientID?, peer: PeerID?
    ) {
        guard let isForwarded = publishOnShared(publish, datagram, clientID: clientID) else {
            observe(.qosMinusOneDropped, peer: peer, detail: Int(publish.topicID))
            return
        }
        observe(isForwarded ? .qosMinusOneForwarded : .qosMinusOneDropped, peer: peer)
    }

    /// Whether the connection took the message; nil where the policy or the reference does not allow it.
    private mutating func publishOnShared(_ publish: MQTTSN.Publish, _ datagram: RawSpan, clientID: ClientID?) -> Bool?
    {
        let retain = publish.flags.retain
        switch (publish.flags.topicIDType, configuration.qosMinusOne) {
        case (_, .off), (.reserved, _), (.shortName, .predefined): return nil
        case (.normal, .predefined), (.normal, .on):
            guard configuration.qosMinusOneFullNames,
                let end = endOfFullName(byteCount: Int(publish.topicID), in: publish.data, datagram)
            else { return nil }
            let name = datagram.extracting(publish.data.lowerBound..<end)
            return publishOnShared(name, datagram.extracting(end..<publish.data.upperBound), retain: retain)
        case (.predefined, .predefined), (.predefined, .on):
            guard let index = predefinedTopics.name(for: publish.topicID, clientID: clientID) else { return nil }
            let name = topicNames.name(index)
            return publishOnShared(name.span.bytes, datagram.extracting(publish.data), retain: retain)
        case (.shortName, .on):
            guard let name = Self.shortName(publish.topicID) else { return nil }
            return publishOnShared(name.span.bytes, datagram.extracting(publish.data), retain: retain)
        }
    }

    private mutating func publishOnShared(_ name: RawSpan, _ payload: RawSpan, retain: Bool) -> Bool {
        guard takes(name.byteCount + payload.byteCount, on: sharedUpstream) else { return false }
        publish(name, payload, qos: .atMostOnce, retain: retain, on: sharedUpstream)
        return true
    }

    /// Where the topic name ends that `data` begins with; nil where that is no topic name.
    private func endOfFullName(byteCount: Int, in data: ByteRange, _ datagram: RawSpan) -> Int? {
        guard byteCount <= data.count, byteCount <= limits.topicNameByteCount else { return nil }
        let end = data.lowerBound + byteCount
        return TopicRules.isValidName(datagram.extracting(data.lowerBound..<end)) ? end : nil
    }
}
