/// A point on the owner's monotonic clock; a link never reads a clock, it is told the time with every input.
package struct LinkInstant: Comparable, Hashable, Sendable {
    /// Nanoseconds since an origin that only the owner knows.
    package var nanoseconds: UInt64

    @inlinable
    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable
    package static func < (left: LinkInstant, right: LinkInstant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `span` later; saturates at the end of time instead of wrapping.
    @inlinable
    package static func + (instant: LinkInstant, span: LinkTimeSpan) -> LinkInstant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return LinkInstant(nanoseconds: overflow ? .max : sum)
    }
}

/// A length of time, never negative.
package struct LinkTimeSpan: Comparable, Hashable, Sendable {
    package var nanoseconds: UInt64

    @inlinable
    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// - Precondition: `count` is not negative.
    @inlinable
    package static func milliseconds(_ count: Int) -> LinkTimeSpan {
        LinkTimeSpan(nanoseconds: UInt64(count).multipliedReportingOverflow(by: 1_000_000).0)
    }

    @inlinable
    package static func < (left: LinkTimeSpan, right: LinkTimeSpan) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The span `factor` times; saturates.
    @inlinable
    package static func * (span: LinkTimeSpan, factor: Int) -> LinkTimeSpan {
        let (product, overflow) = span.nanoseconds.multipliedReportingOverflow(by: UInt64(max(0, factor)))
        return LinkTimeSpan(nanoseconds: overflow ? .max : product)
    }
}
