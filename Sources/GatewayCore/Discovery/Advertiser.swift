/// When the gateway makes itself known, and when it keeps quiet for another one (MQTT-SN 1.2 §6.1).
struct Advertiser {
    private let interval: TimeSpan
    private let missedAdvertisements: Int
    private let isStandby: Bool
    private let gatewayID: UInt8
    /// When the next ADVERTISE is due; nil before the first look at the clock.
    private var nextAdvertise: Instant?
    /// Until when another gateway counts as active.
    private var otherIsActiveUntil: Instant?

    init(_ configuration: DiscoveryConfiguration, gatewayID: UInt8) {
        interval = .seconds(Int(configuration.advertiseIntervalSeconds))
        missedAdvertisements = configuration.missedAdvertisements
        isStandby = configuration.isStandby
        self.gatewayID = gatewayID
    }

    /// Whether this gateway is the one that makes itself known.
    func isActive(at now: Instant) -> Bool {
        guard isStandby else { return true }
        guard let otherIsActiveUntil else { return false }
        return otherIsActiveUntil <= now
    }

    /// When `takeDue` must be called next.
    var nextDeadline: Instant? { nextAdvertise }

    /// Whether an ADVERTISE is to be sent now; plans the next one.
    mutating func takeDue(at now: Instant) -> Bool {
        // A stand-by gives the active one the time of NADV advertisements to show itself.
        if otherIsActiveUntil == nil { otherIsActiveUntil = isStandby ? now + interval * missedAdvertisements : now }
        guard isActive(at: now) else {
            nextAdvertise = otherIsActiveUntil
            return false
        }
        if let nextAdvertise, nextAdvertise > now { return false }
        nextAdvertise = now + interval
        return true
    }

    /// Another gateway says that it is there, and when it will say so again.
    mutating func heardAdvertise(gatewayID other: UInt8, seconds: UInt16, at now: Instant) {
        // Groups give back what is sent to them.
        guard isStandby, other != gatewayID else { return }
        let until = now + TimeSpan.seconds(Int(seconds)) * missedAdvertisements
        otherIsActiveUntil = max(otherIsActiveUntil ?? until, until)
        nextAdvertise = otherIsActiveUntil
    }
}
