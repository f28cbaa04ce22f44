import GatewayCore
import Time

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
    /// Whether a running gateway keeps its value until it is started anew.
    private(set) var needsRestart = false
    /// Whether the value is not to be shown.
    private(set) var isSecret = false
    /// Whether the value may name a file or a variable that has it (`SecretSource`).
    private(set) var maybeElsewhere = false
    /// Whether variables may stand in the value (`SecretSource`).
    private(set) var hasVariables = false
    /// Whether variables of a client may stand in the value (`ClientRule`).
    var isTemplate = false
    /// Puts the value into its field.
    var write: @Sendable (TOMLValue, inout Target) throws(KeyFailure) -> Void
    /// The field as it would stand in the file; nil when it is not set.
    let read: @Sendable (Target) -> String?

    /// The key, whose value is that of the start (`Settings.keepingStart(of:)`).
    var atStart: Key {
        var key = self
        key.needsRestart = true
        return key
    }

    /// The key, whose value nobody but its owner may see, and which may be elsewhere.
    var secret: Key {
        var key = elsewhere
        key.isSecret = true
        return key
    }

    /// The key, whose value may be in a file or in a variable.
    var elsewhere: Key {
        var key = self
        key.maybeElsewhere = true
        return key
    }

    /// The key, in whose value `${NAME}` stands for a variable.
    var withVariables: Key {
        var key = self
        key.hasVariables = true
        return key
    }

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
    /// Elements of the list are wrong; the texts follow the words "an element of" and the key's name.
    case wrongElements([SourceError])
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
        time(path, field, range, "seconds", nanoseconds: 1_000_000_000, reason)
    }

    /// A length of time in whole milliseconds; the key's name ends in `_milliseconds`.
    static func milliseconds(
        _ path: String, _ field: any WritableKeyPath<Target, TimeSpan> & Sendable, _ range: ClosedRange<Int64>,
        _ reason: String
    ) -> Key {
        time(path, field, range, "milliseconds", nanoseconds: 1_000_000, reason)
    }

    /// A length of time in units of so many nanoseconds; the range lies within `TimeSpan`.
    private static func time(
        _ path: String, _ field: any WritableKeyPath<Target, TimeSpan> & Sendable, _ range: ClosedRange<Int64>,
        _ unit: String, nanoseconds: UInt64, _ reason: String
    ) -> Key {
        integer(path, range, unit, reason) { value, target in
            guard let count = UInt64(exactly: value) else { return false }
            let (span, overflow) = count.multipliedReportingOverflow(by: nanoseconds)
            guard !overflow else { return false }
            target[keyPath: field] = TimeSpan(nanoseconds: span)
            return true
        } read: {
            "\($0[keyPath: field].nanoseconds / nanoseconds)"
        }
    }

    /// Yes or no.
    static func boolean(
        _ path: String, _ field: any WritableKeyPath<Target, Bool> & Sendable, _ reason: String
    ) -> Key {
        Key(
            path: path, summary: "true or false", expectation: "true or false", reason: reason,
            write: { (value, target) throws(KeyFailure) in
                guard case .boolean(let isOn) = value else { throw .mismatch(found: value.found) }
                target[keyPath: field] = isOn
            }, read: { "\($0[keyPath: field])" })
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
            }, read: { read($0).map { tomlString(String(decoding: $0, as: UTF8.self)) } })
    }

    /// The name of one of a type's cases, in lower case with hyphens, or another that `alias` knows.
    static func choice<Choice: CaseIterable & Equatable & Sendable>(
        _ path: String, _ field: any WritableKeyPath<Target, Choice> & Sendable,
        alias: @escaping @Sendable (String) -> Choice? = { _ in nil }, _ reason: String
    ) -> Key {
        let summary = Choice.allCases.map { "\"\(hyphenated($0))\"" }.joined(separator: ", ")
        return Key(
            path: path, summary: summary, expectation: "one of " + summary, reason: reason,
            write: { (value, target) throws(KeyFailure) in
                guard case .string(let text) = value else { throw .mismatch(found: value.found) }
                guard let choice = Choice.allCases.first(where: { hyphenated($0) == text }) ?? alias(text) else {
                    throw .mismatch(found: quoted(text))
                }
                target[keyPath: field] = choice
            }, read: { "\"\(hyphenated($0[keyPath: field]))\"" })
    }

    /// An address or a name that `EndpointParser` reads; where it may be unset, nil is read.
    static func endpoint<Endpoint>(
        _ path: String, _ form: String, parse: @escaping @Sendable (String) -> Result<Endpoint, EndpointError>,
        write: @escaping @Sendable (Endpoint, inout Target) -> Void, read: @escaping @Sendable (Target) -> String?,
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
            }, read: { read($0).map(tomlString) })
    }

    /// One speed of a serial line, or a list of speeds.
    static func speeds(
        _ path: String, _ field: any WritableKeyPath<Target, [Int]> & Sendable, _ reason: String
    ) -> Key {
        let summary = "bits per second, or a list of up to \(SerialPort.maximumSpeedCount)"
        return Key(
            path: path, summary: summary, expectation: "a number of " + summary, reason: reason,
            write: { (value, target) throws(KeyFailure) in
                switch value {
                case .integer:
                    target[keyPath: field] = try lineSpeeds(in: [TOMLElement(value: value, offset: 0)], isList: false)
                case .array(let elements):
                    guard 1...SerialPort.maximumSpeedCount ~= elements.count else {
                        throw .mismatch(found: "\(elements.count) elements")
                    }
                    target[keyPath: field] = try lineSpeeds(in: elements, isList: true)
                case .string, .float, .boolean, .table, .tables: throw .mismatch(found: value.found)
                }
            },
            read: { target in
                let speeds = target[keyPath: field]
                return speeds.count == 1 ? "\(speeds[0])" : "\(speeds)"
            })
    }

    /// A list of texts, of which each is parsed for itself; `form` is what they are, in a few words.
    static func list<Element>(
        _ path: String, _ field: any WritableKeyPath<Target, [Element]> & Sendable, upTo limit: Int, _ form: String,
        parse: @escaping @Sendable (String) -> Result<Element, EndpointError>,
        write name: @escaping @Sendable (Element) -> String, _ reason: String
    ) -> Key {
        list(
            path, upTo: limit, form, parse: parse, store: { $1[keyPath: field] = $0 }, fetch: { $0[keyPath: field] },
            write: name, reason)
    }

    static func list<Element>(
        _ path: String, upTo limit: Int, _ form: String,
        parse: @escaping @Sendable (String) -> Result<Element, EndpointError>,
        store: @escaping @Sendable ([Element], inout Target) -> Void,
        fetch: @escaping @Sendable (Target) -> [Element]?, write name: @escaping @Sendable (Element) -> String,
        _ reason: String
    ) -> Key {
        let summary = "list of up to \(grouped(Int64(limit))) \(form)"
        return Key(
            path: path, summary: summary, expectation: "a " + summary, reason: reason,
            write: { (value, target) throws(KeyFailure) in
                guard case .array(let elements) = value else { throw .mismatch(found: value.found) }
                guard elements.count <= limit else { throw .mismatch(found: "\(elements.count)") }
                store(try parsed(elements, by: parse), &target)
            },
            read: { target in
                fetch(target).map { "[" + $0.map { tomlString(name($0)) }.joined(separator: ", ") + "]" }
            })
    }
}

