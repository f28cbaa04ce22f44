/// Numbers and columns as people read them.
enum Text {
    /// `1.204`, from nanoseconds.
    static func seconds(_ nanoseconds: UInt64) -> String { decimal(nanoseconds, unit: 1_000_000_000, digits: 3) }

    /// `0.42`, from nanoseconds.
    static func milliseconds(_ nanoseconds: UInt64) -> String { decimal(nanoseconds, unit: 1_000_000, digits: 2) }

    /// The number in `unit`s, rounded to `digits` after the point.
    private static func decimal(_ number: UInt64, unit: UInt64, digits: Int) -> String {
        let scale = (0..<digits).reduce(UInt64(1)) { power, _ in power * 10 }
        let step = unit / scale
        let rounded = number / step + (number % step >= (step + 1) / 2 ? 1 : 0)
        let fraction = String(rounded % scale)
        return "\(rounded / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// `00124B`.
    static func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 0x10 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    }

    /// `0013A20041F307C1`.
    static func hexadecimal(_ address: UInt64) -> String {
        hexadecimal((0..<8).map { UInt8(truncatingIfNeeded: address >> (56 - 8 * $0)) })
    }

    static func padded(_ text: String, to width: Int) -> String { text + spaces(width - text.count) }

    static func rightAligned(_ text: String, to width: Int) -> String { spaces(width - text.count) + text }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
