package import Configuration
import Transports

/// Structured lines on standard error: time, level, what happened, and its circumstances as `key=value`.
///
/// Whoever reads the lines cannot hold up the gateway: those that nobody takes in time are left out and counted.
package final class Log {
    /// What the lines of one turn may wait for their reader together, in nanoseconds.
    private static let patiencePerTurn: UInt64 = 50_000_000

    package let level: LogLevel
    private let descriptor: Int32
    private var patience = patiencePerTurn
    private var leftOutCount = 0

    /// Writes lines of `level` and of those before it; not to standard error where a test gives another `descriptor`.
    package init(level: LogLevel, descriptor: Int32 = PatientOutput.standardError) {
        (self.level, self.descriptor) = (level, descriptor)
    }

    package func isOn(_ level: LogLevel) -> Bool { level <= self.level }

    /// Writes one line, whatever is in the text: line breaks and control characters are shown, not obeyed.
    package func write(_ level: LogLevel, _ text: String) {
        guard isOn(level) else { return }
        if leftOutCount > 0, put(.warning, "log lines left out, nobody took them in time: count=\(leftOutCount)") {
            leftOutCount = 0
        }
        if leftOutCount > 0 || !put(level, text) { leftOutCount += 1 }
    }

    /// Lets the next turn's lines wait anew, unless the last ones were in vain.
    package func turnEnded() { patience = leftOutCount > 0 ? 0 : Self.patiencePerTurn }

    private func put(_ level: LogLevel, _ text: String) -> Bool {
        let (seconds, nanoseconds) = WallClock.now()
        let stamp = Timestamp(secondsSince1970: seconds, milliseconds: Int(nanoseconds) / 1_000_000)
        let line = Array("\(stamp) \(level.label) \(LogText.visible(text))\n".utf8)
        return PatientOutput.write(line.span.bytes, to: descriptor, patience: &patience)
    }
}

extension LogLevel {
    /// The level's name, padded so that lines stand in columns.
    var label: String {
        switch self {
        case .error: "error"
        case .warning: "warn "
        case .info: "info "
        case .debug: "debug"
        case .trace: "trace"
        }
    }
}

/// Makes foreign text safe to show.
package enum LogText {
    /// A value in quotes where it holds anything but plain characters.
    package static func quoted(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let isPlain = text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        guard !isPlain || text.isEmpty else { return text }
        return "\"" + visible(String(text.flatMap { $0 == "\"" ? ["\\", $0] : [$0] })) + "\""
    }

    /// The text with control characters written as `\u{…}`.
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

/// A point in time as ISO 8601 in UTC, to the millisecond.
struct Timestamp: CustomStringConvertible {
    var secondsSince1970: Int64
    var milliseconds: Int

    var description: String {
        let (days, second) = (secondsSince1970 / 86_400, Int(secondsSince1970 % 86_400))
        let (year, month, day) = Self.civilDate(daysSince1970: Int(days))
        let date = "\(year)-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        let time =
            "\(Self.padded(second / 3600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))"
        return "\(date)T\(time).\(Self.padded(milliseconds, 3))Z"
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
