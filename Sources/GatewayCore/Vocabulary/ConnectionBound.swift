/// What keeps a connection to the broker waiting for its turn.
package enum ConnectionBound: UInt8, Hashable, Sendable, CaseIterable {
    /// So many are being made already.
    case handshakes
    /// So many have begun in this second.
    case connectsPerSecond
}
