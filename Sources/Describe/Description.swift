package import Bytes

/// What octets are, field by field, or what is wrong with them: the long form of what the one-line form says.
package struct Description: Equatable, Sendable {
    /// One field where it lies.
    package struct Field: Equatable, Sendable {
        /// From the beginning of what was described, in octets.
        package var range: ByteRange
        /// The name that the specification gives it.
        package var name: String
        /// Its value in words.
        package var value: String
    }

    /// A message or packet, with all its fields.
    package struct Section: Equatable, Sendable {
        /// Such as `CONNECT`.
        package var title: String
        /// Where it lies.
        package var range: ByteRange
        package var fields: [Field]
    }

    /// The first thing that is wrong.
    package struct Fault: Equatable, Sendable {
        /// Such as `malformed CONNECT`.
        package var subject: String
        /// Such as `Length says 48 octets, the datagram has 6`.
        package var reason: String
        /// Of the octet that is wrong, or of the first that is missing.
        package var offset: Int
    }

    /// An encapsulation has two, the second being the message in it.
    package var sections: [Section] = []
    package var fault: Fault?
    /// What a receiver will object to, though the layout is right.
    package var remarks: [String] = []
    /// What the octets may be instead.
    package var guesses: [String] = []
    /// The same on one line.
    package var line: String

    init(line: String) { self.line = line }

    /// Octets of which the first thing that is wrong is `fault`.
    init(_ fault: Fault, of bytes: RawSpan, guesses: [String]) {
        self.fault = fault
        self.guesses = guesses
        let shown = bytes.copy(of: 0..<min(bytes.byteCount, Self.shownByteCount))
        let octets = Hexadecimal.text(shown, separator: " ") + (shown.count < bytes.byteCount ? " …" : "")
        line = "\(fault.subject): \(fault.reason)" + (shown.isEmpty ? "" : " [\(octets)]")
        if let guess = guesses.first { line += "; \(guess)" }
    }
}

extension Description {
    /// How many octets of something malformed are shown.
    package static let shownByteCount = 64

    /// The long form, a line each; `bytes` is what was described.
    package func lines(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        for section in sections {
            lines.append("\(section.title.padded(to: 18)) \(section.range.count.octets)")
            lines += section.fields.map { fieldLine($0, bytes) }
        }
        if let fault { lines += faultLines(fault, bytes) }
        lines += remarks.map { "  ! \($0)" }
        lines += guesses.map { "  ? \($0)" }
        return lines
    }

    private func fieldLine(_ field: Field, _ bytes: [UInt8]) -> String {
        let digits = field.range.upperBound > 0x100 ? 4 : 2
        let offset = Hexadecimal.number(UInt64(field.range.lowerBound), digitCount: digits).lowercased()
        let octets = Self.shortened(bytes[field.range])
        return "  \(offset)  \(octets.padded(to: 11)) \(field.name.padded(to: 16)) \(field.value)"
    }

    /// The octets in hexadecimal, the middle left out of what is long.
    private static func shortened(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.count > 4 else { return Hexadecimal.text(bytes) }
        return Hexadecimal.text(bytes.prefix(2)) + "…" + Hexadecimal.text(bytes.suffix(2))
    }

    private func faultLines(_ fault: Fault, _ bytes: [UInt8]) -> [String] {
        var lines = ["\(fault.subject): \(fault.reason)"]
        let shown = min(bytes.count, Self.shownByteCount)
        for start in stride(from: 0, to: max(1, shown), by: 16) {
            let row = start..<min(start + 16, shown)
            lines.append("  " + Hexadecimal.text(bytes[row], separator: " "))
            // Where an octet is missing behind the last one, the mark stands behind it.
            let isEnd = fault.offset == row.upperBound && row.upperBound == bytes.count
            guard row.contains(fault.offset) || isEnd else { continue }
            lines.append("  " + String(repeating: " ", count: 3 * (fault.offset - start)) + "^^ offset \(fault.offset)")
        }
        if bytes.count > shown { lines.append("  … \((bytes.count - shown).octets) more") }
        return lines
    }
}

extension String {
    /// The text with blanks behind it, up to `width` characters.
    package func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
