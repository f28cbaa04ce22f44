// Numbers and truth values of TOML, from the octets of one word.

/// Why a word is not a value.
struct ScalarError: Error {
    var message: String
}

/// The value of `word`, which consists of ASCII letters, digits and `_-+.:`.
func scalarValue(of word: ArraySlice<UInt8>) throws(ScalarError) -> TOMLValue {
    let text = String(decoding: word, as: UTF8.self)
    switch text {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "inf", "+inf", "-inf", "nan", "+nan", "-nan":
        throw ScalarError(message: "infinities and 'nan' are not supported")
    default: break
    }
    if isDateOrTime(word) { throw ScalarError(message: "dates and times are not supported") }
    if let integer = try integerValue(of: word, text) { return .integer(integer) }
    if let float = try floatValue(of: word, text) { return .float(float) }
    throw ScalarError(
        message: isNumberLike(word)
            ? "\(quoted(text)) is not a number that TOML knows"
            // It may be a password, and errors are written to the log at each reload.
            : "what stands here is not a value; strings stand in quotes")
}

/// Nil when the word is not an integer.
private func integerValue(of word: ArraySlice<UInt8>, _ text: String) throws(ScalarError) -> Int64? {
    let (radix, digits): (Int, ArraySlice<UInt8>)
    if word.first == UInt8(ascii: "0"), word.count > 1 {
        switch word[word.startIndex + 1] {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        default: return nil
        }
        digits = word.dropFirst(2)
        guard isDigits(digits, radix: radix) else { return nil }
    } else {
        (radix, digits) = (10, word)
        guard isDecimalInteger(unsigned(word)) else { return nil }
    }
    guard let value = Int64(withoutUnderscores(digits), radix: radix) else {
        throw ScalarError(message: "\(quoted(text)) does not fit in 64 bits")
    }
    return value
}

/// Nil when the word is not a float.
private func floatValue(of word: ArraySlice<UInt8>, _ text: String) throws(ScalarError) -> Double? {
    let parts = unsigned(word).split(maxSplits: 1, omittingEmptySubsequences: false) { $0 | 0x20 == UInt8(ascii: "e") }
    guard let mantissa = parts.first else { return nil }
    let halves = mantissa.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = halves.first, isDecimalInteger(whole) else { return nil }
    if halves.count > 1, !isDigits(halves[1], radix: 10) { return nil }
    if parts.count > 1, !isDigits(unsigned(parts[1]), radix: 10) { return nil }
    guard halves.count > 1 || parts.count > 1, let value = Double(withoutUnderscores(word)) else { return nil }
    guard value.isFinite else { throw ScalarError(message: "\(quoted(text)) is too large") }
    return value
}

private func unsigned(_ word: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    word.first == UInt8(ascii: "+") || word.first == UInt8(ascii: "-") ? word.dropFirst() : word
}

/// Digits without a leading zero.
private func isDecimalInteger(_ word: ArraySlice<UInt8>) -> Bool {
    isDigits(word, radix: 10) && (word.count == 1 || word.first != UInt8(ascii: "0"))
}

/// One or more digits; an underscore only between two of them.
private func isDigits(_ word: ArraySlice<UInt8>, radix: Int) -> Bool {
    var previousIsDigit = false
    for byte in word {
        if byte == UInt8(ascii: "_") {
            guard previousIsDigit else { return false }
            previousIsDigit = false
        } else {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix else { return false }
            previousIsDigit = true
        }
    }
    return previousIsDigit
}

private func withoutUnderscores(_ word: ArraySlice<UInt8>) -> String {
    String(decoding: word.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
}

/// `1979-05-27…` or `07:32…`.
private func isDateOrTime(_ word: ArraySlice<UInt8>) -> Bool {
    let digits = word.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    guard digits.endIndex < word.endIndex else { return false }
    switch word[digits.endIndex] {
    case UInt8(ascii: "-"): return digits.count == 4
    case UInt8(ascii: ":"): return digits.count == 2
    default: return false
    }
}

private func isNumberLike(_ word: ArraySlice<UInt8>) -> Bool {
    guard let first = unsigned(word).first else { return true }
    return first == UInt8(ascii: ".") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= first
}
