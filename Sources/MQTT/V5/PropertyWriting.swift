// Writing properties (MQTT 5.0 §2.2.2): a caller puts them one behind the other and hands them to its packet as they
// are.

import Bytes

extension [UInt8] {
    /// Appends a property that is a number.
    ///
    /// - Precondition: the property is of a type that is a number, which has room for `number`.
    public mutating func append(property identifier: PropertyIdentifier, _ number: UInt32) {
        append(identifier.rawValue)
        switch identifier.type {
        case .flag: append(UInt8(number))
        case .twoByteInteger: append(bigEndian: UInt16(number))
        case .fourByteInteger:
            append(bigEndian: UInt16(truncatingIfNeeded: number >> 16))
            append(bigEndian: UInt16(truncatingIfNeeded: number))
        case .variableByteInteger: append(remainingLength: Int(number))
        case .string, .binary, .stringPair: preconditionFailure("the property is no number")
        }
    }

    /// Appends a property that is a string or binary data.
    ///
    /// - Precondition: `octets` are at most 65,535, and well-formed where the property is a string.
    public mutating func append(property identifier: PropertyIdentifier, _ octets: RawSpan) {
        precondition(
            identifier.type == .string || identifier.type == .binary, "the property is no string and no binary data")
        append(identifier.rawValue)
        append(lengthPrefixed: octets)
    }

    /// Appends a User Property.
    ///
    /// - Precondition: name and value are well-formed strings of at most 65,535 octets each.
    public mutating func append(userProperty name: RawSpan, _ value: RawSpan) {
        append(PropertyIdentifier.userProperty.rawValue)
        append(lengthPrefixed: name)
        append(lengthPrefixed: value)
    }

    /// Appends the length of `properties` and then these.
    mutating func append(lengthPrefixedProperties properties: RawSpan) {
        append(remainingLength: properties.byteCount)
        append(properties)
    }
}

extension Packet5 {
    /// How many octets properties take with their length.
    static func sectionByteCount(_ propertyByteCount: Int) -> Int {
        RemainingLength.byteCount(of: propertyByteCount) + propertyByteCount
    }
}
