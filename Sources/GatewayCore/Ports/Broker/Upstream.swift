import MQTT
import Time

/// One MQTT connection to the broker, from the wish for it to its end and its restoration.
struct Upstream: SlabElement {
    /// Whose connection it is.
    enum Owner: Equatable {
        /// QoS −1 publishes, and the gateway's own knowledge of whether the broker is there.
        case shared
        case session(SessionIndex)
        /// Looks whether the first broker is there again, and says nothing to it.
        case lookout
    }

    enum State: Equatable {
        case idle
        /// The host was asked for a stream.
        case opening
        /// CONNECT is sent.
        case connecting
        /// CONNACK came and accepted.
        case open
        /// DISCONNECT is sent, to come back with another CONNECT; what the broker had sent before it is still read.
        case leaving
        /// The client's connection before has not ended yet.
        case held
        /// It is to be opened when its turn comes (`ConnectionPace`).
        case queued
        /// CONNACK came and did not accept: there is nothing more to say before the stream is closed.
        case refused
        /// The last attempt failed; the next is due.
        case waiting
    }

    // In an order that leaves no gaps, as every client has one.

    var owner = Owner.shared
    var state = State.idle
    /// What is spoken on the stream.
    var version = ProtocolVersion.v3_1_1
    /// Whether the host could not write everything; then `queuedByteCount` octets wait in its queue.
    var isBlocked = false
    var streamID = UpstreamID(slot: 0, generation: 0)
    var decoder = PacketDecoder(maximumPacketByteCount: 0)
    /// What the broker has said on the stream that it does not take.
    var limits = BrokerLimits()

    /// The end of the current attempt, or of the pause before the next, or when waiting for its turn takes too long.
    var attemptDeadline = Instant(nanoseconds: 0)
    /// When the broker accepted the connection.
    var openedAt = Instant(nanoseconds: 0)

    var lastSent = Instant(nanoseconds: 0)
    var lastReceived = Instant(nanoseconds: 0)
    private var queuedOctets: UInt32 = 0
    /// The pause after the last attempt, where that failed or brought a connection that soon ended; 0: it did not.
    var pauseMilliseconds: UInt32 = 0
    /// When the PINGRESP must be here; nil when none is awaited.
    var pingResponseDeadline: Instant?

    /// Whether the host was asked not to read.
    var isPaused = false
    /// What the CONNECT said, in seconds.
    var keepAliveSeconds: UInt16 = 0
    /// Whether bytes that came before the pause are still in the decoder.
    var hasKeptBytes = false
    /// The place among the owner's brokers of the one that the stream goes to, or went.
    var broker: UInt8 = 0
    /// Brokers that could not be reached since the last pause.
    var triesInRow: UInt8 = 0

    static var vacant: Upstream { Upstream() }

    /// How much the host has still to write; nobody allows it to be 4 GiB.
    @inline(__always)
    var queuedByteCount: Int {
        get { Int(queuedOctets) }
        set { queuedOctets = UInt32(clamping: newValue) }
    }

    /// Whether a stream exists or is asked for.
    @inline(__always)
    var hasStream: Bool { state != .idle && state != .waiting && state != .held && state != .queued }

    /// Whether what the broker sends is a session's: it has accepted, and nothing has come after.
    @inline(__always)
    var speaksForBroker: Bool { state == .open || state == .leaving }

    /// When the connection must be looked at next.
    @inline(__always)
    var nextDeadline: Instant? {
        switch state {
        case .idle, .refused: return nil
        case .opening, .connecting, .leaving, .held, .queued, .waiting: return attemptDeadline
        case .open:
            let keepAlive = TimeSpan.seconds(Int(keepAliveSeconds))
            if isPaused { return lastSent + keepAlive }
            if let pingResponseDeadline { return pingResponseDeadline }
            return min(lastSent, lastReceived) + keepAlive
        }
    }

    /// Forgets what belonged to the last stream.
    mutating func resetStream(maximumPacketByteCount: Int) {
        decoder = PacketDecoder(maximumPacketByteCount: maximumPacketByteCount, version: version)
        limits = BrokerLimits()
        pingResponseDeadline = nil
        isBlocked = false
        queuedByteCount = 0
        isPaused = false
        hasKeptBytes = false
    }
}