/// All elements as `parse` reads them, or all that are wrong.
private func parsed<Element>(
    _ elements: [TOMLElement], by parse: (String) -> Result<Element, EndpointError>
) throws(KeyFailure) -> [Element] {
    var found: [Element] = []
    var errors: [SourceError] = []
    for element in elements {
        guard case .string(let text) = element.value else {
            errors.append(SourceError(offset: element.offset, message: "must be text; found \(element.value.found)"))
            continue
        }
        switch parse(text) {
        case .success(let value): found.append(value)
        case .failure(let error): errors.append(SourceError(offset: element.offset, message: error.message))
        }
    }
    guard errors.isEmpty else { throw .wrongElements(errors) }
    return found
}

/// The speeds as numbers, or all that no serial line runs at or that come again.
private func lineSpeeds(in elements: [TOMLElement], isList: Bool) throws(KeyFailure) -> [Int] {
    var found: [Int] = []
    var errors: [SourceError] = []
    for element in elements {
        guard case .integer(let number) = element.value, let speed = Int(exactly: number),
            SerialPort.possibleSpeeds.contains(speed)
        else {
            let possible = SerialPort.possibleSpeeds.map(String.init).joined(separator: ", ")
            let message = "must be one of \(possible); found \(element.value.found)"
            guard isList else { throw .wrong(message) }
            errors.append(SourceError(offset: element.offset, message: message))
            continue
        }
        if found.contains(speed) {
            errors.append(SourceError(offset: element.offset, message: "must not come again; found \(speed)"))
        }
        found.append(speed)
    }
    guard errors.isEmpty else { throw .wrongElements(errors) }
    return found
}

/// A case's name as the file writes it: `dropOldest` is `drop-oldest`.
private func hyphenated(_ choice: some Any) -> String {
    "\(choice)".reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
}

/// The number as TOML allows it to be written: from a million on with underscores between groups of three digits.
private func grouped(_ number: Int64) -> String {
    let digits = Array("\(number)")
    guard number >= 1_000_000 else { return String(digits) }
    let groups = stride(from: digits.count % 3 - 3, to: digits.count, by: 3)
        .map { String(digits[max(0, $0)..<($0 + 3)]) }
    return groups.filter { !$0.isEmpty }.joined(separator: "_")
}
