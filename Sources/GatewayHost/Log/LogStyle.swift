import Configuration
import Transports

/// The form that lines of the log have where they are written; `log.format`, with "auto" made out.
enum LogStyle: Equatable {
    case text
    /// For a person: the local time, and colours if the terminal shows them.
    case terminal(showsColors: Bool)
    case journal
    case json
    case logfmt

    init(_ format: LogFormat, for target: @autoclosure () -> OutputTarget) {
        switch format {
        case .text: self = .text
        case .json: self = .json
        case .logfmt: self = .logfmt
        case .auto:
            switch target() {
            case .terminal(let showsColors): self = .terminal(showsColors: showsColors)
            case .journal: self = .journal
            case .other: self = .text
            }
        }
    }

    /// The line at that time, without its end.
    func line(_ line: LogLine, at time: Timestamp) -> String {
        switch self {
        case .text: "\(time) \(Self.padded(line.level)) \(Self.words(of: line))"
        case .terminal(let showsColors): Self.terminal(line, at: time, showsColors)
        case .journal: "<\(line.level.priority)>\(Self.words(of: line))"
        case .json: "{" + Self.fields(of: line, at: time).map(Self.json).joined(separator: ",") + "}"
        case .logfmt: Self.fields(of: line, at: time).map(Self.logfmt).joined(separator: " ")
        }
    }

    /// The level's name, so that lines stand in columns.
    private static func padded(_ level: LogLevel) -> String {
        level.label + String(repeating: " ", count: 5 - level.label.count)
    }

    private static func words(of line: LogLine) -> String {
        line.circumstances.reduce(LogText.visible(line.words)) { words, field in
            switch field.value {
            case .text(let text): "\(words) \(field.name)=\(LogText.quoted(text.utf8))"
            case .number(let number): "\(words) \(field.name)=\(number)"
            }
        }
    }

    private static func terminal(_ line: LogLine, at time: Timestamp, _ showsColors: Bool) -> String {
        let clock = time.local(offset: WallClock.localOffset(at: time.secondsSince1970))
        guard showsColors else { return "\(clock) \(padded(line.level)) \(words(of: line))" }
        // ECMA-48 §8.3.117, SGR: red, yellow, green, faint.
        let color =
            switch line.level {
            case .error: "31;1"
            case .warning: "33"
            case .info: "32"
            case .debug, .trace: "2"
            }
        return "\u{1B}[2m\(clock)\u{1B}[0m \u{1B}[\(color)m\(padded(line.level))\u{1B}[0m \(words(of: line))"
    }

    private static func fields(of line: LogLine, at time: Timestamp) -> [LogField] {
        [LogField("time", "\(time)"), LogField("level", line.level.label)]
            + (line.event.map { [LogField("event", $0)] } ?? []) + [LogField("message", line.words)]
            + line.circumstances + line.figures
    }

    private static func json(_ field: LogField) -> String {
        switch field.value {
        case .text(let text): "\"\(field.name)\":\(LogText.json(text))"
        case .number(let number): "\"\(field.name)\":\(number)"
        }
    }

    /// A value stands in quotes, and is escaped as in JSON, where it could be taken for more than one.
    private static func logfmt(_ field: LogField) -> String {
        switch field.value {
        case .text(let text):
            let isPlain = text.utf8.allSatisfy {
                0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\\")
            }
            return "\(field.name)=" + (isPlain && !text.isEmpty ? text : LogText.json(text))
        case .number(let number): return "\(field.name)=\(number)"
        }
    }
}
