import GatewayCore

/// The broker connections in use, by the core's names for them.
struct StreamTable {
    private var streams: [BrokerStream?] = []

    subscript(_ id: UpstreamID) -> BrokerStream? {
        guard Int(id.slot) < streams.count, let stream = streams[Int(id.slot)], stream.id == id else { return nil }
        return stream
    }

    mutating func insert(_ stream: BrokerStream) {
        while streams.count <= Int(stream.id.slot) { streams.append(nil) }
        streams[Int(stream.id.slot)] = stream
    }

    /// Takes the stream out, unless its slot has gone to a newer one.
    mutating func remove(_ id: UpstreamID) -> BrokerStream? {
        guard let stream = self[id] else { return nil }
        streams[Int(id.slot)] = nil
        return stream
    }

    func forEach(_ body: (BrokerStream) -> Void) {
        for stream in streams { if let stream { body(stream) } }
    }

    /// Takes all streams out.
    mutating func removeAll() -> [BrokerStream] {
        defer { streams = [] }
        return streams.compactMap(\.self)
    }
}
