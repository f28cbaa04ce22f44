import Time

/// How often in a row the broker has closed the gateway's own connection soon after accepting it, as it does while two
/// clients use one identifier (MQTT 3.1.1 §3.1.4).
struct ConnectionContest {
    /// Two that cut each other for ever come back after the longest pause between their attempts; twice the usual one.
    private static let shortLife = TimeSpan.seconds(120)
    /// Once can be a broker that restarts, and twice one that did not succeed.
    private static let tellingCount = 3

    private var count = 0

    /// Takes note that the broker has closed a connection after `life`.
    ///
    /// - Returns: how often that was in a row, where it is to be told: the third time, and whenever the number has
    ///   doubled since.
    mutating func closed(after life: TimeSpan) -> Int? {
        guard life < Self.shortLife else {
            count = 0
            return nil
        }
        count += 1
        let (multiple, rest) = count.quotientAndRemainder(dividingBy: Self.tellingCount)
        return rest == 0 && multiple & (multiple - 1) == 0 ? count : nil
    }
}
