import Configuration

/// How many lines of one sort the log takes in a second, since anybody can cause them.
struct LineAllowance {
    /// What the lines are about, in the plural.
    private let subject: String
    /// The configuration's key for `perSecond`.
    private let key: String
    /// Holds from the next second on.
    var perSecond: Int
    private var left: Int
    private var leftOutCount = 0

    init(_ subject: String, key: String, perSecond: Int) {
        (self.subject, self.key, self.perSecond) = (subject, key, perSecond)
        left = perSecond
    }

    /// Takes one line's place; false where there is none, and the line is left out.
    mutating func take() -> Bool {
        guard left > 0 else {
            leftOutCount += 1
            return false
        }
        left -= 1
        return true
    }

    /// Begins a new second and owns up to what was left out of the last one.
    mutating func refill(_ log: Log) {
        left = perSecond
        guard leftOutCount > 0 else { return }
        log.write(.info, "log lines about \(subject) left out: count=\(leftOutCount) (\(key))")
        leftOutCount = 0
    }
}
