import Time

/// When the gateway makes itself known, and when it keeps quiet for another one (MQTT-SN 1.2 §6.1).
struct Advertiser {
    private var interval: TimeSpan
    private var missedAdvertisements: Int
    private var isStandby: Bool
    /// When the last ADVERTISE went out; nil before the first.
    private var lastAdvertised: Instant?
    /// Until when a stand-by that has heard nobody waits for somebody; nil before the first look at the clock.
    private var patienceEnd: Instant?
    /// Until when each of the other gateways counts as active.
    private var othersActiveUntil: [UInt8: Instant] = [:]

    init(_ configuration: DiscoveryConfiguration) {
        interval = .seconds(Int(configuration.advertiseIntervalSeconds))
        missedAdvertisements = configuration.missedAdvertisements
        isStandby = configuration.isStandby
    }

    /// Goes on with other settings; what is known of other gateways stays.
    mutating func reconfigure(_ configuration: DiscoveryConfiguration) {
        let known = self
        self = Advertiser(configuration)
        (lastAdvertised, patienceEnd, othersActiveUntil) = (
            known.lastAdvertised, known.patienceEnd, known.othersActiveUntil
        )
    }

    /// TADV after the last ADVERTISE; nil before the first.
    private var planned: Instant? { lastAdvertised.map { $0 + interval } }

    /// Whether this gateway is the one that makes itself known.
    func isActive(at now: Instant) -> Bool { !isStandby || patienceEnd != nil && quietUntil <= now }

    private var quietUntil: Instant {
        othersActiveUntil.values.reduce(patienceEnd ?? Instant(nanoseconds: 0)) { max($0, $1) }
    }

    /// When the next ADVERTISE is due; what could not be sent stays due.
    mutating func nextAdvertise(at now: Instant) -> Instant {
        guard isStandby else { return planned ?? now }
        // A stand-by gives the active one the time of NADV advertisements to show itself.
        if patienceEnd == nil { patienceEnd = now + interval * missedAdvertisements }
        return max(planned ?? now, quietUntil)
    }

    mutating func hasAdvertised(at now: Instant) { lastAdvertised = now }

    /// Whether an ADVERTISE has gone out at `time` or later.
    func hasAdvertised(since time: Instant) -> Bool { lastAdvertised.map { $0 >= time } ?? false }

    /// Another gateway says that it is there, and when it will say so again; one with this one's number is another all
    /// the same.
    mutating func heardAdvertise(gatewayID other: UInt8, seconds: UInt16, at now: Instant) {
        guard isStandby else { return }
        othersActiveUntil[other] = now + TimeSpan.seconds(Int(seconds)) * missedAdvertisements
        patienceEnd = now
    }
}
