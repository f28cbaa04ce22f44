/// Finds the word that a person probably meant.
package enum Spelling {
    /// The one of `names` that begins `text` or is begun by it, else the nearest one; nil when none is near.
    package static func nearest(to text: String, among names: [String]) -> String? {
        let isLong = text.drop { $0 == "-" }.count >= 3
        if isLong, let begun = names.first(where: { $0.hasPrefix(text) || text.hasPrefix($0) && $0.count >= 3 }) {
            return begun
        }
        guard text.utf8.count <= 80 else { return nil }
        return nearest(
            to: Array(text.utf8), among: names, limit: text.utf8.count <= 4 ? 1 : max(2, text.utf8.count / 6))
    }

    /// The name that the fewest octets make of `written`, at most `limit`.
    static func nearest(to written: [UInt8], among names: [String], limit: Int) -> String? {
        var near: String?
        // What is as far away as the limit is another word, not a slip; a text is at least as far as it is longer.
        var limit = limit
        for name in names where abs(name.utf8.count - written.count) <= limit {
            let distance = Schema.editDistance(written, Array(name.utf8))
            if distance <= limit { (near, limit) = (name, distance - 1) }
        }
        return near
    }
}

extension Schema {
    /// The known key or table nearest to `path`; nil when none is near.
    static func suggestion(for path: String) -> String? {
        guard path.utf8.count <= 80 else { return nil }
        let written = Array(path.utf8)
        let names = paths + sectionNames + listNames
        if let near = Spelling.nearest(to: written, among: names, limit: max(2, written.count / 6)) { return near }
        // The right name in the wrong table.
        let name = lastPart(path)
        return paths.first { lastPart($0) == name }
    }

    private static func lastPart(_ path: String) -> Substring {
        path.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
    }

    /// How many octets must be inserted, deleted or replaced to turn one text into the other (Levenshtein).
    static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, leftByte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for (rightIndex, rightByte) in right.enumerated() {
                let replaced = diagonal + (leftByte == rightByte ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(replaced, diagonal + 1, row[rightIndex] + 1)
            }
        }
        return row[right.count]
    }
}
