/// The comparison of a secret with what a stranger says it is.
package enum BearerToken {
    /// Whether both are the same, in a time that tells nothing of where they differ.
    package static func matches(_ given: [UInt8], _ secret: [UInt8]) -> Bool {
        var difference = given.count ^ secret.count
        for index in secret.indices {
            // A shorter one is compared with itself to its end; the lengths have told the difference.
            difference |= Int((given.isEmpty ? ~secret[index] : given[index % given.count]) ^ secret[index])
        }
        return difference == 0
    }
}
