// What an owner decides about the log: how much it tells, and in which form.

/// How much the log tells; a level includes those before it.
package enum LogLevel: UInt8, Comparable, CaseIterable, Sendable {
    /// Something the owner must repair.
    case error
    /// Something that may need the owner.
    case warning
    /// Starts, stops, the broker and clients coming and going.
    case info
    /// Why a message was refused or dropped.
    case debug
    /// Every datagram.
    case trace

    /// The level that a person writes, in the configuration or on the command line; `warn` is as good as `warning`, as
    /// that is how lines of the log begin. nil where there is none of that name.
    package init?(named name: String) {
        guard let level = Self.allCases.first(where: { "\($0)" == name }) else {
            guard name == "warn" else { return nil }
            self = .warning
            return
        }
        self = level
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// The form of the log's lines.
package enum LogFormat: CaseIterable, Sendable {
    /// As whatever reads standard error needs it: with colours and the local time on a terminal, with priorities and
    /// without a time in systemd's journal, else as `text`.
    case auto
    /// Time, level and words, with the circumstances as `key=value`.
    case text
    /// One object of JSON (RFC 8259) on each line.
    case json
    /// Nothing but `key=value`.
    case logfmt
}
