/// What one delivery is granted because its client does not say what it means, each a bounded number of times (GW-57).
///
/// It belongs to the first message and begins anew with the next. A client that answers with the code of an unsupported
/// message may mean that it has forgotten the topic id over its sleep, or that it takes no message with DUP: such
/// clients are at large, and what they mean shows when they are taken at that (AMB-18).
struct Indulgence: Sendable {
    /// How often the topic id has been told again because the client did not know it.
    private var renewals: UInt8 = 0
    /// Whether a refusal has been read as one of the topic id.
    private var hasReadRefusal = false
    /// Whether repetitions go out as if they were first copies.
    private(set) var goesWithoutDuplicateFlag = false
    /// Refusals that may still come for copies that went out with DUP.
    private var lateRefusals: UInt16 = 0

    /// Whether the topic id may be told once more.
    mutating func mayRenew(limit: Int) -> Bool {
        guard Int(renewals) < limit, renewals < .max else { return false }
        renewals += 1
        return true
    }

    /// Whether a refusal may stand for the denial of the topic id; once.
    mutating func mayReadAsDenial() -> Bool {
        defer { hasReadRefusal = true }
        return !hasReadRefusal
    }

    /// Whether a refusal may mean the DUP of a repetition, of which so many have gone out; once.
    mutating func mayLeaveOutDuplicateFlag(repetitionCount: UInt16) -> Bool {
        guard !goesWithoutDuplicateFlag, repetitionCount > 0 else { return false }
        goesWithoutDuplicateFlag = true
        lateRefusals = repetitionCount - 1
        return true
    }

    /// Whether a refusal is one of another copy with DUP, and says nothing of the one without.
    mutating func takeLateRefusal() -> Bool {
        guard lateRefusals > 0 else { return false }
        lateRefusals -= 1
        return true
    }
}
