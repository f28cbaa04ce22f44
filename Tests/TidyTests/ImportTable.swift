/// What the README's map says of each folder, and what the manifest and the sources say.
enum ImportTable {
    /// A row of the map that names what its folder may import.
    struct Row {
        var folder: String
        var imports: Set<String>
    }

    /// Modules of the system and the toolchain, which no manifest names.
    static let givenModules: Set<String> = ["Glibc", "Synchronization"]

    /// The rows of the map whose third column is not empty; `–` stands for nothing.
    static func rows(in readme: String) -> [Row] {
        readme.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(trimmed)
            guard cells.count == 5, cells[1].hasPrefix("`"), !cells[3].isEmpty else { return nil }
            let names = cells[3].split(separator: ",").map { trimmed($0) }.filter { $0 != "–" }
            return Row(folder: String(cells[1].dropFirst().dropLast()), imports: Set(names))
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// The modules that a folder's files import.
    static func imports(of files: [SourceFile]) -> Set<String> { Set(files.flatMap(imports)) }

    private static func imports(of file: SourceFile) -> [String] {
        file.code.compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
                words[..<index].allSatisfy({ accessLevels.contains(String($0)) || $0.hasPrefix("@") })
            else { return nil }
            return String(words[index + 1])
        }
    }

    private static let accessLevels: Set<String> = ["package", "public", "internal", "fileprivate", "private"]

    /// The dependencies of the manifest's targets outside Tests, by folder.
    static func dependencies(in manifest: String) -> [String: Set<String>] {
        var byFolder: [String: Set<String>] = [:]
        for declaration in declarations(in: manifest) {
            let names = strings(in: declaration)
            guard let name = names.first else { continue }
            let folder = string(after: "path:", in: declaration) ?? "Sources/" + name
            let isModule = !declaration.contains("path:")
            // A module's only array is that of its dependencies.
            let list = isModule ? declaration : rest(of: declaration, after: "dependencies:") ?? ""
            let array = list.drop { $0 != "[" }.prefix { $0 != "]" }
            byFolder[folder] = Set(strings(in: String(array)))
        }
        return byFolder
    }

    /// What stands in the brackets of `module(…)` and of every kind of target.
    private static func declarations(in manifest: String) -> [String] {
        guard let targets = rest(of: manifest, after: "    targets: [") else { return [] }
        var found: [String] = []
        var depth = 0
        var current = ""
        var callee = ""
        for character in targets {
            if character == ")" {
                depth -= 1
                if depth == 0, !callee.hasSuffix("tests") { found.append(current) }
                if depth == 0 { callee = "" }
            }
            if depth > 0 { current.append(character) } else if !character.isWhitespace { callee.append(character) }
            if character == "(" {
                depth += 1
                if depth == 1 { (current, callee) = ("", String(callee.dropLast())) }
            }
        }
        return found
    }

    /// The string literals of `text`.
    private static func strings(in text: String) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .compactMap { $0.offset % 2 == 1 ? String($0.element) : nil }
    }

    private static func string(after word: String, in text: String) -> String? {
        rest(of: text, after: word).flatMap { strings(in: $0).first }
    }

    private static func rest(of text: String, after word: String) -> String? {
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix(word) { return String(rest.dropFirst(word.count)) }
            rest = rest.dropFirst()
        }
        return nil
    }
}
