/// What has passed over a link, and what was dropped and why; each number only grows.
package struct LinkCounters: Equatable, Sendable {
    /// Datagrams that came in and were handed on.
    package var received: UInt64 = 0
    /// Datagrams that were written to the line, resends included.
    package var transmitted: UInt64 = 0
    /// Datagrams of which the module said that they were delivered.
    package var delivered: UInt64 = 0
    /// Datagrams that were given to the module again, because it had no room or lost the way.
    package var resent: UInt64 = 0
    /// Datagrams that gave their place to a repetition, or to what made them pointless.
    package var replaced: UInt64 = 0
    /// How often sending paused for the module.
    package var pauses: UInt64 = 0

    // Dropped on the way out.

    package var refusedTooLong: UInt64 = 0
    package var refusedQueueFull: UInt64 = 0
    package var refusedLinkDown: UInt64 = 0
    package var refusedNotSendable: UInt64 = 0
    /// Dropped for a delivery status.
    package var undelivered: UInt64 = 0
    package var statusMissing: UInt64 = 0
    package var expired: UInt64 = 0
    /// Under way, or waiting, when the module reset, left its network or the line closed.
    package var lostWithLink: UInt64 = 0

    // Dropped on the way in.

    /// Frames with a good checksum that cannot be read.
    package var malformedFrames: UInt64 = 0
    /// Frames of types that are of no use here.
    package var otherFrames: UInt64 = 0
    package var emptyPayloads: UInt64 = 0
    package var oversizedPayloads: UInt64 = 0
    /// Packets from an address that nothing can be sent to.
    package var invalidSources: UInt64 = 0
    /// Packets that were not encrypted from end to end, where that is required.
    package var unencrypted: UInt64 = 0
    /// Packets for other Zigbee applications.
    package var foreignApplications: UInt64 = 0
    /// Statuses for frames that are not under way.
    package var unknownStatuses: UInt64 = 0
    /// Answers to commands that were not given.
    package var unknownAnswers: UInt64 = 0

    // Counted only.

    package var nodeIdentifications: UInt64 = 0
    /// Nodes that told, as they joined the network, where they are.
    package var announcements: UInt64 = 0
    package var routeRecords: UInt64 = 0
    package var ioSamples: UInt64 = 0
    package var modemStatuses: UInt64 = 0
    package var modemResets: UInt64 = 0
    /// Start-up sequences that were begun.
    package var starts: UInt64 = 0
    package var frameErrors: UInt64 = 0

    package init() {}

    /// Each number by its name.
    package var named: [(name: String, count: UInt64)] {
        [
            ("received", received),
            ("transmitted", transmitted),
            ("delivered", delivered),
            ("resent", resent),
            ("replaced", replaced),
            ("pauses", pauses),
            ("refusedTooLong", refusedTooLong),
            ("refusedQueueFull", refusedQueueFull),
            ("refusedLinkDown", refusedLinkDown),
            ("refusedNotSendable", refusedNotSendable),
            ("undelivered", undelivered),
            ("statusMissing", statusMissing),
            ("expired", expired),
            ("lostWithLink", lostWithLink),
            ("malformedFrames", malformedFrames),
            ("otherFrames", otherFrames),
            ("emptyPayloads", emptyPayloads),
            ("oversizedPayloads", oversizedPayloads),
            ("invalidSources", invalidSources),
            ("unencrypted", unencrypted),
            ("foreignApplications", foreignApplications),
            ("unknownStatuses", unknownStatuses),
            ("unknownAnswers", unknownAnswers),
            ("nodeIdentifications", nodeIdentifications),
            ("announcements", announcements),
            ("routeRecords", routeRecords),
            ("ioSamples", ioSamples),
            ("modemStatuses", modemStatuses),
            ("modemResets", modemResets),
            ("starts", starts),
            ("frameErrors", frameErrors),
        ]
    }
}
