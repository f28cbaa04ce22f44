/// A point in time as ISO 8601 in UTC, to the millisecond.
struct Timestamp: CustomStringConvertible {
    /// Not negative.
    var secondsSince1970: Int64
    var milliseconds: Int

    /// Such as `2026-11-29T18:14:02.118Z`.
    var description: String { "\(date)T\(time)Z" }

    /// As a clock on the wall shows it that is `offset` seconds ahead of UTC: `2026-11-29 19:14:02.118`.
    func local(offset: Int64) -> String {
        let shifted = Timestamp(secondsSince1970: max(0, secondsSince1970 + offset), milliseconds: milliseconds)
        return "\(shifted.date) \(shifted.time)"
    }

    private var date: String {
        let (year, month, day) = Self.civilDate(daysSince1970: Int(secondsSince1970 / 86_400))
        return "\(year)-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    }

    private var time: String {
        let second = Int(secondsSince1970 % 86_400)
        return "\(Self.padded(second / 3600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))"
            + ".\(Self.padded(milliseconds, 3))"
    }

    /// The Gregorian date, by counting 400-year cycles of days from 1 March of year 0.
    static func civilDate(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSince1970 + 719_468
        let cycle = shifted / 146_097
        let dayOfCycle = shifted % 146_097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
