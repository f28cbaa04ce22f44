import Glibc

/// What a program asks of its own process.
package enum ProcessControl {
    /// Ends the process with status `code`, 0 to 255.
    package static func exit(_ code: Int32) -> Never {
        Glibc.exit(code)
    }
}
