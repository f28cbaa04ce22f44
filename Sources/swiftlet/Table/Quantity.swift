/// Numbers with units, as people write them on a command line.
enum Quantity {
    /// `5M`, `64KiB`, `4096`: octets, with powers of 1,024; nil where the text is no such number or too large.
    static func octets(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let factor: Int
        switch text.dropFirst(digits.count).lowercased() {
        case "", "b": factor = 1
        case "k", "kb", "kib": factor = 1_024
        case "m", "mb", "mib": factor = 1_048_576
        case "g", "gb", "gib": factor = 1_073_741_824
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private static let units: [(name: String, nanoseconds: UInt64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000),
    ]

    /// `10`, `1.5s`, `250ms`, `2m`; nil where the text is no such time or longer than a hundred years.
    static func nanoseconds(_ text: String) -> UInt64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count)
        guard let number = Double(digits), number >= 0,
            let factor = unit.isEmpty ? 1_000_000_000 : units.first(where: { $0.name == unit })?.nanoseconds
        else { return nil }
        let span = number * Double(factor)
        return span <= 3.2e18 ? UInt64(span.rounded()) : nil
    }

    /// The time in the largest unit that it is a whole number of: `2 m`, `1500 ms`.
    static func text(ofNanoseconds span: UInt64) -> String {
        guard span > 0, let unit = units.first(where: { span % $0.nanoseconds == 0 }) else { return "0 s" }
        return "\(span / unit.nanoseconds) \(unit.name)"
    }
}
