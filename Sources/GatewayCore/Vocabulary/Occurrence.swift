package import MQTT
package import MQTTSN
package import Time

/// What was observed, with what belongs to it; plain values, so that nothing is allocated to tell it.
package enum Occurrence: Equatable, Hashable, Sendable {
    // MARK: Clients come and go

    case clientConnected
    case clientResumed
    case clientMoved
    case clientDisconnected
    case clientLost
    /// By DISCONNECT with this Duration.
    case clientFellAsleep(seconds: UInt16)
    /// By PINGREQ: it gets what waits for it, and sleeps on.
    case clientWokeUp
    /// Asleep, and silent for longer than its own Duration; once, before it is lost.
    case clientOverdue
    /// CONNACK with a code other than accepted, and what it does not say. Of a ClientId that is not acceptable the
    /// beginning is told.
    case clientRefused(ReturnCode, because: ClientRefusal? = nil)
    /// No rule of the owner's admits it; told besides its refusal.
    case clientNotAdmitted
    case clientSetUpAbandoned
    /// The gateway told a client that its session is gone (GW-86).
    case clientDismissed
    /// A session gave its place to a newer client: a remembered one, or one whose client has done nothing but connect.
    case sessionEvicted(wasConnected: Bool)
    /// A session of an earlier life of the gateway, whose client was not heard since, ended for its client's CONNECT:
    /// the owner's rules are others now, and give that client another identity.
    case sessionDisowned

    // MARK: Wills

    /// In the broker's place, for a lost client whose Will the gateway held.
    case willPublished
    /// The gateway held the Will of a lost client, and the broker was away.
    case willNotPublished

    // MARK: Messages pass

    /// A client's message has gone to the broker for the first time.
    case messageForwarded(QualityOfService)
    /// The broker has acknowledged a client's message, so long after the client first said it.
    case messageAcknowledged(QualityOfService, after: TimeSpan)
    /// A client has said a PUBLISH again, or the network has doubled it.
    case messageRepeated(QualityOfService)
    /// The client has a message of the broker, so long after the broker sent it: by its acknowledgement, and at QoS 0
    /// as far as the link took it.
    case messageDelivered(QualityOfService, after: TimeSpan)
    /// The gateway has said something to a client again that needs an answer.
    case messageSentAgain
    /// The client took so long to answer what was said once.
    case clientAnswered(after: TimeSpan)
    /// The payload's octet count, as with all that is dropped; without a QoS the octets of a forwarder's datagram that
    /// was not looked into.
    case messageDroppedTooLong(QualityOfService?, octets: Int)
    /// Its time was up before the client could have it (MQTT 5.0 §3.3.2.3.3).
    case messageExpired(QualityOfService, octets: Int)
    /// Always QoS 0: what the queue does not take at QoS 1 and 2 the broker keeps.
    case messageDroppedQueueFull(octets: Int)
    case messageDroppedNotRegistered(QualityOfService, octets: Int)
    /// The octets of topic name and payload.
    case messageDroppedUpstreamDown(QualityOfService, octets: Int)
    case messageDroppedUpstreamBlocked(QualityOfService, octets: Int)
    /// A client's message that the broker has said it does not take; the payload's octet count.
    case messageExceedsBroker(BrokerLimit, octets: Int)
    /// At QoS 1 or 2: the client did not take it, too many like it wait, and the broker was told to forget it.
    case messageUndeliverable(QualityOfService, octets: Int)
    /// Once per session: messages are dropped because the client does not answer, or for want of a topic id.
    case clientMissesMessages
    /// A client's refusal (0x03) is taken for the denial of a topic id.
    case refusalReadAsDenial
    /// A client's refusal (0x03) is taken for one of a message because of its DUP.
    case refusalOfRepetition
    case qosMinusOneForwarded
    case qosMinusOneDropped
    /// The configuration does not allow it, or the reference leads to no topic name; with the TopicId of the message.
    case qosMinusOneRefused(QoSMinusOneRefusal, topicID: UInt16)
    /// Too much waits for the shared connection; the octets of what was dropped for it.
    case qosMinusOneBufferFull(octets: Int)
    /// At most once per client and minute: so many messages were dropped from its queue since the last.
    case queueDropsReported(count: Int)
    /// Once per absence and cause: so many messages will not reach the client, QoS 0 when it goes, all of a session
    /// that is over, and what was left to a broker that has then forgotten it.
    case absentClientsMessagesDropped(MissedMessages)

    // MARK: The gateway makes itself known

    case advertised
    case searchAnswered
    /// Another gateway uses this one's number (MQTT-SN 1.2 §5.3.8).
    case gatewayIDTaken(UInt8)
    /// An encapsulated message from a sender that is not allowed to forward.
    case forwarderRefused

    // MARK: The client broke the protocol or reached a limit

    /// With what it seems to be instead.
    case malformedDatagram(DecodeReason, ForeignProtocol? = nil)
    case truncatedDatagram
    /// A well-formed message that has no place here.
    case unexpectedMessage(MessageType)
    /// A message from a sender without a session.
    case strangerMessage(MessageType)
    case strangerAnswered
    case requestRefusedCongestion
    case requestRefusedInvalidTopic
    case requestRefusedNotSupported
    /// A PUBLISH, SUBSCRIBE or Will beyond what the owner's rule allows its client.
    case requestRefusedByRule
    /// The first of those in a session; the topic comes behind the ClientId.
    case clientExceedsRule(topicByteCount: UInt16)
    /// The broker has sent a client what the owner's rule does not let it subscribe to.
    case messageDroppedByRule(QualityOfService, octets: Int)
    /// The first of those in a session; the topic comes behind the ClientId.
    case brokerExceedsRule(topicByteCount: UInt16)

    /// That pre-defined topic, and perhaps further ones, means nothing to a client: with its ClientId in the place of
    /// `${client_id}` it would be no topic name.
    case predefinedTopicLeftOut(topicID: UInt16)

    // MARK: The broker

    case brokerReachable
    case brokerUnreachable
    /// One of several brokers, by its place among them, could not be reached: connections go to that other one.
    case brokerGivenUp(UInt8, for: UInt8)
    /// The first of several brokers is there again: connections go there.
    case brokerRegained
    /// On the gateway's own connection: a PINGRESP.
    case brokerAnswered(after: TimeSpan)
    /// The broker answers, but accepts no CONNECT.
    case brokerRefusing
    /// A client's connection has to wait for its turn.
    case connectionQueued(ConnectionBound)
    case upstreamOpened
    case upstreamLost(BrokerLoss)
    /// The third time in a minute; once until there has been a quiet hour.
    case upstreamLostRepeatedly(BrokerLoss)
    /// The broker has answered no QoS 2 message for that long, or, for 0 seconds, with PUBACK; once per session.
    case brokerIgnoresExactlyOnce(seconds: UInt16)
    /// The broker has taken the connection, and then ended it, or let the time pass, without an answer to CONNECT.
    case connectUnanswered(StreamEnd)
    /// What comes from the broker is no MQTT.
    case brokerSpeaksOtherProtocol(ForeignProtocol)
    case upstreamRestored
    /// CONNACK with a code other than accepted; without a ClientId it is the gateway's own connection.
    case upstreamRefused(ConnectReturnCode)
    /// The gateway's own connection was accepted and soon closed by the broker, so many times in a row: another client
    /// may have its identifier (MQTT 3.1.1 §3.1.4).
    case sharedConnectionContested(timesInARow: Int)
    /// The broker does not know MQTT 5.0: 3.1.1 is tried.
    case brokerVersionRefused
    /// DISCONNECT from the broker; without a ClientId on the gateway's own connection (MQTT 5.0 §3.14).
    case brokerDisconnected(ReasonCode)
    /// With that, or with a refusal, the broker has named another server, in so many octets behind the ClientId, which
    /// is empty for the gateway's own connection (MQTT 5.0 §3.2.2.3.16, §4.11).
    case brokerRefersElsewhere(byteCount: UInt16)
    /// The broker has refused a message or a subscription of a client's, in a packet of that type, and has said why.
    case brokerRefused(PacketType, ReasonCode)
    /// The broker refused a client's subscription (SUBACK 0x80, MQTT 3.1.1 §3.9.3).
    case subscriptionRefused
    case upstreamUnavailable(StreamEnd)
    case malformedPacket(PacketError)
    case unexpectedPacket(PacketType)
    case upstreamPaused
    case upstreamResumed
}
