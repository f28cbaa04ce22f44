package import Configuration
import Transports

/// Structured lines on standard error: time, level, what happened, and its circumstances.
///
/// Whoever reads the lines cannot hold up the gateway: those that nobody takes in time are left out and counted.
package final class Log {
    /// What the lines of one turn may wait for their reader together, in nanoseconds.
    private static let patiencePerTurn: UInt64 = 50_000_000

    /// The level that the owner has chosen.
    private var chosenLevel: LogLevel
    /// Lines of this level and of those before it are written.
    package private(set) var level: LogLevel
    private var style: LogStyle
    private let descriptor: Int32
    private var patience = patiencePerTurn
    private var leftOutCount = 0

    /// Writes lines of `level` and of those before it; not to standard error where a test gives another `descriptor`.
    package init(
        level: LogLevel, format: LogFormat = .auto, descriptor: Int32 = PatientOutput.standardError
    ) {
        (self.level, chosenLevel, self.descriptor) = (level, level, descriptor)
        style = LogStyle(format, for: OutputTarget(of: descriptor))
    }

    /// Follows what the owner has chosen anew.
    package func follow(level: LogLevel, format: LogFormat) {
        (self.level, chosenLevel) = (level, level)
        style = LogStyle(format, for: OutputTarget(of: descriptor))
    }

    package func isOn(_ level: LogLevel) -> Bool { level <= self.level }

    /// Writes one line, whatever is in the text: line breaks and control characters are shown, not obeyed.
    package func write(_ level: LogLevel, _ text: String, event: String? = nil) {
        guard isOn(level) else { return }
        tell(LogLine(level, text, event: event))
    }

    package func write(_ line: LogLine) {
        if isOn(line.level) { tell(line) }
    }

    /// Writes what somebody has asked for just now, at whatever level.
    package func tell(_ line: LogLine) {
        if leftOutCount > 0 {
            let words = "log lines left out, nobody took them in time: count=\(leftOutCount)"
            if put(LogLine(.warning, words, event: "log_lines_left_out")) { leftOutCount = 0 }
        }
        if leftOutCount > 0 || !put(line) { leftOutCount += 1 }
    }

    /// Lets the next turn's lines wait anew, unless the last ones were in vain.
    package func turnEnded() { patience = leftOutCount > 0 ? 0 : Self.patiencePerTurn }

    /// One level more talkative than the owner has chosen, or as it has chosen again (SIGUSR2).
    package func switchTalkativeness() {
        let isReturning = level != chosenLevel
        level = isReturning ? chosenLevel : LogLevel(rawValue: chosenLevel.rawValue + 1) ?? chosenLevel
        let words =
            isReturning || level != chosenLevel
            ? "log level \(level.label) from now on, as SIGUSR2 asks"
            : "log level \(level.label): SIGUSR2 asks for more, and there is none"
        tell(LogLine(.info, words, event: "log_level_changed"))
    }

    private func put(_ line: LogLine) -> Bool {
        let (seconds, nanoseconds) = WallClock.now()
        let time = Timestamp(secondsSince1970: seconds, milliseconds: Int(nanoseconds) / 1_000_000)
        let bytes = Array("\(style.line(line, at: time))\n".utf8)
        return PatientOutput.write(bytes.span.bytes, to: descriptor, patience: &patience)
    }
}
