import Glibc

/// Who reads what is written to a descriptor, as far as it matters to the form of what is written.
package enum OutputTarget: Equatable, Sendable {
    /// A person; `showsColors` unless NO_COLOR is set (no-color.org) or the terminal is a "dumb" one (terminfo(5)).
    case terminal(showsColors: Bool)
    /// systemd's journal, which gives each line a time, and takes its priority from a number in `<>` (sd-daemon(3)).
    case journal
    /// A file, a pipe or whatever else.
    case other

    package init(of descriptor: Int32) {
        if isatty(descriptor) == 1 {
            let isDumb = ["", "dumb"].contains(ProcessEnvironment.value("TERM") ?? "")
            self = .terminal(showsColors: !isDumb && (ProcessEnvironment.value("NO_COLOR") ?? "").isEmpty)
        } else {
            self = Self.isJournal(descriptor) ? .journal : .other
        }
    }

    /// JOURNAL_STREAM names the journal's socket by its device and its inode, since the variable alone may be inherited
    /// by a program whose output goes elsewhere (systemd.exec(5)).
    private static func isJournal(_ descriptor: Int32) -> Bool {
        guard let name = ProcessEnvironment.value("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return name == "\(status.st_dev):\(status.st_ino)"
    }
}
