package import TraceFile

/// The hash of what many gateways did, whatever the order in which they are counted in.
package struct CombinedHash: Equatable, Sendable {
    package private(set) var value: UInt64 = 0

    package init() {}

    /// Counts in the effects of the world that `seed` made.
    package mutating func add(_ hash: EffectHash, seed: UInt64) {
        var hash = hash
        hash.combine(seed)
        value &+= hash.value
    }
}
