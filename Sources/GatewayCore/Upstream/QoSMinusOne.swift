import Bytes
import MQTT
import MQTTSN

// PUBLISH at QoS −1 (MQTT-SN 1.2 §6.8): without a connection, over the gateway's own one, never answered (GW-49).

extension Environment {
    /// `clientID` is that of the session at the sender's address, whose own pre-defined topics count, if there is one.
    mutating func forwardQoSMinusOne(
        _ publish: MQTTSN.Publish, _ datagram: RawSpan, clientID: ClientID?, peer: PeerID?
    ) {
        var data = publish.data
        guard let name = qosMinusOneTopic(publish, datagram, &data, clientID: clientID) else {
            observe(.qosMinusOneDropped, peer: peer, detail: Int(publish.topicID))
            return
        }
        defer { topicNames.release(name) }
        let isForwarded = self.publish(
            name, datagram.extracting(data), qos: .atMostOnce, retain: publish.flags.retain, duplicate: false,
            packetID: 0, on: sharedUpstream)
        observe(isForwarded ? .qosMinusOneForwarded : .qosMinusOneDropped, peer: peer)
    }

    /// The topic, in use by the caller; nil where the policy or the reference does not allow it. A name inside `data` is
    /// taken out of it.
    private mutating func qosMinusOneTopic(
        _ publish: MQTTSN.Publish, _ datagram: RawSpan, _ data: inout ByteRange, clientID: ClientID?
    ) -> TopicNameIndex? {
        switch (publish.flags.topicIDType, configuration.qosMinusOne) {
        case (_, .off), (.reserved, _), (.shortName, .predefined): return nil
        case (.normal, .predefined), (.normal, .on):
            guard configuration.qosMinusOneFullNames else { return nil }
            return takeFullName(byteCount: Int(publish.topicID), from: &data, datagram)
        case (.predefined, .predefined), (.predefined, .on):
            guard let name = predefinedTopics.name(for: publish.topicID, clientID: clientID) else { return nil }
            topicNames.use(name)
            return name
        case (.shortName, .on): return useShortName(publish.topicID)
        }
    }

    private mutating func takeFullName(byteCount: Int, from data: inout ByteRange, _ datagram: RawSpan)
        -> TopicNameIndex?
    {
        guard byteCount <= data.count, byteCount <= limits.topicNameByteCount else { return nil }
        let end = data.lowerBound + byteCount
        let name = datagram.extracting(data.lowerBound..<end)
        guard TopicFilter.isValidName(name) else { return nil }
        data = end..<data.upperBound
        return topicNames.use(name)
    }
}
