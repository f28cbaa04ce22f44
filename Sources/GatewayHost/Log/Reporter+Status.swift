import Configuration

// What the log tells of the gateway's status at the broker.

extension Reporter {
    /// More clients have gone than may wait for the deletion of what stands of them.
    func statusLeftBehind() {
        log.write(
            .warning,
            "more clients have gone than status.clients_per_second lets be deleted below status.topic: what stands"
                + " there of others goes when the gateway's own broker connection is next made",
            event: "status_left_behind")
    }
}
