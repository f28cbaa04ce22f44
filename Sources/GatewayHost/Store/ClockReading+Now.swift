import Bytes
package import Journal
import Transports

extension ClockReading.Boot {
    /// The run of the machine that goes on; where the kernel does not tell, one that is like no other but itself.
    package static let current: ClockReading.Boot = {
        let digits = BootClock.bootID ?? []
        guard let octets = Hexadecimal.octets(digits), octets.count == 16 else {
            return ClockReading.Boot(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
        }
        let span = octets.span
        return ClockReading.Boot(high: span.bytes.uint64(at: 0) ?? 0, low: span.bytes.uint64(at: 8) ?? 0)
    }()
}

extension ClockReading {
    /// This moment.
    package static var now: ClockReading {
        let wall = WallClock.now()
        return ClockReading(
            wall: UInt64(clamping: wall.seconds) &* 1_000_000_000 &+ UInt64(clamping: wall.nanoseconds),
            sinceBoot: BootClock.now(), boot: .current)
    }
}

extension ClockReading {
    /// By the clock on the wall, in UTC, such as `2026-11-29T18:14:02.118Z`.
    package var text: String {
        let milliseconds = wall / 1_000_000
        return Timestamp(
            secondsSince1970: Int64(clamping: milliseconds / 1_000), milliseconds: Int(milliseconds % 1_000)
        ).description
    }
}
