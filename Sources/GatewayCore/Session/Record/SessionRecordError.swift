/// Why octets are no session record.
package struct SessionRecordError: Error, Hashable, Sendable {
    /// What is wrong.
    package enum Reason: Hashable, Sendable {
        /// The octets end inside a field.
        case endsEarly
        /// The first octet is no version that is known here.
        case unknownVersion
        /// A field has a value that it cannot have.
        case unknownValue
        /// Something stands behind the last field.
        case endsLate
    }

    package var reason: Reason
    /// Where the field begins that is wrong.
    package var offset: Int
}
