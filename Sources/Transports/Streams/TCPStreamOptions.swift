import CLinux
import Glibc

/// How a TCP stream treats its peer and how much it holds for it.
package struct TCPStreamOptions: Equatable, Sendable {
    /// When the kernel asks a silent peer whether it is still there (tcp(7)); whole seconds count.
    package struct KeepAlive: Equatable, Sendable {
        /// The silence before the first probe.
        package var idle: Duration
        /// The time between two probes.
        package var interval: Duration
        /// The unanswered probes after which the connection is dead.
        package var probeCount: Int32

        package init(idle: Duration, interval: Duration, probeCount: Int32) {
            (self.idle, self.interval, self.probeCount) = (idle, interval, probeCount)
        }
    }

    /// How long connecting may take.
    package var connectTimeout: Duration = .seconds(10)

    /// How long `close` may take to deliver what is queued and see the peer close.
    package var lingerTimeout: Duration = .seconds(5)

    /// Probes to a silent peer; nil for none.
    package var keepAlive: KeepAlive?

    /// How long written octets may stay unacknowledged, or unread where the peer has no more room (TCP_USER_TIMEOUT);
    /// nil for the system's default.
    package var userTimeout: Duration?

    /// Octets read at once, if the loop has room for so many.
    package var readByteCount = 65_536

    /// More octets than this in the write queue close the stream.
    package var maximumQueuedByteCount = 4_194_304

    package init() {}

    /// A connection from whose other end nothing comes any more ends after so many seconds, at least 4, whether
    /// something was written or not.
    ///
    /// With a user timeout the kernel counts no probes: it gives up at the one that finds that the time is over. One
    /// that is lost on the way may be followed by another before.
    package mutating func noticeSilence(after seconds: Int) {
        let interval = max(1, seconds / 6)
        keepAlive = KeepAlive(
            idle: .seconds(Int64(seconds - 2 * interval)), interval: .seconds(Int64(interval)), probeCount: 2)
        userTimeout = .seconds(Int64(seconds))
    }

    /// Sets the options of a socket; none is essential, so a system that refuses one is let be.
    func apply(to descriptor: Int32) {
        let level = Int32(IPPROTO_TCP)
        SocketOption.trySet(TCP_NODELAY, level: level, to: Int32(1), on: descriptor)
        if let keepAlive {
            SocketOption.trySet(SO_KEEPALIVE, level: SOL_SOCKET, to: Int32(1), on: descriptor)
            SocketOption.trySet(TCP_KEEPIDLE, level: level, to: Self.seconds(keepAlive.idle), on: descriptor)
            SocketOption.trySet(TCP_KEEPINTVL, level: level, to: Self.seconds(keepAlive.interval), on: descriptor)
            SocketOption.trySet(TCP_KEEPCNT, level: level, to: keepAlive.probeCount, on: descriptor)
        }
    }

    /// Sets what holds only for a connection that is there, as connecting has a timeout of its own.
    func applyWhenOpen(to descriptor: Int32) {
        if let userTimeout {
            let milliseconds = max(1, Int32(clamping: userTimeout.wholeNanoseconds / 1_000_000))
            SocketOption.trySet(TCP_USER_TIMEOUT, level: Int32(IPPROTO_TCP), to: milliseconds, on: descriptor)
        }
    }

    private static func seconds(_ duration: Duration) -> Int32 {
        max(1, Int32(clamping: duration.components.seconds))
    }
}
