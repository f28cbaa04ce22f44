import CLinux
import Glibc

/// The clock that deadlines are measured on: nanoseconds since an arbitrary start, never set back (CLOCK_MONOTONIC).
package enum MonotonicClock {
    /// The current time in nanoseconds.
    package static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

/// The clock that people read: seconds since 1970-01-01T00:00:00Z, for the time stamps of a log.
package enum WallClock {
    /// The current time as whole seconds since 1970 and the nanoseconds (0 to 999,999,999) past them.
    package static func now() -> (seconds: Int64, nanoseconds: Int32) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (Int64(time.tv_sec), Int32(time.tv_nsec))
    }

    /// By how many seconds the local time is ahead of UTC at `seconds` since 1970 (localtime_r(3)).
    package static func localOffset(at seconds: Int64) -> Int64 {
        var time = time_t(seconds)
        var local = tm()
        return localtime_r(&time, &local) == nil ? 0 : Int64(local.tm_gmtoff)
    }
}

/// The clock of one run of the machine, which goes on while that is suspended (CLOCK_BOOTTIME).
package enum BootClock {
    /// Nanoseconds since the machine's start.
    package static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// What the kernel calls this run of the machine: 32 hexadecimal digits; nil where it does not say (random(4)).
    package static var bootID: [UInt8]? {
        let path = "/proc/sys/kernel/random/boot_id"
        guard let text = try? FileReader.read(path: path, maximumByteCount: 256) else { return nil }
        let digits = text.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "\n") }
        return digits.count == 32 ? digits : nil
    }
}

extension Duration {
    /// The duration in whole nanoseconds; zero when negative, `UInt64.max` when it does not fit.
    var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflow || carry ? .max : sum
    }
}

extension UInt64 {
    /// This monotonic time plus `duration`, held at `UInt64.max` when it does not fit.
    package func advanced(by duration: Duration) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(duration.wholeNanoseconds)
        return overflow ? .max : sum
    }
}
