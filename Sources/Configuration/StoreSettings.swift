package import Time

/// Where the gateway keeps its sessions over its own end, and what it does about a disk that fails.
package struct StoreSettings: Equatable, Sendable {
    /// What becomes of clients while nothing can be made durable.
    package enum FailurePolicy: String, Equatable, Sendable, CaseIterable {
        /// Nothing is said that would be a promise: clients repeat themselves until the disk is back.
        case refuse
        /// The gateway goes on without, and writes everything as soon as the disk is back.
        case memory
    }

    /// The directory; nil: sessions end with the process.
    package var directory: String?
    /// Octets of a file, 4 to 16 MiB.
    package var segmentByteCount = 4_194_304
    /// How long what changes first waits for other changes, so that they are made durable together; up to a second.
    package var commitDelay = TimeSpan.zero
    /// Octets that wait for the disk, and of what waits for them; at that the gateway takes in nothing more.
    package var queuedByteCount = 8_388_608
    package var failurePolicy = FailurePolicy.refuse

    package init() {}
}
