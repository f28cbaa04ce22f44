import Bytes

/// The octets that decide an operation script, read one after the other; past their end everything is 0.
struct ScriptInput {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: RawSpan) { self.bytes = bytes.copy(of: 0..<bytes.byteCount) }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func next() -> UInt8 {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next octet's lower bits, as they are; an octet of 0xF0 or more stands for the two that follow it.
    mutating func number() -> UInt16 {
        let octet = next()
        guard octet >= 0xF0 else { return UInt16(octet) }
        return UInt16(next()) << 8 | UInt16(next())
    }

    /// One of `elements`, which are not empty.
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int(next()) % elements.count] }

    /// One of `words`, or up to 31 octets of the script.
    mutating func word(of words: [String]) -> [UInt8] {
        let octet = next()
        return octet < 0xF0 ? Array(words[Int(octet) % words.count].utf8) : raw(Int(next() & 0x1F))
    }

    /// `count` octets, or as many as are left.
    mutating func raw(_ count: Int) -> [UInt8] {
        let end = min(position + count, bytes.count)
        defer { position = max(position, end) }
        return position < end ? Array(bytes[position..<end]) : []
    }

    /// Up to 63 octets, now and then up to 1,600: their number is all that matters.
    mutating func payload() -> [UInt8] {
        let octet = Int(next())
        return Array(repeating: UInt8(ascii: "x"), count: octet < 0xF0 ? octet & 0x3F : (octet - 0xEF) * 100)
    }
}
