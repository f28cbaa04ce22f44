import Configuration

/// What stands behind a command's name, told apart by the command's entry in the table.
struct Arguments {
    let command: CommandEntry
    /// By the option's long name, in their order; a switch has an empty text for each time it is given.
    private var valuesByName: [String: [String]] = [:]
    private(set) var operands: [String] = []

    init(of command: CommandEntry) { self.command = command }

    mutating func add(_ value: String, to option: Option) { valuesByName[option.name, default: []].append(value) }

    mutating func add(operand: String) { operands.append(operand) }

    func has(_ option: Option) -> Bool { valuesByName[option.name] != nil }

    /// The value of an option that is given once or not at all.
    func value(_ option: Option) -> String? { valuesByName[option.name]?.last }

    func values(_ option: Option) -> [String] { valuesByName[option.name] ?? [] }

    /// What is wrong with the arguments, for the person who wrote them.
    func wrong(_ message: String) -> UsageError { UsageError(message: message, command: command.name) }

    /// A whole number within `range`, whose unit is told where it is not: `seconds`.
    func number(_ option: Option, _ range: ClosedRange<Int>, _ unit: String = "") throws(UsageError) -> Int? {
        guard let text = value(option) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let what = unit.isEmpty ? "a number" : "a number of \(unit)"
            throw wrong(
                "'\(option.name)' is \(what) from \(range.lowerBound) to \(range.upperBound); found '\(text)'")
        }
        return number
    }

    /// A number of octets with `K`, `M` or `G` behind it for 1,024 and its powers; at least `smallest`.
    func octets(_ option: Option, atLeast smallest: Int) throws(UsageError) -> Int? {
        guard let text = value(option) else { return nil }
        guard let count = Quantity.octets(text), count >= smallest else {
            throw wrong("'\(option.name)' is a number of octets, \(smallest) or more, such as 5M; found '\(text)'")
        }
        return count
    }

    /// A length of time, in seconds unless `ms`, `s`, `m`, `h` or `d` stands behind it, as nanoseconds.
    func time(_ option: Option, _ range: ClosedRange<UInt64>) throws(UsageError) -> UInt64? {
        guard let text = value(option) else { return nil }
        guard let span = Quantity.nanoseconds(text), range.contains(span) else {
            let (least, most) = (
                Quantity.text(ofNanoseconds: range.lowerBound), Quantity.text(ofNanoseconds: range.upperBound)
            )
            throw wrong("'\(option.name)' is a time from \(least) to \(most), such as 10, 1.5s or 2m; found '\(text)'")
        }
        return span
    }

    /// The value as `parse` reads it.
    func parsed<Value>(
        _ option: Option, _ parse: (String) -> Result<Value, EndpointError>
    ) throws(UsageError) -> Value? {
        try allParsed(option, parse).last
    }

    /// All values as `parse` reads them.
    func allParsed<Value>(
        _ option: Option, _ parse: (String) -> Result<Value, EndpointError>
    ) throws(UsageError) -> [Value] {
        var found: [Value] = []
        for text in values(option) {
            switch parse(text) {
            case .success(let value): found.append(value)
            case .failure(let error): throw wrong("'\(option.name)' \(error.message)")
            }
        }
        return found
    }
}

/// Why the arguments cannot be understood.
struct UsageError: Error {
    var message: String
    /// Whose help tells more; nil: the program's.
    var command: String?

    /// With where to read more.
    var description: String {
        message + "\n\nTry 'swiftlet \(command.map { $0 + " " } ?? "")--help'."
    }
}
