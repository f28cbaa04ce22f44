/// Whether the gateway has a broker to offer to clients (MQTT-SN 1.2 §6.1, GW-10).
package enum BrokerStanding: UInt8, Hashable, Sendable, CaseIterable {
    /// Nothing has come of the first attempt yet.
    case unknown
    /// It has accepted a CONNECT, of the gateway's own connection or of a client's.
    case reachable
    /// It answers, but accepts no CONNECT. Clients are asked for all the same: it may accept theirs.
    case refusing
    /// Nothing answers. Clients are told to wait, and not asked for.
    case unreachable
}
