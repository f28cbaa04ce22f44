// Finds the characters in a string that MQTT tells nobody to use.

extension RawSpan {
    /// Whether the string holds a control character, U+0001…U+001F or U+007F…U+009F, or one of Unicode's
    /// non-characters: a receiver may close the connection for it (MQTT 3.1.1 §1.5.3).
    ///
    /// - Precondition: `isWellFormedString`; of other bytes the answer means nothing.
    @inlinable
    public var holdsDiscouragedCharacter: Bool {
        for index in printableWordsByteCount..<byteCount {
            // Most names have nothing else.
            if (0x20...0x7E).contains(self[unchecked: index]) { continue }
            if isDiscouragedCharacter(at: index) { return true }
        }
        return false
    }

    /// Whether such a character begins with the octet at `index`; octets inside a sequence never look like a beginning.
    @usableFromInline
    func isDiscouragedCharacter(at index: Int) -> Bool {
        switch self[unchecked: index] {
        case 0x00...0x1F, 0x7F: true
        case 0xC2: octet(index + 1) < 0xA0
        // U+FDD0…U+FDEF, U+FFFE and U+FFFF.
        case 0xEF:
            octet(index + 1) == 0xB7 && (0x90...0xAF).contains(octet(index + 2))
                || octet(index + 1) == 0xBF && octet(index + 2) >= 0xBE
        // U+1FFFE and U+1FFFF, and the last two of every plane behind.
        case 0xF0...0xF4:
            octet(index + 1) & 0x0F == 0x0F && octet(index + 2) == 0xBF && octet(index + 3) >= 0xBE
        default: false
        }
    }

    private func octet(_ index: Int) -> UInt8 { byte(at: index) ?? 0 }
}
