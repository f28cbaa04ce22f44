import GatewayCore

/// One key of the configuration file: what it may be, why it is there, and which field it fills.
struct Key<Target>: Sendable {
    /// With the tables it stands in: `broker.keep_alive_seconds`.
    let path: String
    /// What is allowed, in a few words: `1 to 65535 seconds`.
    let summary: String
    /// The same for the sentence "must be …".
    let expectation: String
    /// One line for the owner.
    let reason: String
    /// Whether the table is incomplete without it.
    private(set) var isRequired = false
    /// Puts the value into its field.
    let write: @Sendable (TOMLValue, inout Target) throws(KeyFailure) -> Void
    /// The field as it would stand in the file; nil when it is not set.
    let read: @Sendable (Target) -> String?

    /// The key, which must not be left out.
    var required: Key {
        var key = self
        key.isRequired = true
        return key
    }
}

/// Why a value was not taken.
enum KeyFailure: Error {
    /// It is of another kind or out of range; the text says what it is.
    case mismatch(found: String)
    /// It is of the right kind but wrong; the text follows the key's name.
    case wrong(String)
}

/// The fields' types; a key is one call of one of these.
extension Key {
    /// A number with its unit in words; the range lies within `Number`.
    static func integer<Number: FixedWidthInteger & Sendable>(
        _ path: String, _ field: any WritableKeyPath<Target, Number> & Sendable, _ range: ClosedRange<Int64>,
        _ unit: String, _ reason: String
    ) -> Key {
        integer(path, range, unit, reason) { value, target in
            guard let number = Number(exactly: value) else { return false }
            target[keyPath: field] = number
            return true
        } read: {
            "\($0[keyPath: field])"
        }
    }

    /// A length of time in whole seconds; the key's name ends in `_seconds`.
    static func seconds(
        _ path: String, _ field: any WritableKeyPath<Target, TimeSpan> & Sendable, _ range: ClosedRange<Int64>,
        _ reason: String
    ) -> Key {
        integer(path, range, "seconds", reason) { value, target in
            guard let count = Int(exactly: value) else { return false }
            target[keyPath: field] = .seconds(count)
            return true
        } read: {
            "\($0[keyPath: field].nanoseconds / 1_000_000_000)"
        }
    }

    private static func integer(
        _ path: String, _ range: ClosedRange<Int64>, _ unit: String, _ reason: String,
        write: @escaping @Sendable (Int64, inout Target) -> Bool, read: @escaping @Sendable (Target) -> String
    ) -> Key {
        let summary = "\(grouped(range.lowerBound)) to \(grouped(range.upperBound)) \(unit)"
        return Key(
            path: path, summary: summary, expectation: "an integer from \(summary)", reason: reason,
            write: { (value, target) throws(KeyFailure) in
                guard case .integer(let number) = value, range.contains(number), write(number, &target) else {
                    throw .mismatch(found: value.found)
                }
            }, read: read)
    }

    /// Text for a field of MQTT, which is UTF-8 without U+0000 (MQTT 3.1.1 §1.5.3); the range is in bytes.
    static func text(
        _ path: String, _ field: any WritableKeyPath<Target, [UInt8]> & Sendable, _ range: ClosedRange<Int>,
        _ reason: String
    ) -> Key {
        text(path, range, reason, write: { $1[keyPath: field] = $0 }, read: { $0[keyPath: field] })
    }

    /// The same where nothing is set unless the key is there.
    static func optionalText(
        _ path: String, _ field: any WritableKeyPath<Target, [UInt8]?> & Sendable, _ range: ClosedRange<Int>,
        _ reason: String
    ) -> Key {
        text(path, range, reason, write: { $1[keyPath: field] = $0 }, read: { $0[keyPath: field] })
    }

    private static func text(
        _ path: String, _ range: ClosedRange<Int>, _ reason: String,
        write: @escaping @Sendable ([UInt8], inout Target) -> Void, read: @escaping @Sendable (Target) -> [UInt8]?
    ) -> Key {
        let summary = "text of \(range.lowerBound) to \(range.upperBound) bytes"
        return Key(
            path: path, summary: summary, expectation: summary, reason: reason,
            write: { (value, target) throws(KeyFailure) in
                guard case .string(let text) = value else { throw .mismatch(found: value.found) }
                let bytes = Array(text.utf8)
                guard range.contains(bytes.count) else { throw .mismatch(found: "\(bytes.count) bytes") }
                guard !bytes.contains(0) else { throw .wrong("must not hold U+0000, which MQTT forbids") }
                write(bytes, &target)
            }, read: { read($0).map { "\"\(String(decoding: $0, as: UTF8.self))\"" } })
    }

    /// The name of one of a type's cases.
    static func choice<Choice: CaseIterable & Equatable & Sendable>(
        _ path: String, _ field: any WritableKeyPath<Target, Choice> & Sendable, _ reason: String
    ) -> Key {
        let summary = Choice.allCases.map { "\"\($0)\"" }.joined(separator: ", ")
        return Key(
            path: path, summary: summary, expectation: "one of " + summary, reason: reason,
            write: { (value, target) throws(KeyFailure) in
                guard case .string(let text) = value else { throw .mismatch(found: value.found) }
                guard let choice = Choice.allCases.first(where: { "\($0)" == text }) else {
                    throw .mismatch(found: quoted(text))
                }
                target[keyPath: field] = choice
            }, read: { "\"\($0[keyPath: field])\"" })
    }

    /// An address that `EndpointParser` reads.
    static func endpoint<Endpoint>(
        _ path: String, _ form: String, parse: @escaping @Sendable (String) -> Result<Endpoint, EndpointError>,
        write: @escaping @Sendable (Endpoint, inout Target) -> Void, read: @escaping @Sendable (Target) -> String,
        _ reason: String
    ) -> Key {
        Key(
            path: path, summary: form, expectation: "text of the form \(form)", reason: reason,
            write: { (value, target) throws(KeyFailure) in
                guard case .string(let text) = value else { throw .mismatch(found: value.found) }
                switch parse(text) {
                case .success(let endpoint): write(endpoint, &target)
                case .failure(let error): throw .wrong(error.message)
                }
            }, read: { "\"\(read($0))\"" })
    }
}

/// The number as TOML allows it to be written: from a million on with underscores between groups of three digits.
private func grouped(_ number: Int64) -> String {
    let digits = Array("\(number)")
    guard number >= 1_000_000 else { return String(digits) }
    let groups = stride(from: digits.count % 3 - 3, to: digits.count, by: 3)
        .map { String(digits[max(0, $0)..<($0 + 3)]) }
    return groups.filter { !$0.isEmpty }.joined(separator: "_")
}
