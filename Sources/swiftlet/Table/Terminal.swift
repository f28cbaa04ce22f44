import Transports

/// Text for the person at the terminal.
enum Terminal {
    static func print(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        StandardOutput.write(bytes.span.bytes)
    }

    /// Says what went wrong, on standard error.
    static func complain(_ text: String) {
        let bytes = Array(("swiftlet: " + text + "\n").utf8)
        StandardError.write(bytes.span.bytes)
    }
}
