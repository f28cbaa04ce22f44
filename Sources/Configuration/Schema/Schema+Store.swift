// The keys of `[store]`.

extension Schema {
    static let store: [Key<Settings>] = [
        .endpoint(
            "store.directory", "PATH", parse: EndpointParser.storeDirectory,
            write: { $1.host.store.directory = $0 }, read: { $0.host.store.directory },
            "Where sessions are kept over the gateway's own end, nobody else's; without the key they end with it."
        ).atStart,
        .choice(
            "store.on_error", \.host.store.failurePolicy,
            "While nothing can be written there: promise nothing, so that clients wait, or go on without."
        ).atStart,
        .milliseconds(
            "store.commit_milliseconds", \.host.store.commitDelay, 0...1_000,
            "How long a change waits for others, to be made durable with them: fewer writes, later answers."
        ).atStart,
        .integer(
            "store.segment_bytes", \.host.store.segmentByteCount, 4_194_304...16_777_216, "bytes",
            "Of one file; there are as many as it takes, and at most about twice what is kept."
        ).atStart,
        .integer(
            "store.queued_bytes", \.host.store.queuedByteCount, 1_048_576...1_073_741_824, "bytes",
            "What waits for the disk, with what is held back until that has it; beyond it nothing is taken in."
        ).atStart,
    ]
}
