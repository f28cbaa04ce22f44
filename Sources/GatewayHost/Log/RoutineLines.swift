import Configuration
import GatewayCore

/// Which clients that come and go as they should have a line of their own: as long as there are few of them in a
/// minute. Else one line says each minute how many did what, until a minute has been quiet again.
///
/// A thousand sensors that connect once a minute would else write 250 MB a day, which wears out the flash memory of a
/// small machine.
struct RoutineLines {
    /// In nanoseconds.
    private static let minute: UInt64 = 60_000_000_000

    static func isRoutine(_ kind: ObservationKind) -> Bool {
        ObservationText.cause(of: kind) == .client && ObservationText.level(of: kind) == .info
    }

    var perMinute: Int
    /// The beginning of the minute that is counted; nil where nothing has happened in it.
    private var began: UInt64?
    private var counts = [Int](repeating: 0, count: ObservationKind.allCases.count)
    private var count = 0
    private var leftOutCount = 0
    private var isSummarizing = false

    init(perMinute: Int) { self.perMinute = perMinute }

    /// Counts something that has happened at `now`; whether it has a line of its own.
    mutating func take(_ kind: ObservationKind, at now: UInt64) -> Bool {
        if began == nil { began = now }
        counts[Int(kind.rawValue)] += 1
        count += 1
        if count > perMinute { isSummarizing = true }
        if isSummarizing { leftOutCount += 1 }
        return !isSummarizing
    }

    /// The end of a minute from which something was left out.
    var nextDeadline: UInt64? { leftOutCount > 0 ? began.map { $0 + Self.minute } : nil }

    /// Ends the minute where it is over.
    mutating func minutePasses(at now: UInt64, _ log: Log) {
        guard let began, now &- began >= Self.minute else { return }
        isSummarizing = count > perMinute
        tell(log)
    }

    /// Says what was left out, and begins a new minute.
    mutating func tell(_ log: Log) {
        if leftOutCount > 0 {
            let kinds = ObservationKind.allCases.filter { counts[Int($0.rawValue)] > 0 }
            let words = "clients in a minute (log.client_lines_per_minute):"
            var line = LogLine(.info, words, event: "clients_in_a_minute")
            line.circumstances = kinds.map { LogField($0.name, counts[Int($0.rawValue)]) }
            log.write(line)
            for kind in kinds { counts[Int(kind.rawValue)] = 0 }
        } else if count > 0 {
            for index in counts.indices { counts[index] = 0 }
        }
        (began, count, leftOutCount) = (nil, 0, 0)
    }
}
