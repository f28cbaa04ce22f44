/// What a descriptor is ready for, or what its handler wants to hear about.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Reading would not block.
    package static let readable = Readiness(rawValue: 1)

    /// Writing would not block.
    package static let writable = Readiness(rawValue: 2)

    /// Both directions have ended; always reported, never asked for.
    package static let hangUp = Readiness(rawValue: 4)

    /// The descriptor has an error pending; always reported, never asked for.
    package static let failed = Readiness(rawValue: 8)
}

/// The owner of a descriptor, told by the event loop when the descriptor is ready.
package protocol ReadinessHandler: AnyObject {
    /// The descriptor is ready for `readiness`, which holds only what was asked for, `hangUp` and `failed`.
    func ready(_ readiness: Readiness)
}
