import Describe
import JSON

/// Numbers of the gateway's answers as people read them.
package enum Quantities {
    /// Such as `41d 3h`, `12m 5s` or `0.4s`; nothing that is longer than a table has room for.
    package static func span(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite else { return "–" }
        let whole = Int(min(seconds.magnitude, 1e12))
        return switch whole {
        case 0..<1: "\(rounded(seconds.magnitude))s"
        case 1..<60: "\(whole)s"
        case 60..<3_600: "\(whole / 60)m\(part(whole % 60, "s"))"
        case 3_600..<86_400: "\(whole / 3_600)h\(part(whole / 60 % 60, "m"))"
        default: "\(whole / 86_400)d\(part(whole / 3_600 % 24, "h"))"
        }
    }

    private static func part(_ count: Int, _ unit: String) -> String { count == 0 ? "" : " \(count)\(unit)" }

    /// To one digit behind the point.
    private static func rounded(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    /// Such as `23 ms` or `1.5 s`.
    static func roundTrip(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite, seconds >= 0, seconds < 1e6 else { return "–" }
        return seconds < 1 ? "\(Int((seconds * 1_000).rounded())) ms" : "\(rounded(seconds)) s"
    }

    /// Such as `96K`.
    static func octets(_ count: Int) -> String {
        switch count {
        case ..<10_000: "\(count)"
        case ..<10_000_000: "\(count / 1_024)K"
        default: "\(count / 1_048_576)M"
        }
    }

    /// `repeated` of `total` in percent.
    static func percent(_ part: Int, of total: Int) -> String {
        guard total > 0, part >= 0 else { return "0 %" }
        return "\(rounded(100 * Double(part) / Double(total))) %"
    }
}

extension JSONValue? {
    /// The whole number; 0 where there is none.
    var count: Int { self?.integer ?? 0 }

    /// The text, safe to show and without quotes; `–` where there is none.
    var shown: String {
        guard let text = self?.string, !text.isEmpty else { return "–" }
        return ForeignText.escaped(Array(text.utf8))
    }
}

extension JSONValue? {
    /// Of a point in time as the gateway tells it, `2026-11-29T10:14:02.118Z`, what stands behind the date.
    var timeOfDay: String { shown.split(separator: "T").last.map { String($0.filter { $0 != "Z" }) } ?? shown }
}

extension String {
    /// The text in `width` columns: cut with an ellipsis, or filled with blanks.
    func fitted(to width: Int, alignedRight: Bool = false) -> String {
        guard count > width else {
            let blanks = String(repeating: " ", count: width - count)
            return alignedRight ? blanks + self : self + blanks
        }
        return width > 1 ? prefix(width - 1) + "…" : String(prefix(max(0, width)))
    }
}
