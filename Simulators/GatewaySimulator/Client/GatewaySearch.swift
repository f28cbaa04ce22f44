import MQTTSN
package import Time

/// How a device that knows no gateway looks for one (MQTT-SN 1.2 §6.1), as a pure state machine.
///
/// The host sends the datagrams to a group, or to whom it chooses, and knows the address of who answered.
package struct GatewaySearch: Equatable, Sendable {
    /// What a datagram says about gateways.
    package enum Finding: Equatable, Sendable {
        /// GWINFO.
        case answered(gatewayID: UInt8)
        /// ADVERTISE; the next one comes in so many seconds.
        case advertised(gatewayID: UInt8, seconds: UInt16)
        /// Somebody searches; in a group it may be this device itself.
        case searched
        /// Another message, or none at all.
        case nothing
    }

    /// The broadcast radius of SEARCHGW in hops; 0 for the whole network.
    package let radius: UInt8
    /// How often SEARCHGW is sent before the search is given up; at least 1.
    package let attemptLimit: Int
    /// The time between the first two; it doubles each time (MQTT-SN 1.2 §6.1).
    package let firstInterval: TimeSpan

    /// When `deadlineReached` must come; nil while nobody searches.
    package private(set) var nextDeadline: Instant?
    private var attempts = 0
    /// Until the next SEARCHGW.
    private var interval: TimeSpan

    package init(radius: UInt8, attemptLimit: Int = 3, firstInterval: TimeSpan = .seconds(1)) {
        (self.radius, self.attemptLimit, self.firstInterval) = (radius, attemptLimit, firstInterval)
        interval = firstInterval
    }

    /// Whether an answer is awaited.
    package var isSearching: Bool { nextDeadline != nil }

    /// Appends the first SEARCHGW, and forgets a search before.
    package mutating func begin(at now: Instant, into datagram: inout [UInt8]) {
        (attempts, interval) = (0, firstInterval)
        search(at: now, into: &datagram)
    }

    /// Appends SEARCHGW once more, and returns whether it did: false means that nobody answers.
    package mutating func deadlineReached(at now: Instant, into datagram: inout [UInt8]) -> Bool {
        guard attempts < attemptLimit else {
            nextDeadline = nil
            return false
        }
        search(at: now, into: &datagram)
        return true
    }

    private mutating func search(at now: Instant, into datagram: inout [UInt8]) {
        nextDeadline = now + interval
        interval = interval * 2
        attempts += 1
        datagram.appendMessage(.searchGateway(radius: radius))
    }

    /// Reads a datagram; a gateway that shows itself ends the search.
    package mutating func receive(_ datagram: RawSpan) -> Finding {
        guard let message = try? Message.decode(datagram) else { return .nothing }
        switch message {
        case .gatewayInfo(let gatewayID, _):
            nextDeadline = nil
            return .answered(gatewayID: gatewayID)
        case .advertise(let gatewayID, let duration):
            nextDeadline = nil
            return .advertised(gatewayID: gatewayID, seconds: duration)
        case .searchGateway: return .searched
        case .connect, .connectAcknowledgement, .willTopicRequest, .willTopic, .willMessageRequest, .willMessage,
            .register, .registerAcknowledgement, .publish, .publishAcknowledgement, .publishComplete,
            .publishReceived, .publishRelease, .subscribe, .subscribeAcknowledgement, .unsubscribe,
            .unsubscribeAcknowledgement, .pingRequest, .pingResponse, .disconnect, .willTopicUpdate,
            .willTopicResponse, .willMessageUpdate, .willMessageResponse, .encapsulated:
            return .nothing
        }
    }
}
