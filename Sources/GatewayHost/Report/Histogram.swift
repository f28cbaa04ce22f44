import Time

/// Times counted in buckets of fixed bounds, as Prometheus adds them up.
struct Histogram {
    /// The upper bound of each bucket in milliseconds, and as it is written in seconds; above the last there is one
    /// more.
    static let bounds: [(milliseconds: UInt64, seconds: String)] = [
        (5, "0.005"), (10, "0.01"), (25, "0.025"), (50, "0.05"), (100, "0.1"), (250, "0.25"), (500, "0.5"),
        (1_000, "1"), (2_500, "2.5"), (5_000, "5"), (10_000, "10"), (30_000, "30"), (60_000, "60"),
        (600_000, "600"), (3_600_000, "3600"),
    ]

    /// Not added up yet.
    private(set) var counts: [16 of UInt64] = .init(repeating: 0)
    private(set) var sum = 0.0

    var count: UInt64 { counts.indices.reduce(0) { $0 + counts[$1] } }

    mutating func add(_ span: TimeSpan) {
        sum += Double(span.nanoseconds) / 1_000_000_000
        var bucket = 0
        while bucket < Self.bounds.count, span.nanoseconds > Self.bounds[bucket].milliseconds * 1_000_000 {
            bucket += 1
        }
        counts[bucket] &+= 1
    }
}
