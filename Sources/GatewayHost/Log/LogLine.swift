package import Configuration

/// One line of the log before it has a form: how loud it is, what happened, in which circumstances.
package struct LogLine {
    package var level: LogLevel
    /// The name of what happened, as in the metrics: `client_refused`; nil for what has none.
    package var event: String?
    /// The same in words; whatever is in them is shown, not obeyed.
    package var words: String
    /// What stands behind the words in every form, such as the client.
    package var circumstances: [LogField] = []
    /// What the words say already, once more for programs: only in the forms that these read.
    package var figures: [LogField] = []

    package init(_ level: LogLevel, _ words: String, event: String? = nil) {
        (self.level, self.words, self.event) = (level, words, event)
    }
}

/// A name and its value in a line of the log.
package struct LogField: Equatable {
    package enum Value: Equatable {
        case text(String)
        case number(Int)
    }

    /// In snake_case, such as `client`.
    package var name: String
    package var value: Value

    package init(_ name: String, _ text: String) { (self.name, value) = (name, .text(text)) }

    package init(_ name: String, _ number: Int) { (self.name, value) = (name, .number(number)) }
}

extension LogLevel {
    /// The level as lines say it.
    var label: String { self == .warning ? "warn" : "\(self)" }

    /// The priority as syslog numbers it (syslog(3)), from LOG_ERR to LOG_DEBUG.
    var priority: Int {
        switch self {
        case .error: 3
        case .warning: 4
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
