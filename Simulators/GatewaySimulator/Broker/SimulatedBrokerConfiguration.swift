package import MQTT
package import Time

/// What a host or test decides about a simulated broker.
package struct SimulatedBrokerConfiguration: Equatable, Sendable {
    /// A CONNECT that the broker refuses.
    package struct ConnectRefusal: Equatable, Sendable {
        /// The client identifier it holds for; nil for all.
        package var clientID: [UInt8]?
        /// The CONNACK return code (MQTT 3.1.1 §3.2.2.3).
        package var returnCode: ConnectReturnCode

        package init(clientID: [UInt8]? = nil, returnCode: ConnectReturnCode) {
            self.clientID = clientID
            self.returnCode = returnCode
        }
    }

    /// A user name with its password.
    package struct Credentials: Equatable, Sendable {
        package var username: [UInt8]
        package var password: [UInt8]

        package init(username: [UInt8], password: [UInt8]) {
            self.username = username
            self.password = password
        }
    }

    /// Octets of one MQTT packet; a longer one closes its connection.
    package var maximumPacketByteCount = 1_048_576
    /// QoS 1 and 2 messages sent to one client and not completed; more than 65,534 count as that many, because each
    /// needs a packet identifier of its own.
    package var inFlightWindow = 20
    /// QoS 1 and 2 messages that wait for one session, connected or not; a message that finds no place is dropped.
    package var queuedMessagesPerSession = 1_000
    /// How long a connection may wait with its CONNECT packet (MQTT 3.1.1 §3.1.4 "a reasonable amount of time").
    package var connectTimeout = TimeSpan.seconds(30)
    /// The first refusal that names a client decides.
    package var connectRefusals: [ConnectRefusal] = []
    /// When not nil, a CONNECT without one of these is refused with return code 4.
    package var credentials: [Credentials]?
    /// Topic filters answered with SUBACK return code 0x80 (MQTT 3.1.1 §3.9.3).
    package var refusedTopicFilters: [[UInt8]] = []
    /// The QoS a subscription gets at most (MQTT 3.1.1 §3.8.4 lets the server grant less than was asked for).
    package var maximumGrantedQoS = DeliveryQoS.exactlyOnce

    /// Whether a message to a client gets the lowest packet identifier that is free, and not the next one.
    package var takesLowestPacketID = false
    /// Whether a client that comes back to its session is told again of the QoS 2 messages that it has not released.
    package var repeatsReceipts = false
    /// What clients say on these is good for so many seconds only (MQTT 5.0 §3.3.2.3.3).
    package var expiringTopicNames: [[UInt8]] = []
    package var expirySeconds: UInt32 = 0
    /// A message on one of these closes the connection it comes on, as brokers do with names that they do not like.
    package var closingTopicNames: [[UInt8]] = []

    /// What the broker does with a CONNECT of MQTT 5.0.
    package enum Version5: Equatable, Sendable {
        case takes
        /// As a broker of 3.1.1 does: CONNACK with the return code 1; the reason code 0x84; the end without a word.
        case refuses, refusesByReason, closes
    }

    package var version5 = Version5.refuses
    /// What a client of MQTT 5.0 is told not to exceed; one that does loses its connection.
    package var limits = BrokerLimits()
    /// What a client of MQTT 5.0 is told to keep to; nil for what it offers (MQTT 5.0 §3.2.2.3.14).
    package var serverKeepAliveSeconds: UInt16?

    /// Up to which a client of MQTT 5.0 may use Topic Aliases; 0: it is told of none (MQTT 5.0 §3.2.2.3.8).
    package var topicAliasMaximum: UInt16 = 0

    /// Messages of MQTT 5.0 at QoS 1 and 2 on one of these are refused as not authorized.
    package var refusedTopicNames: [[UInt8]] = []
    /// One of so many messages of MQTT 5.0 at QoS 1 and 2 is refused for the moment, as too many come; 0 for none.
    package var refusedShare = 0

    package init() {}
}

extension SimulatedBrokerConfiguration {
    /// Limits as a broker of MQTT 5.0 announces them (MQTT 5.0 §3.2.2.3); nil for what it does not mention.
    package struct BrokerLimits: Equatable, Sendable {
        package var receiveMaximum: UInt16?
        package var takesQoS2 = true
        package var takesRetained = true
        package var packetByteCount: UInt32?

        package init() {}
    }
}
