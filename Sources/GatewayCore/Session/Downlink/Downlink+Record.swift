import Time

// What of a client's deliveries must outlive the process.

extension Downlink {
    /// All that waits, with the numbers under which the client gets it, and what the broker knows besides. What is
    /// being said to the client is no part of it: the first message has its state, and is said again.
    struct Record: Hashable, Sendable {
        var numbers: DeliveryNumbers.Record
        var waiting: [StoredMessage.Record]
        var aside: SetAside.Record
        var memory: BrokerMemory.Record

        /// Everything that waits.
        var messages: [StoredMessage.Record] { waiting + aside.messages }
    }

    /// What is left without the connection; `isInDoubt` where the broker may have begun a new session with it.
    func record(
        at now: Instant, isInDoubt: Bool, in store: borrowing MessageStore, _ names: borrowing TopicNameTable
    ) -> Record {
        var record = Record(
            numbers: numbers.record(at: now), waiting: waiting.record(in: store, names),
            aside: aside.record(at: now, in: store, names), memory: memory.record)
        for index in record.waiting.indices {
            record.waiting[index].expiry = record.waiting[index].expiry?.recorded(at: now)
        }
        for index in record.aside.messages.indices {
            record.aside.messages[index].expiry = record.aside.messages[index].expiry?.recorded(at: now)
        }
        guard isInDoubt else { return record }
        for index in record.waiting.indices { record.waiting[index].doubt() }
        for index in record.aside.messages.indices { record.aside.messages[index].doubt() }
        record.memory.forgetTokens()
        return record
    }

    /// A record without fault, brought back.
    init(_ record: Record, at now: Instant, in store: inout MessageStore, _ names: inout TopicNameTable) {
        self.init(DeliveryNumbers(record.numbers, at: now))
        for message in record.waiting { append(store.insert(message, in: &names, at: now), in: &store) }
        if !record.aside.isNone { aside = SetAside(record.aside, at: now, in: &store, &names) }
        if !record.memory.isNone { memory = BrokerMemory(record.memory) }
    }
}

extension Downlink.Record {
    /// When its messages expire, in the order of `messages`.
    var expiries: [Expiry?] {
        get { messages.map(\.expiry) }
        set {
            for (index, expiry) in newValue.enumerated() {
                if index < waiting.count {
                    waiting[index].expiry = expiry
                } else {
                    aside.messages[index - waiting.count].expiry = expiry
                }
            }
        }
    }

    /// What a client's deliveries could not be; nil where they could.
    var fault: String? {
        if let fault = messages.lazy.compactMap(\.fault).first ?? aside.fault ?? memory.fault { return fault }
        let tokens = messages.map(\.token).filter { !$0.isNone }
        return Set(tokens).count == tokens.count ? nil : "a token is used twice"
    }
}

extension Downlink.Record: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(numbers, waiting, aside, memory) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        try self.init(numbers: reader.next(), waiting: reader.next(), aside: reader.next(), memory: reader.next())
    }
}

extension DeliveryQueue {
    func record(in store: borrowing MessageStore, _ names: borrowing TopicNameTable) -> [StoredMessage.Record] {
        var record: [StoredMessage.Record] = []
        for index in indices(in: store) { record.append(store.record(of: index, in: names)) }
        return record
    }
}
