import GatewayCore

/// The broker connections that the core is done with and whose end is not told yet, in the order in which they were
/// closed.
///
/// At a broker that is slow to close they would use up the process's descriptors: beyond a limit the oldest are waited
/// for no longer, and hold no descriptor from then on.
struct ClosingStreams {
    private var streams: [UpstreamID: BrokerStream] = [:]
    /// Those that are waited for, and some that have ended; those before `first` are over.
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
        return streams.removeValue(forKey: id) != nil
    }

    /// The one that is waited for longest, where there are more than `limit`; from now on it is not.
    mutating func takeExcess(limit: Int) -> BrokerStream? {
        guard count > limit else { return nil }
        while first < order.count {
            let id = order[first]
            first += 1
            compact()
            guard let stream = streams[id], isCutShort.insert(id).inserted else { continue }
            return stream
        }
        return nil
    }

    mutating func removeAll() -> [BrokerStream] {
        defer { self = ClosingStreams() }
        return order[first...].compactMap { streams[$0] }
    }

    private mutating func compact() {
        guard first > 64, first * 2 > order.count else { return }
        order.removeFirst(first)
        first = 0
    }
}
