/// What the value of Accept says of one media type (RFC 9110 §12.5.1).
package enum MediaPreference {
    /// How much `type` is wanted, in thousandths; 0 for not at all, nil where Accept does not name it.
    ///
    /// Only the type itself counts, not ranges such as `*/*`; of several versions the best one.
    package static func weight(of type: String, in accept: [UInt8]) -> Int? {
        var best: Int?
        for range in accept.split(separator: UInt8(ascii: ",")) {
            let parts = range.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(trimmed)
            guard let name = parts.first, String(decoding: name, as: UTF8.self).lowercased() == type else { continue }
            let weight = parts.dropFirst().lazy.compactMap(quality).first ?? 1_000
            best = max(best ?? 0, weight)
        }
        return best
    }

    /// The number after `q=`, of at most three decimals; nil for another parameter. What is no number is 0.
    private static func quality(_ parameter: ArraySlice<UInt8>) -> Int? {
        guard parameter.count >= 2, parameter.first.map({ $0 | 0x20 }) == UInt8(ascii: "q"),
            parameter.dropFirst().first == UInt8(ascii: "=")
        else { return nil }
        let text = Array(parameter.dropFirst(2))
        guard let whole = text.first, whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1"), text.count <= 5,
            text.count == 1 || text[1] == UInt8(ascii: "."), text.dropFirst(2).allSatisfy(isDigit)
        else { return 0 }
        var decimals = 0
        for index in 2..<5 { decimals = decimals * 10 + (index < text.count ? Int(text[index] - 0x30) : 0) }
        return min(1_000, Int(whole - 0x30) * 1_000 + decimals)
    }
}
