/// A Swift source file as the house rules see it: its lines, and the same without comments and string literals.
struct SourceFile {
    /// From the package's root.
    let path: String
    let lines: [String]
    /// The code alone, line by line.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var isInMultiLineString = false
        code = lines.map { Self.code(of: $0, &isInMultiLineString) }
    }

    /// Every Swift file below the package's `folders`.
    static func all(in folders: [String]) -> [SourceFile] {
        folders.flatMap { TestSources.files(under: TestSources.root + "/" + $0, suffix: ".swift") }.map { path in
            SourceFile(path: String(path.dropFirst(TestSources.root.count + 1)), text: TestSources.text(of: path))
        }
    }

    /// What is left of a line when its comment and the insides of its strings are taken out.
    private static func code(of line: String, _ isInMultiLineString: inout Bool) -> String {
        if line.contains("\"\"\"") {
            let isOpening = !isInMultiLineString
            isInMultiLineString = isOpening
            return isOpening ? String(line.prefix { $0 != "\"" }) : ""
        }
        guard !isInMultiLineString else { return "" }
        var result = ""
        var isInString = false
        var previous: Character = " "
        for character in line {
            if character == "\"", previous != "\\" { isInString.toggle() }
            if !isInString, character == "/", previous == "/" { return String(result.dropLast()) }
            if !isInString { result.append(character) }
            previous = previous == "\\" && character == "\\" ? " " : character
        }
        return result
    }

    /// The functions and initializers with the number of lines each takes, braces included.
    var functions: [(name: String, line: Int, lineCount: Int)] {
        var found: [(name: String, line: Int, lineCount: Int)] = []
        for (index, line) in code.enumerated() where Self.declaresFunction(line) {
            guard let end = endOfBody(from: index) else { continue }
            let name = lines[index].drop { $0 == " " }.prefix(60)
            found.append((String(name), index + 1, end - index + 1))
        }
        return found
    }

    private static func declaresFunction(_ line: String) -> Bool {
        let words = line.split(separator: " ")
        return words.contains { $0 == "func" || $0.hasPrefix("init(") || $0.hasPrefix("init?(") }
            && !line.contains("self.init") && !line.contains(".init(")
    }

    /// The line on which the body that begins on or after `start` ends; nil for a requirement without a body.
    private func endOfBody(from start: Int) -> Int? {
        var depth = 0
        var hasBegun = false
        for index in start..<code.count {
            for character in code[index] {
                if character == "{" { (depth, hasBegun) = (depth + 1, true) }
                if character == "}" { depth -= 1 }
            }
            if hasBegun, depth <= 0 { return index }
            if !hasBegun, index > start, code[index].contains("func ") { return nil }
        }
        return nil
    }
}
