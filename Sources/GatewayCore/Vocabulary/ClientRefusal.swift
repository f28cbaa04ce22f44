/// Why a CONNECT was refused that another configuration would take.
package enum ClientRefusal: UInt8, Hashable, Sendable, CaseIterable {
    /// The ClientId is longer than the limit.
    case clientIDTooLong = 1
    /// There is none (AMB-08).
    case noClientID
    /// The client is connected at another address, and addresses do not change (AMB-11).
    case addressChange
}
