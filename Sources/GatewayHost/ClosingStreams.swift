import GatewayCore
import Transports

/// The broker connections that the core is done with and that still deliver their last bytes.
struct ClosingStreams {
    private var streams: [(id: UpstreamID, stream: TCPStream)] = []
    /// Those that have ended and of which the core has not been told.
    private var ended: [UpstreamID] = []

    /// A stream that never came to be has ended at once.
    mutating func insert(_ stream: TCPStream?, _ id: UpstreamID) {
        guard let stream, !stream.isClosed else { return ended.append(id) }
        streams.append((id, stream))
    }

    /// Takes those that have ended since the last look.
    mutating func takeEnded() -> [UpstreamID] {
        guard !streams.isEmpty || !ended.isEmpty else { return [] }
        for (id, stream) in streams where stream.isClosed { ended.append(id) }
        streams.removeAll { $0.stream.isClosed }
        defer { ended = [] }
        return ended
    }

    /// Whether all have delivered everything.
    var areDone: Bool { streams.allSatisfy { $0.stream.isClosed } }

    /// For the end of the process.
    mutating func leaveToSystem() {
        for (_, stream) in streams { stream.leaveToSystem() }
        streams = []
    }
}
