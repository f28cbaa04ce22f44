package import GatewayCore

/// Collects every event that a gateway was told, with the hash of all effects up to it.
package struct TraceRecorder: Sendable {
    package struct Entry: Sendable {
        package var event: Event
        package var bytes: [UInt8]
        package var now: Instant
        package var effectHash: UInt64
    }

    /// Of the gateway's latest life.
    package private(set) var entries: [Entry] = []

    package init() {}

    mutating func record(_ event: Event, _ bytes: [UInt8], at now: Instant, effectHash: UInt64) {
        entries.append(Entry(event: event, bytes: bytes, now: now, effectHash: effectHash))
    }

    /// A new gateway begins.
    mutating func restart() { entries.removeAll() }
}
