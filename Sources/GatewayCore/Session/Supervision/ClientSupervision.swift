import Time

/// How long a client may be silent, and when it was heard last (MQTT-SN 1.2 §6.11, §6.13, §6.14).
///
/// It owns the moments that the gateway judges a client by: when it was heard, when its connection began, and for how
/// long it has said it will sleep. While its new CONNECT is being carried out it is not judged: what it promised in the
/// session before is over for it.
///
/// Invariants: nothing is in the future; the Duration is that of the last DISCONNECT that had one.
struct ClientSupervision: Sendable {
    private(set) var lastHeard = Instant(nanoseconds: 0)
    /// When the client was told CONNACK last.
    private(set) var connectedSince = Instant(nanoseconds: 0)
    /// The last Duration of a DISCONNECT, in seconds.
    private var sleepSeconds: UInt16 = 0
    /// When it fell asleep last, in seconds that are cut to 16 bits.
    private var asleepSince: UInt16 = 0
    /// Whether a repeated DISCONNECT of the departed client is to be answered again.
    private(set) var hasSaidGoodbye = false

    /// Whether it was said that the sleeper is overdue.
    private var isToldOverdue = false

    /// Whether the gateway itself cannot send on the client's link, so that the client is neither asked nor judged.
    private(set) var isCutOff = false

    /// Whether the client was lost over a REGISTER and has come back, so that what it does not answer says nothing of
    /// whether it lives. Its keep-alive still does.
    private(set) var ignoresRegister = false

    mutating func lostOverRegister() { ignoresRegister = true }
    mutating func answeredRegister() { ignoresRegister = false }

    /// GW-61. What comes after a goodbye is late, and puts nothing off.
    mutating func heard(at now: Instant) {
        guard !hasSaidGoodbye else { return }
        lastHeard = now
        isToldOverdue = false
    }

    /// The client is connected, for the first time or anew.
    mutating func connected(at now: Instant) {
        lastHeard = now
        connectedSince = now
        hasSaidGoodbye = false
        isToldOverdue = false
    }

    /// The client falls asleep, for a new time or, without one, for the last again (GW-73).
    mutating func fellAsleep(for seconds: UInt16?, at now: Instant) {
        if let seconds { sleepSeconds = seconds }
        asleepSince = Self.seconds(now)
        lastHeard = now
        isToldOverdue = false
    }

    /// Whether a sleeper has let its Duration pass, and the tolerance, without coming for what waits for it; beyond
    /// 18 hours it may take that long again until it shows.
    func hasStayedAway(at now: Instant, _ configuration: Supervision) -> Bool {
        guard let allowance = configuration.allowance(forSeconds: sleepSeconds), !hasSaidGoodbye else { return false }
        return .seconds(Int(Self.seconds(now) &- asleepSince)) > allowance
    }

    private static func seconds(_ now: Instant) -> UInt16 {
        UInt16(truncatingIfNeeded: now.nanoseconds / 1_000_000_000)
    }

    /// When a sleeper is overdue of which that was not told yet: past its own Duration, for which others may wait for
    /// it, and before it is lost.
    func overdueDeadline(_ phase: SessionPhase) -> Instant? {
        guard phase == .asleep, !isCutOff, !hasSaidGoodbye, !isToldOverdue, sleepSeconds > 0 else { return nil }
        return lastHeard + .seconds(Int(sleepSeconds))
    }

    mutating func toldOverdue() { isToldOverdue = true }

    mutating func saidGoodbye() { hasSaidGoodbye = true }

    mutating func linkLost() { isCutOff = true }

    /// The client can be reached again. It was not silent of its own will, so its time begins anew.
    mutating func linkReturned(at now: Instant) {
        isCutOff = false
        heard(at: now)
    }

    /// When a silent client is given up, never while cut off: by its keep-alive while active, by its Duration while
    /// asleep (GW-62, GW-70).
    func silenceDeadline(_ phase: SessionPhase, keepAliveSeconds: UInt16, _ configuration: Supervision) -> Instant? {
        guard !isCutOff else { return nil }
        let seconds: UInt16
        switch phase {
        case .active where keepAliveSeconds == 0:
            return configuration.longestSilence.isZero ? nil : lastHeard + configuration.longestSilence
        case .active: seconds = keepAliveSeconds
        case .asleep: seconds = sleepSeconds
        case .awake, .connecting, .disconnected, .over: return nil
        }
        return configuration.allowance(forSeconds: seconds).map { lastHeard + $0 }
    }

    /// For how long the client has said that it would be silent at the most; nil where it has promised nothing.
    func promisedSilence(_ phase: SessionPhase, keepAliveSeconds: UInt16) -> TimeSpan? {
        let seconds = phase.isSleeping ? sleepSeconds : keepAliveSeconds
        return phase.isConnected && seconds > 0 ? .seconds(Int(seconds)) : nil
    }

    /// Whether a sleeping client has been silent for longer than its own Duration.
    func isOverdue(at now: Instant) -> Bool {
        !isCutOff && !hasSaidGoodbye && sleepSeconds > 0 && now.since(lastHeard) >= .seconds(Int(sleepSeconds))
    }

    /// - Returns: what does not hold; nil if all does.
    func checkInvariants(at now: Instant) -> String? {
        if lastHeard > now { return "a client was heard in the future" }
        if connectedSince > now { return "a client was connected in the future" }
        return nil
    }
}

// MARK: - Record

extension ClientSupervision {
    /// What must outlive the process.
    struct Record: Hashable, Sendable {
        /// How long ago the client was heard.
        var silence: TimeSpan
        /// How long ago it was told CONNACK.
        var connectedFor: TimeSpan
        var sleepSeconds: UInt16
        var ignoresRegister: Bool
    }

    func record(at now: Instant) -> Record {
        Record(
            silence: now.since(lastHeard), connectedFor: now.since(connectedSince), sleepSeconds: sleepSeconds,
            ignoresRegister: ignoresRegister)
    }

    init(_ record: Record, at now: Instant) {
        lastHeard = now - record.silence
        connectedSince = now - record.connectedFor
        sleepSeconds = record.sleepSeconds
        asleepSince = Self.seconds(now)
        ignoresRegister = record.ignoresRegister
    }
}

extension ClientSupervision.Record: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(silence, connectedFor, sleepSeconds, ignoresRegister) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(
            silence: reader.next(), connectedFor: reader.next(), sleepSeconds: reader.next(),
            ignoresRegister: reader.next())
    }
}
