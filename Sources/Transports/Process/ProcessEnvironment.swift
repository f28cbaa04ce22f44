import Glibc

/// What the process was given by whoever started it.
package enum ProcessEnvironment {
    /// The value of an environment variable; nil where it is not set (environ(7)).
    package static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
