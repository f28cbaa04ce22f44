import GatewayCore

/// The broker connections that the core is done with and whose end is not told yet, in the order in which they were
/// closed.
///
/// At a broker that is slow to close they would use up the process's descriptors: beyond a limit the oldest are waited
/// for no longer, and hold no descriptor from then on.
struct ClosingStreams {
    private var streams: [UpstreamID: BrokerStream] = [:]
    /// Those that are there, and some that have ended; those before `first` have.
    private var order: [UpstreamID] = []
    private var first = 0
    private var isCutShort: Set<UpstreamID> = []

    var isEmpty: Bool { streams.isEmpty }
    /// Those that hold a descriptor.
    var count: Int { streams.count - isCutShort.count }

    mutating func append(_ stream: BrokerStream) {
        streams[stream.id] = stream
        order.append(stream.id)
    }

    /// - Returns: false where it was none of these.
    mutating func remove(_ id: UpstreamID) -> Bool {
        isCutShort.remove(id)
        guard streams.removeValue(forKey: id) != nil else { return false }
        skipEnded()
        return true
    }

    /// One that is waited for no longer, where there are more than `limit`: the oldest whose last octets, DISCONNECT
    /// among them, the system has, or where there is none the oldest.
    mutating func takeExcess(limit: Int) -> BrokerStream? {
        guard count > limit else { return nil }
        skipEnded()
        let waiting = order[first...].filter { streams[$0] != nil && !isCutShort.contains($0) }
        guard let id = waiting.first(where: { streams[$0]?.queuedByteCount == 0 }) ?? waiting.first else { return nil }
        isCutShort.insert(id)
        return streams[id]
    }

    mutating func removeAll() -> [BrokerStream] {
        defer { self = ClosingStreams() }
        return order[first...].compactMap { streams[$0] }
    }

    private mutating func skipEnded() {
        while first < order.count, streams[order[first]] == nil { first += 1 }
        guard first > 64, first * 2 > order.count else { return }
        order.removeFirst(first)
        first = 0
    }
}
