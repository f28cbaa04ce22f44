import GatewayCore

// What a test says of the room for messages.

extension Limits {
    /// What messages with payloads of so many octets count together, on names of three.
    static func queued(_ payloadByteCounts: Int...) -> Int {
        payloadByteCounts.reduce(0) { $0 + queuedByteCount(nameByteCount: 3, payloadByteCount: $1) }
    }
}
