import Transports

/// Text for the person at the terminal.
enum Terminal {
    static func print(_ text: String) { write(Array((text + "\n").utf8)) }

    /// The octets as they are; false where nobody reads any more.
    @discardableResult
    static func write(_ bytes: [UInt8]) -> Bool { StandardOutput.write(bytes.span.bytes) }

    /// Says what went wrong, on standard error.
    static func complain(_ text: String) {
        // In the journal as loud as an error of the log.
        let priority = OutputTarget(of: PatientOutput.standardError) == .journal ? "<3>" : ""
        let bytes = Array((priority + "swiftlet: " + text + "\n").utf8)
        StandardError.write(bytes.span.bytes)
    }
}
