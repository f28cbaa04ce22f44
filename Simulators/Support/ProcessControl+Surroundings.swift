// What a simulator asks of the terminal and the shell that started it.

import Glibc
package import Transports

extension ProcessControl {
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
}
