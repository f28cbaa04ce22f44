/// One thing that is wrong in a configuration file, and where.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file's name as the caller gave it.
    package var file: String
    /// Counted from 1.
    package var line: Int
    /// Counted from 1 in characters (Unicode scalars, so `é` and a tab are one each), not in octets.
    package var column: Int
    /// What is wrong, in words for the owner of the gateway.
    package var message: String

    /// `file:line:column: message`, the form that editors jump to.
    package var description: String { "\(file):\(line):\(column): \(message)" }
}

/// Everything that is wrong in one configuration file; never empty, sorted by position.
package struct ConfigurationErrors: Error, Equatable, Sendable, CustomStringConvertible {
    package var errors: [ConfigurationError]

    /// One error on each line.
    package var description: String { errors.map(\.description).joined(separator: "\n") }
}
