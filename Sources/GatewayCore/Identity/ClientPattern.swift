/// A pattern for ClientIds: `*` stands for any characters, also none, and `?` for one.
enum ClientPattern {
    private static let anything = UInt8(ascii: "*")
    private static let oneCharacter = UInt8(ascii: "?")

    /// Whether more than one name can match.
    static func isForMany(_ pattern: [UInt8]) -> Bool { pattern.contains { $0 == anything || $0 == oneCharacter } }

    /// Takes time in proportion to the product of the two lengths at worst; `name` is well-formed UTF-8.
    static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var (place, position) = (0, 0)
        // Where to go on if the last `*` must stand for one octet more.
        var retry: (place: Int, position: Int)?
        while position < name.count {
            if place < pattern.count, pattern[place] == anything {
                retry = (place + 1, position)
                place += 1
            } else if place < pattern.count, pattern[place] == oneCharacter {
                place += 1
                position = endOfCharacter(in: name, from: position)
            } else if place < pattern.count, pattern[place] == name[position] {
                place += 1
                position += 1
            } else if let last = retry {
                retry = (last.place, endOfCharacter(in: name, from: last.position))
                (place, position) = (last.place, endOfCharacter(in: name, from: last.position))
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == anything }
    }

    private static func endOfCharacter(in name: [UInt8], from start: Int) -> Int {
        var end = start + 1
        while end < name.count, name[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }
}
