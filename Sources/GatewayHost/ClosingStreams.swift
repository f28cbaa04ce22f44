import Transports

/// The broker connections that the core is done with and that still deliver their last bytes.
struct ClosingStreams {
    private var streams: [TCPStream] = []
    /// The length at which those that are closed by now are dropped, so that dropping them costs little per stream.
    private var sweepLength = 64

    mutating func insert(_ stream: TCPStream) {
        guard !stream.isClosed else { return }
        if streams.count >= sweepLength {
            streams.removeAll(where: \.isClosed)
            sweepLength = max(64, streams.count * 2)
        }
        streams.append(stream)
    }

    /// Whether all have delivered everything.
    var areDone: Bool { streams.allSatisfy(\.isClosed) }

    /// For the end of the process.
    mutating func leaveToSystem() {
        for stream in streams { stream.leaveToSystem() }
        streams = []
    }
}
