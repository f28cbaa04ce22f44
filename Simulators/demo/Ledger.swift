import MQTTSN

/// The account of everything that was sent and of what became of it.
struct Ledger {
    /// One message.
    struct Record {
        var payload: [UInt8]
        var sentAt: UInt64
        var arrivalCount = 0
        /// Nanoseconds until the listener, which slept, woke up.
        var waiting: UInt64 = 0
        /// Nanoseconds from the device to the listener, without those of `waiting`.
        var latency: UInt64 = 0
        /// At QoS 1 and 2: the sender was told that the broker has the message.
        var isAcknowledged = false
    }

    /// All messages of one device; the sequence number of a message is its index plus 1.
    struct Account {
        var plan: SenderPlan
        var records: [Record] = []

        var arrivedCount: Int { records.count { $0.arrivalCount > 0 } }
        var lostCount: Int { records.count - arrivedCount }
        var duplicateCount: Int { records.reduce(0) { $0 + max(0, $1.arrivalCount - 1) } }

        /// Sorted, in nanoseconds.
        var latencies: [UInt64] { records.filter { $0.arrivalCount > 0 }.map(\.latency).sorted() }

        /// Of those that waited for a sleeper; sorted, in nanoseconds.
        var waitingTimes: [UInt64] { records.filter { $0.waiting > 0 }.map(\.waiting).sorted() }
    }

    /// The Will of the device that dies.
    enum WillState: Equatable {
        case expected
        case diedAt(UInt64)
        /// Nanoseconds after the death.
        case appeared(after: UInt64)
    }

    private(set) var accounts: [Account]
    private(set) var will = WillState.expected
    /// How often the device that searched heard an ADVERTISE.
    private(set) var advertiseCount = 0
    private var isAdvertiseExpected = false
    /// Whatever must not happen where everything goes well, in words.
    private(set) var troubles: [String] = []

    init(_ plans: [SenderPlan]) { accounts = plans.map { Account(plan: $0) } }

    /// Notes a new message of device `index`; its payload begins with `#` and its sequence number.
    mutating func send(_ text: String, from index: Int, at time: UInt64) -> (sequence: Int, payload: [UInt8]) {
        let sequence = accounts[index].records.count + 1
        let payload = Array("#\(sequence) \(text)".utf8)
        accounts[index].records.append(Record(payload: payload, sentAt: time))
        return (sequence, payload)
    }

    mutating func acknowledge(_ sequence: Int, from index: Int) {
        guard accounts[index].records.indices.contains(sequence - 1) else { return }
        accounts[index].records[sequence - 1].isAcknowledged = true
    }

    /// What arrived: from which device, which text, and how long it took.
    struct Arrival {
        var account: Int
        var text: String
        var waiting: UInt64
        var latency: UInt64
    }

    /// Checks off a message that came to `listener`, which could hear it from `reachableSince`; nil when nobody sent it
    /// like this.
    mutating func arrive(
        _ payload: [UInt8], on topicName: String, at listener: String, reachableSince: UInt64, time: UInt64
    ) -> Arrival? {
        guard
            let index = accounts.firstIndex(where: { $0.plan.topicName == topicName && $0.plan.listener == listener }),
            let (sequence, text) = Self.read(payload),
            accounts[index].records.indices.contains(sequence - 1),
            accounts[index].records[sequence - 1].payload == payload
        else {
            note("\(listener) got a message on \(topicName) that nobody sent")
            return nil
        }
        var record = accounts[index].records[sequence - 1]
        let start = max(record.sentAt, reachableSince)
        let (waiting, latency) = (start &- record.sentAt, time &- start)
        record.arrivalCount += 1
        if record.arrivalCount == 1 { (record.waiting, record.latency) = (waiting, latency) }
        accounts[index].records[sequence - 1] = record
        return Arrival(account: index, text: text, waiting: waiting, latency: latency)
    }

    /// How many messages to `listener` are under way.
    func waitingCount(for listener: String) -> Int {
        accounts.filter { $0.plan.listener == listener }.reduce(0) { $0 + $1.lostCount }
    }

    /// Takes `#12 21.4 °C` apart.
    private static func read(_ payload: [UInt8]) -> (sequence: Int, text: String)? {
        guard payload.first == UInt8(ascii: "#") else { return nil }
        let parts = payload.dropFirst().split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard parts.count == 2, let sequence = Int(String(decoding: parts[0], as: UTF8.self)) else { return nil }
        return (sequence, String(decoding: parts[1], as: UTF8.self))
    }

    mutating func die(at time: UInt64) { will = .diedAt(time) }

    mutating func willAppeared(at time: UInt64) {
        switch will {
        case .diedAt(let death): will = .appeared(after: time &- death)
        case .expected: note("the Will appeared although its sensor lives")
        case .appeared: note("the Will appeared twice")
        }
    }

    mutating func hearAdvertise() { advertiseCount += 1 }

    mutating func expectAdvertise() { isAdvertiseExpected = true }

    mutating func note(_ trouble: String) { troubles.append(trouble) }

    // MARK: The verdict

    /// Everything that went wrong, in words; empty when everything arrived.
    var complaints: [String] {
        var list = accounts.flatMap(Self.complaints)
        switch will {
        case .appeared: break
        case .expected: list.append("the sensor that was to die did not")
        case .diedAt: list.append("the Will of the sensor that died did not appear")
        }
        if isAdvertiseExpected, advertiseCount == 0 { list.append("the gateway did not ADVERTISE itself") }
        return list + troubles
    }

    private static func complaints(about account: Account) -> [String] {
        let name = account.plan.name
        guard !account.records.isEmpty else { return ["\(name) could not send anything"] }
        var list: [String] = []
        if account.lostCount > 0 { list.append("\(name): lost \(numbers(account) { $0.arrivalCount == 0 })") }
        if account.plan.qos.isAcknowledged {
            let open = numbers(account) { !$0.isAcknowledged }
            if !open.isEmpty { list.append("\(name): not acknowledged \(open)") }
        }
        // QoS 1 may arrive twice; the others must not.
        if account.duplicateCount > 0, account.plan.qos != .atLeastOnce {
            list.append("\(name): arrived more than once \(numbers(account) { $0.arrivalCount > 1 })")
        }
        return list
    }

    /// The sequence numbers of some records, the first ten of them.
    private static func numbers(_ account: Account, where isWanted: (Record) -> Bool) -> String {
        let found = account.records.indices.filter { isWanted(account.records[$0]) }.map { "#\($0 + 1)" }
        return found.prefix(10).joined(separator: " ") + (found.count > 10 ? " and \(found.count - 10) more" : "")
    }
}

extension QualityOfService {
    /// Whether the sender of a PUBLISH gets an answer (MQTT-SN 1.2 §6.6).
    var isAcknowledged: Bool {
        switch self {
        case .minusOne, .atMostOnce: false
        case .atLeastOnce, .exactlyOnce: true
        }
    }

    /// As people write it, two characters wide.
    var label: String {
        switch self {
        case .minusOne: "−1"
        case .atMostOnce: " 0"
        case .atLeastOnce: " 1"
        case .exactlyOnce: " 2"
        }
    }
}
