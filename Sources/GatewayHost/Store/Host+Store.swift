import Configuration
import Transports

// What can be seen of a store; nothing where none is kept.

extension Host {
    /// What keeps everything from leaving, in a sentence; nil where nothing does.
    var storeObstacle: String? {
        guard let keeping, keeping.failedSince != nil, keeping.settings.failurePolicy == .refuse else { return nil }
        return "the store cannot be written, and nothing leaves the gateway before that works again"
    }

    /// Nil where what is written becomes durable.
    var storeLook: TroubleText.Look? {
        guard let keeping, let since = keeping.failedSince, let error = keeping.lastError else { return nil }
        let span = TroubleText.words(forSeconds: Double(loop.now &- since) / 1_000_000_000)
        let consequence =
            storeObstacle == nil
            ? "sessions would not outlive the gateway now"
            : "nothing leaves the gateway, and no time passes for clients"
        return TroubleText.Look(
            sentence: "The store \(keeping.path) cannot be written, for \(span) (\(error)): \(consequence).",
            key: "store.on_error", isError: true)
    }

    func writeStore(to json: inout JSONText) {
        guard let keeping else { return }
        let store = keeping.store
        json.object("store") {
            $0.add("directory", keeping.path)
            $0.add("works", keeping.failedSince == nil)
            $0.add("failing_seconds", seconds: keeping.failedSince.map { Double((loop.now &- $0) / 1_000_000_000) })
            $0.add("error", keeping.lastError.map { "\($0)" })
            $0.add("sessions", store.keyCount)
            $0.add("bytes", store.byteCount)
            $0.add("live_bytes", store.liveByteCount)
            $0.add("queued_bytes", store.queuedByteCount)
            $0.add("held_bytes", keeping.heldByteCount)
            $0.add("free_bytes", freeByteCount(store.directory).map { Int(clamping: $0) })
            $0.add("datagrams_dropped", keeping.droppedDatagramCount)
            $0.add("slowest_commit_seconds", seconds: Double(store.statistics.slowestCommit) / 1_000_000_000)
        }
    }

    func writeStore(to metrics: inout MetricsText) {
        guard let keeping else { return }
        let (store, statistics) = (keeping.store, keeping.store.statistics)
        metrics.add(
            "swiftlet_store_works", .gauge, "Whether what is written to the store becomes durable.",
            keeping.failedSince == nil ? "1" : "0")
        metrics.add("swiftlet_store_sessions", .gauge, "Sessions that the store holds.", "\(store.keyCount)")
        metrics.add("swiftlet_store_bytes", .gauge, "Octets of the store's files.", "\(store.byteCount)")
        metrics.add("swiftlet_store_live_bytes", .gauge, "Octets of them that count.", "\(store.liveByteCount)")
        metrics.add(
            "swiftlet_store_queued_bytes", .gauge, "Octets that wait to be durable.", "\(store.queuedByteCount)")
        metrics.add(
            "swiftlet_store_held_bytes", .gauge, "Octets that wait for that, to be sent.", "\(keeping.heldByteCount)")
        if let free = freeByteCount(store.directory) {
            metrics.add("swiftlet_store_free_bytes", .gauge, "Octets that the store's file system has left.", "\(free)")
        }
        metrics.add(
            "swiftlet_store_datagrams_dropped", .counter, "Datagrams dropped, as too much waited for the store.",
            "\(keeping.droppedDatagramCount)")
        metrics.add("swiftlet_store_writes", .counter, "Changes that became durable.", "\(statistics.writeCount)")
        metrics.add("swiftlet_store_commits", .counter, "Times the device was waited for.", "\(statistics.commitCount)")
        metrics.add("swiftlet_store_written_bytes", .counter, "Octets that became durable.", "\(statistics.byteCount)")
        metrics.add(
            "swiftlet_store_last_commit_seconds", .gauge, "How long the device was last waited for.",
            "\(Double(statistics.lastCommit) / 1_000_000_000)")
        metrics.add(
            "swiftlet_store_slowest_commit_seconds", .gauge, "The longest that the device was waited for.",
            "\(Double(statistics.slowestCommit) / 1_000_000_000)")
    }

    /// Nil where the system does not tell.
    private func freeByteCount(_ directory: StoreDirectory) -> UInt64? { try? directory.freeByteCount() }

    /// Of what waits for the disk, and of what waits for that, the one that is more.
    var storeLimits: [(key: String, limit: Int, held: Int)] {
        guard let keeping else { return [] }
        let held = max(keeping.store.queuedByteCount, keeping.heldByteCount)
        return [("store.queued_bytes", keeping.settings.queuedByteCount, held)]
    }
}
