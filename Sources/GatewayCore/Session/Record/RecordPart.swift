import Time

/// Something that a record is made of, and its octets; numbers have their most significant octet first.
protocol RecordPart {
    /// Appends the octets.
    func write(to bytes: inout [UInt8])
    /// Reads what `write` has written. Nothing is believed: whatever the octets are, there is a value or an error.
    init(from reader: inout RecordReader) throws(SessionRecordError)
}

/// Octets that nobody vouches for, read one field after the other.
struct RecordReader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: RawSpan) { self.bytes = bytes.withUnsafeBytes { [UInt8]($0) } }

    mutating func octet() throws(SessionRecordError) -> UInt8 {
        guard offset < bytes.count else { throw SessionRecordError(reason: .endsEarly, offset: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// The next field.
    mutating func next<Part: RecordPart>() throws(SessionRecordError) -> Part { try Part(from: &self) }

    /// The next field, which is one of few.
    mutating func next<Part: RecordPart>(where isPossible: (Part) -> Bool) throws(SessionRecordError) -> Part {
        let start = offset
        let part: Part = try next()
        guard isPossible(part) else { throw SessionRecordError(reason: .unknownValue, offset: start) }
        return part
    }

    /// There is nothing more.
    func end() throws(SessionRecordError) {
        guard offset == bytes.count else { throw SessionRecordError(reason: .endsLate, offset: offset) }
    }
}

extension [UInt8] {
    /// Appends one field after the other.
    mutating func write<each Part: RecordPart>(_ part: repeat each Part) { repeat (each part).write(to: &self) }
}

// MARK: Numbers

extension RecordPart where Self: FixedWidthInteger & UnsignedInteger {
    func write(to bytes: inout [UInt8]) {
        for shift in stride(from: Self.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: self >> shift))
        }
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        var value = Self.zero
        for _ in 0..<Self.bitWidth / 8 { value = value << 8 | Self(try reader.octet()) }
        self = value
    }
}

extension UInt16: RecordPart {}
extension UInt32: RecordPart {}
extension UInt64: RecordPart {}

extension UInt8: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.append(self) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { self = try reader.octet() }
}

extension Bool: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        let octet: UInt8 = try reader.next { $0 <= 1 }
        self = octet == 1
    }
}

extension TimeSpan: RecordPart {
    func write(to bytes: inout [UInt8]) { nanoseconds.write(to: &bytes) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        self.init(nanoseconds: try UInt64(from: &reader))
    }
}

/// Enumerations are their raw values.
extension RecordPart where Self: RawRepresentable, RawValue == UInt8 {
    func write(to bytes: inout [UInt8]) { bytes.append(rawValue) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        let start = reader.offset
        guard let value = Self(rawValue: try reader.octet()) else {
            throw SessionRecordError(reason: .unknownValue, offset: start)
        }
        self = value
    }
}

extension QoS: RecordPart {}

// MARK: Several of them

/// A list is its count and its elements. A count that lies costs nothing: no room is taken before an element is there.
extension Array: RecordPart where Element: RecordPart {
    func write(to bytes: inout [UInt8]) {
        UInt32(truncatingIfNeeded: count).write(to: &bytes)
        for element in self { element.write(to: &bytes) }
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        self = []
        for _ in 0..<(try UInt32(from: &reader)) { append(try Element(from: &reader)) }
    }
}

extension Optional: RecordPart where Wrapped: RecordPart {
    func write(to bytes: inout [UInt8]) {
        bytes.write(self != nil)
        if let self { self.write(to: &bytes) }
    }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        self = try Bool(from: &reader) ? try Wrapped(from: &reader) : nil
    }
}
