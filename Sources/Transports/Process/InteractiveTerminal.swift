import Glibc

/// The terminal at standard input and output, in which keys come one by one and are not shown (termios(3)).
///
/// What it was before is brought back by `restore`, and when a signal ends the process.
package struct InteractiveTerminal {
    /// The settings that a signal's handler brings back; nil while there is nothing to bring back.
    private nonisolated(unsafe) static var former: termios?

    /// Takes over the terminal; nil where standard input or output is none.
    package init?() {
        guard Self.isTerminal else { return nil }
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        Self.former = settings
        for signal in [SIGTERM, SIGHUP, SIGINT, SIGQUIT] { Glibc.signal(signal, Self.endBySignal) }
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        settings.c_iflag &= ~tcflag_t(IXON | ICRNL)
        guard tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0 else { return nil }
        Self.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Whether a person sits at both ends.
    package static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// How many columns and lines it shows; 80 and 24 where it does not tell.
    package static var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Shows `lines` in place of everything.
    package func show(_ lines: [String]) {
        Self.write("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    /// What keys have sent within `timeout` nanoseconds; empty where none was pressed, nil where nobody types any more.
    package func keys(within timeout: UInt64) -> [UInt8]? {
        var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, Int32(clamping: timeout / 1_000_000)) > 0 else { return [] }
        var chunk = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(STDIN_FILENO, &chunk, chunk.count)
        return count > 0 ? Array(chunk[..<count]) : nil
    }

    /// Brings back what was before.
    package func restore() {
        Self.write("\u{1B}[?25h\u{1B}[?1049l")
        if var former = Self.former { tcsetattr(STDIN_FILENO, TCSANOW, &former) }
        Self.former = nil
    }

    private static func write(_ text: String) {
        let octets = Array(text.utf8)
        writeAll(octets.span.bytes, to: STDOUT_FILENO)
    }

    /// Calls only what a signal's handler may call (signal-safety(7)).
    private static let endBySignal: @convention(c) (Int32) -> Void = { number in
        if var former = InteractiveTerminal.former { tcsetattr(STDIN_FILENO, TCSANOW, &former) }
        let escapes: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
        _ = Glibc.write(STDOUT_FILENO, escapes.utf8Start, escapes.utf8CodeUnitCount)
        _exit(128 + number)
    }
}
