// Finds the key that an owner probably meant.

extension Schema {
    /// The known key or table nearest to `path`; nil when none is near.
    static func suggestion(for path: String) -> String? {
        guard path.utf8.count <= 80 else { return nil }
        let written = Array(path.utf8)
        var near: (name: String, distance: Int)?
        // What is as far away as this is another word, not a slip; a text is at least as far as it is longer.
        var limit = max(2, written.count / 6)
        for name in paths + sectionNames + listNames where abs(name.utf8.count - written.count) <= limit {
            let distance = editDistance(written, Array(name.utf8))
            if distance <= limit { (near, limit) = ((name, distance), distance - 1) }
        }
        if let near { return near.name }
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
