/// What the broker is asked to publish when the client is lost.
struct StoredWill: Hashable, Sendable {
    var qos: QoS
    var retain: Bool
    var topic: [UInt8]
    var message: [UInt8] = []

    /// Whether there is anything to publish: a message may be empty, a topic not.
    var isComplete: Bool { !topic.isEmpty }
}

/// The answers a client is owed for its Will updates.
struct OwedWillResponses: OptionSet, Hashable, Sendable {
    let rawValue: UInt8
    static let topic = OwedWillResponses(rawValue: 1)
    static let message = OwedWillResponses(rawValue: 2)
}

/// A session's Will, and what of it the broker has not been told yet (MQTT-SN 1.2 §6.3, §6.4, AMB-16).
///
/// It owns the Will as the client has last said it. Where the broker must be told of a change, the keeper also owns,
/// until the broker has accepted it, the Will that was before (which holds again where the broker cannot be told),
/// what the last CONNECT said (the client may go on changing its mind while that is on its way), and which answers the
/// client waits for. A client that falls asleep waits no longer (GW-69), but the broker is still to be told: a copy of
/// the update that comes then is answered when the broker has the Will, like the first.
///
/// Invariants: answers are owed only during an update, and an update goes on only while the broker connection is being
/// made anew.
struct WillKeeper: Sendable {
    private struct Update: Sendable {
        /// What the Will was before.
        var former: StoredWill?
        /// What the last CONNECT told the broker.
        var told: StoredWill?
        var owed: OwedWillResponses = []
    }

    /// In a box of its own, as updates are rare.
    private indirect enum Work: Sendable {
        case none
        case underWay(Update)
    }

    /// What the client has last said; its topic may still be missing.
    private(set) var current: StoredWill?
    private var work = Work.none

    private var update: Update? {
        guard case .underWay(let update) = work else { return nil }
        return update
    }

    /// Whether the broker is to be told of a change and has not accepted it yet.
    var isUpdating: Bool {
        if case .none = work { return false }
        return true
    }

    /// The Will that there is anything of to publish.
    var complete: StoredWill? { current?.isComplete == true ? current : nil }

    // MARK: From the set-up

    /// A set-up has come to its end with this Will.
    mutating func replace(with will: StoredWill?) {
        current = will
        work = .none
    }

    // MARK: Updates

    /// Whether a change to `will` makes a difference for the broker, or comes while it is being told another.
    func concernsBroker(_ will: StoredWill?) -> Bool {
        isUpdating || current?.isComplete == true || will?.isComplete == true
    }

    /// The client changes its Will, and nobody else need know.
    mutating func change(to will: StoredWill?) { current = will }

    /// The client changes its Will, and has its answer when the broker has been told.
    mutating func change(to will: StoredWill?, owing response: OwedWillResponses) {
        var update = update ?? Update(former: current, told: complete)
        update.owed.insert(response)
        work = .underWay(update)
        current = will
    }

    /// The client has said again what the broker is being told.
    mutating func owe(_ response: OwedWillResponses) {
        guard var update else { return }
        update.owed.insert(response)
        work = .underWay(update)
    }

    /// The client waits for no answer any more.
    mutating func clientFellAsleep() {
        guard var update else { return }
        update.owed = []
        work = .underWay(update)
    }

    /// A CONNECT now tells the broker what the Will is.
    mutating func brokerIsTold() {
        guard var update else { return }
        update.told = complete
        work = .underWay(update)
    }

    /// Whether what the broker was told last is what there is to tell.
    var isBrokerTold: Bool {
        guard let update else { return true }
        return update.told == complete
    }

    /// The broker has accepted the Will.
    ///
    /// - Returns: the answers that the client has been waiting for.
    mutating func finishUpdate() -> OwedWillResponses {
        let owed = update?.owed ?? []
        work = .none
        return owed
    }

    /// The broker cannot be told: the Will before the update holds (GW-28).
    ///
    /// - Returns: the answers that the client has been waiting for.
    mutating func takeBackUpdate() -> OwedWillResponses {
        if let update { current = update.former }
        return finishUpdate()
    }

    /// - Returns: what does not hold; nil if all does.
    func checkInvariants(isRestoring: Bool) -> String? {
        isUpdating && !isRestoring ? "a Will update waits and nobody tells the broker" : nil
    }
}

// MARK: - Record

extension StoredWill: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(qos, retain, topic, message) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(qos: reader.next(), retain: reader.next(), topic: reader.next(), message: reader.next())
    }
}

extension WillKeeper {
    /// What must outlive the process. What the last CONNECT said is not in it, as the next one says everything.
    struct Record: Hashable, Sendable {
        /// An update that the broker has not accepted.
        struct Update: Hashable, Sendable {
            var former: StoredWill?
            var owed: OwedWillResponses
        }

        var current: StoredWill?
        var update: Update?

        /// The broker cannot be told: the Will before the update holds (GW-28).
        mutating func takeBackUpdate() {
            if let update { current = update.former }
            update = nil
        }
    }

    var record: Record {
        Record(current: current, update: update.map { Record.Update(former: $0.former, owed: $0.owed) })
    }

    init(_ record: Record) {
        current = record.current
        guard let update = record.update else { return }
        work = .underWay(Update(former: update.former, told: complete, owed: update.owed))
    }
}

extension WillKeeper.Record: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(current, update) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(current: reader.next(), update: reader.next())
    }
}

extension WillKeeper.Record.Update: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(former, owed.rawValue) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        former = try reader.next()
        owed = OwedWillResponses(rawValue: try reader.next { $0 <= 3 })
    }
}
