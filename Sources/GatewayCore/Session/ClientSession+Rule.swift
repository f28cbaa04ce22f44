import Bytes
import MQTTSN

// What the owner's rule allows the client (`ClientRule`).

extension ClientSession {
    /// The highest QoS that the client may ask for: the broker's, or less where the rule says so.
    @inline(__always)
    func maximumQoS(in environment: borrowing Environment) -> UInt8 {
        min(environment.configuration.upstream.maximumQoS, environment.identities.maximumQoS(identity))
    }

    /// Whether what is published with these flags goes on retained.
    @inline(__always)
    func passesRetain(_ flags: Flags, in environment: borrowing Environment) -> Bool {
        flags.retain && environment.identities.passesRetain(identity)
    }

    /// Whether the rule takes the QoS of what is published.
    @inline(__always)
    func takesQoS(_ qos: QoS, in environment: borrowing Environment) -> Bool {
        qos.rawValue <= environment.identities.maximumQoS(identity)
    }

    /// Whether the client may publish to the topic at that QoS; observes where not.
    @inline(__always)
    func mayPublish(to name: RawSpan, _ qos: QoS, in environment: inout Environment) -> Bool {
        if takesQoS(qos, in: environment), environment.identities.mayPublish(identity, to: name) { return true }
        environment.exceedsRule(name, clientID, identity, peer: route?.peer)
        return false
    }

    /// Whether the client may subscribe to the filter; observes where not.
    @inline(__always)
    func maySubscribe(to filter: RawSpan, in environment: inout Environment) -> Bool {
        if environment.identities.maySubscribe(identity, to: filter) { return true }
        environment.exceedsRule(filter, clientID, identity, peer: route?.peer)
        return false
    }

    // MARK: What stands before its topics at the broker

    /// Whether a topic of the client's still is one behind its prefix.
    @inline(__always)
    func hasRoomBehindPrefix(_ topic: RawSpan, in environment: borrowing Environment) -> Bool {
        guard !identity.isNone else { return true }
        return TopicRules.fits(topic, behind: environment.identities.topicPrefix(identity), environment.limits)
    }

    /// The part of the broker's topic name that is the client's, which is never empty; nil where the name has not its
    /// prefix, and so is none of its topics.
    @inline(__always)
    func ownTopic(_ name: ByteRange, of packet: RawSpan, in environment: borrowing Environment) -> ByteRange? {
        let prefix = environment.identities.topicPrefix(identity)
        guard !prefix.isEmpty else { return name }
        let start = name.lowerBound + prefix.count
        guard start < name.upperBound, packet.equals(prefix.span.bytes, in: name.lowerBound..<start) else { return nil }
        return start..<name.upperBound
    }

    /// A publish without a connection from where the client is: its own rule counts.
    func forwardQoSMinusOne(_ publish: Publish, _ datagram: RawSpan, in environment: inout Environment) {
        environment.forwardQoSMinusOne(
            publish, datagram, clientID: clientID, identity: environment.identities[identity], peer: route?.peer)
    }

    /// Drops a message that the broker should not send the client, and lets it forget that: a session that it keeps may
    /// have subscriptions of a time when the rules were others.
    mutating func dropByRule(_ publish: Publication, _ packet: RawSpan, in environment: inout Environment) {
        observe(.messageDroppedByRule(QualityOfService(publish.qos), octets: publish.payload.count), in: &environment)
        acknowledgeToBroker(publish.qos, publish.token, in: &environment)
        guard environment.identities.mayTellOfBroker(identity) else { return }
        environment.tell(
            packet.extracting(publish.topicName), Occurrence.brokerExceedsRule, of: clientID, peer: route?.peer)
    }
}

// A session that went along would be copied for what hardly ever happens.
extension Environment {
    /// What a client asks for is more than its rule allows.
    mutating func exceedsRule(_ topic: RawSpan, _ clientID: ClientID, _ identity: IdentityIndex, peer: PeerID?) {
        observe(.requestRefusedByRule, of: clientID, peer: peer)
        guard identities.mayTell(identity) else { return }
        tell(topic, Occurrence.clientExceedsRule, of: clientID, peer: peer)
    }

    /// Observes something about a topic, which comes behind the ClientId.
    fileprivate mutating func tell(
        _ topic: RawSpan, _ occurrence: (UInt16) -> Occurrence, of clientID: ClientID, peer: PeerID?
    ) {
        let told = topic.copy(of: 0..<min(topic.byteCount, Int(UInt16.max)))
        observe(occurrence(UInt16(clamping: told.count)), of: clientID, told, peer: peer)
    }
}
