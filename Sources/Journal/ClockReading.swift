import Bytes

/// A moment, on two clocks, so that another life of the process can tell how long ago it was.
package struct ClockReading: Hashable, Sendable {
    /// Which start of the machine the second clock counts from; such as /proc/sys/kernel/random/boot_id, 128 bits.
    package struct Boot: Hashable, Sendable {
        package var high: UInt64
        package var low: UInt64

        package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }
    }

    /// Octets of its form in a journal.
    static let byteCount = 32

    /// Nanoseconds since 1970 (CLOCK_REALTIME). People and NTP set this clock; without a battery it begins wrong.
    package var wall: UInt64
    /// Nanoseconds since the machine's start, suspended or not (CLOCK_BOOTTIME).
    package var sinceBoot: UInt64
    package var boot: Boot

    package init(wall: UInt64, sinceBoot: UInt64, boot: Boot) {
        (self.wall, self.sinceBoot, self.boot) = (wall, sinceBoot, boot)
    }

    /// Nanoseconds from `earlier` until this. Within one life of the machine they are exact; beyond it the wall clock
    /// is believed, and nil is returned where that went back: then nobody knows.
    package func since(_ earlier: ClockReading) -> UInt64? {
        if boot == earlier.boot, sinceBoot >= earlier.sinceBoot { return sinceBoot - earlier.sinceBoot }
        return wall >= earlier.wall ? wall - earlier.wall : nil
    }

    func write(to bytes: inout [UInt8]) {
        for number in [wall, sinceBoot, boot.high, boot.low] { bytes.append(bigEndian: number) }
    }

    /// Nil where the octets end before it does.
    init?(_ bytes: RawSpan, at offset: Int) {
        guard let wall = bytes.uint64(at: offset), let sinceBoot = bytes.uint64(at: offset &+ 8),
            let high = bytes.uint64(at: offset &+ 16), let low = bytes.uint64(at: offset &+ 24)
        else { return nil }
        self.init(wall: wall, sinceBoot: sinceBoot, boot: Boot(high: high, low: low))
    }
}
