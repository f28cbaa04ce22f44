import GatewayCore
import HTTP
import Transports

/// Something that goes on and that connections follow; whoever follows is a reader.
protocol Feed: AnyObject {
    /// The media type of what the readers get.
    var contentType: String { get }

    func add(_ reader: HTTPConnection)

    /// Does nothing where the connection is no reader.
    func remove(_ reader: HTTPConnection)

    /// Hands what waits to the system, at the end of a turn.
    func flush()
}

/// A moment on the wall clock, for what is told of one on the loop's, past or to come.
struct WallTime {
    private let milliseconds: Int64

    /// That of `time`, in monotonic nanoseconds; now where it is nil.
    init(of time: UInt64? = nil) {
        let (seconds, nanoseconds) = WallClock.now()
        let age = time.map { Int64(bitPattern: MonotonicClock.now() &- $0) / 1_000_000 } ?? 0
        // Somebody may have set the clock back to a time before there were clocks.
        milliseconds = max(0, Int64(seconds) * 1_000 + Int64(nanoseconds) / 1_000_000 - age)
    }

    /// As ISO 8601 in UTC, to the millisecond.
    var text: String {
        Timestamp(secondsSince1970: milliseconds / 1_000, milliseconds: Int(milliseconds % 1_000)).description
    }
}
