import Glibc

/// What a program asks of its own process.
package enum ProcessControl {
    /// Ends the process with status `code`, 0 to 255.
    package static func exit(_ code: Int32) -> Never {
        Glibc.exit(code)
    }

    /// Whether `descriptor` is a terminal; 0, 1 and 2 are standard input, output and error.
    package static func isTerminal(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1
    }

    /// The value of the environment variable `name`; nil when it is not set.
    package static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// How many processors the system has for this process; at least 1.
    package static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// The number of this process in the system.
    package static var identifier: Int32 { getpid() }
}
