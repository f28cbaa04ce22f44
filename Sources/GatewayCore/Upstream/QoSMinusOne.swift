import Bytes
import MQTT
import MQTTSN

// PUBLISH at QoS −1 (MQTT-SN 1.2 §6.8): without a connection, over the gateway's own one, never answered (GW-49).

extension Environment {
    /// `clientID` is that of the session at the sender's address, whose own pre-defined topics count, if there is one.
    mutating func forwardQoSMinusOne(
        _ publish: MQTTSN.Publish, _ datagram: RawSpan, clientID: ClientID?, peer: PeerID?
    ) {
        guard let name = qosMinusOneTopic(publish, clientID: clientID) else {
            observe(.qosMinusOneDropped, peer: peer, detail: Int(publish.topicID))
            return
        }
        defer { topicNames.release(name) }
        let isForwarded = self.publish(
            name, datagram.extracting(publish.data), qos: .atMostOnce, retain: publish.flags.retain, duplicate: false,
            packetID: 0, on: sharedUpstream)
        observe(isForwarded ? .qosMinusOneForwarded : .qosMinusOneDropped, peer: peer)
    }

    /// The topic, in use by the caller; nil where the policy or the reference does not allow it.
    private mutating func qosMinusOneTopic(_ publish: MQTTSN.Publish, clientID: ClientID?) -> TopicNameIndex? {
        switch (publish.flags.topicIDType, configuration.qosMinusOne) {
        case (_, .off), (.normal, _), (.reserved, _), (.shortName, .predefined): return nil
        case (.predefined, .predefined), (.predefined, .on):
            guard let name = predefinedTopics.name(for: publish.topicID, clientID: clientID) else { return nil }
            topicNames.use(name)
            return name
        case (.shortName, .on): return useShortName(publish.topicID)
        }
    }
}
