import Testing

/// Proves that the documents for users speak of what there is: keys, commands and events that exist.
@Suite struct UserDocumentTests {
    private static let folder = TestSources.root + "/Sources/swiftlet/swiftlet.docc"
    private static let documents = TestSources.files(under: folder, suffix: ".md").map {
        (name: String($0.dropFirst(folder.count + 1)), text: TestSources.text(of: $0))
    }
    private static let example = TestSources.text(of: TestSources.root + "/Config/gateway.toml")

    /// `table.key` for every key of the example, commented out or not.
    static func keys(in example: String) -> Set<String> {
        var table = ""
        var keys: Set<String> = []
        for line in example.split(separator: "\n") {
            let text = line.hasPrefix("# ") ? line.dropFirst(2) : line
            if text.hasPrefix("[") {
                table = String(text.drop { $0 == "[" }.prefix { $0 != "]" })
            } else if let equals = text.firstIndex(of: "="), !table.isEmpty {
                let key = text[..<equals].drop { $0 == " " }.prefix { $0.isLetter || $0 == "_" }
                if key.count >= 2, text[..<equals].count == key.count + 1 { keys.insert("\(table).\(key)") }
            }
        }
        return keys
    }

    /// The words between backticks outside of code blocks.
    static func quoted(in text: String) -> [String] {
        var isInBlock = false
        return text.split(separator: "\n").flatMap { line -> [String] in
            let isFence = line.drop { $0 == " " }.hasPrefix("```")
            if isFence { isInBlock.toggle() }
            guard !isInBlock, !isFence else { return [] }
            let parts = line.split(separator: "`", omittingEmptySubsequences: false)
            return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
        }
    }

    /// The first two words of each command line `swiftlet COMMAND …` in code blocks and between backticks.
    static func commands(in text: String) -> Set<String> {
        var found: Set<String> = []
        let blocks = text.split(separator: "\n").map { String($0.drop { $0 == " " }) }
        for line in blocks + quoted(in: text) where line.hasPrefix("swiftlet ") {
            let word = line.dropFirst(9).prefix { $0.isLetter || $0 == "-" }
            if !word.isEmpty { found.insert(String(word)) }
        }
        return found
    }

    @Test func eachKeyStandsInTheExample() {
        let keys = Self.keys(in: Self.example)
        let tables = Set(keys.map { $0.prefix { $0 != "." } })
        var count = 0
        for document in Self.documents {
            for words in Self.quoted(in: document.text) {
                let key = words.prefix { $0.isLetter || $0 == "_" || $0 == "." }
                let parts = key.split(separator: ".", omittingEmptySubsequences: false)
                guard parts.count == 2, parts[1].count > 1, tables.contains(parts[0]), parts[1] != "toml",
                    parts[1] != "conf", parts[1] != "mqttsn"
                else { continue }
                count += 1
                #expect(keys.contains(String(key)), "\(document.name) names \(key)")
            }
        }
        #expect(count > 30)
    }

    @Test func eachCommandIsInTheTable() {
        let table = SourceFile.all(in: ["Sources/swiftlet"]).flatMap(\.lines).joined(separator: "\n")
        let found = Self.documents.reduce(into: Set<String>()) { $0.formUnion(Self.commands(in: $1.text)) }
        for command in found where !command.hasPrefix("--") {
            let entries = ["CommandEntry(\n        \"\(command)\"", "CommandEntry(\"\(command)\""]
            #expect(entries.contains(where: table.contains), "a document names 'swiftlet \(command)'")
        }
        #expect(found.count > 10)
    }

    @Test func eachExitCodeIsExplained() {
        let codes = SourceFile.all(in: ["Sources/swiftlet/Table"]).filter { $0.path.hasSuffix("/ExitStatus.swift") }
            .flatMap(\.code).filter { $0.contains(" case ") }.compactMap { Int($0.split(separator: " ").last ?? "") }
        let text = Self.documents.first { $0.name == "Messages.md" }?.text ?? ""
        for code in codes { #expect(text.contains("| \(code) |"), "\(code)") }
        #expect(codes.count > 10)
    }

    /// Every case of `ObservationKind` in snake case, with the level that its line has; "counted" for those without.
    static func levels(in source: String) -> [String: String] {
        guard let start = source.firstRange(of: "func level(of")?.upperBound,
            let end = source[start...].firstRange(of: "\n    }\n")?.lowerBound
        else { return [:] }
        var waiting: [Substring] = []
        var levels: [String: String] = [:]
        for line in source[start..<end].split(separator: "\n").dropFirst() {
            let words = line.split { $0 == " " || $0 == "," || $0 == ":" }
            if words == ["nil"] || ["warning", "info", "debug"].contains(where: { words == [".\($0)"] }) {
                let level = words == ["nil"] ? "counted" : String(words[0].dropFirst())
                for name in waiting { levels[snakeCase(name.dropFirst())] = level }
                waiting = []
            } else {
                waiting += words.filter { $0.hasPrefix(".") }
            }
        }
        return levels
    }

    /// `gatewayIDTaken` is `gateway_id_taken`.
    private static func snakeCase(_ name: Substring) -> String {
        let letters = Array(name)
        return letters.indices.reduce(into: "") { result, index in
            let beginsWord =
                letters[index].isUppercase
                && (letters[index - 1].isLowercase || letters.dropFirst(index + 1).first?.isLowercase == true)
            result += (beginsWord ? "_" : "") + letters[index].lowercased()
        }
    }

    /// Whoever looks an event of the log up finds it under the level that it has.
    @Test func eachEventStandsUnderItsLevel() {
        let path = TestSources.root + "/Sources/GatewayHost/Log/ObservationText.swift"
        let levels = Self.levels(in: TestSources.text(of: path))
        let text = Self.documents.first { $0.name == "Messages.md" }?.text ?? ""
        let start = text.firstRange(of: "## Events at warning")?.lowerBound ?? text.startIndex
        let end = text.firstRange(of: "## Other warnings")?.lowerBound ?? text.endIndex
        var level = ""
        var found: [String: Set<String>] = [:]
        for line in text[start..<end].split(separator: "\n") {
            if line.hasPrefix("## Events at ") { level = String(line.dropFirst(13).prefix { $0 != ":" }) }
            if line.hasPrefix("Counted only: ") { level = "counted" }
            let cell = line.hasPrefix("|") ? String(line.dropFirst().prefix { $0 != "|" }) : String(line)
            guard line.hasPrefix("| `") || level == "counted" else { continue }
            for name in Self.quoted(in: cell) { found[name, default: []].insert(level) }
        }
        for (event, level) in levels { #expect(found[event]?.contains(level) == true, "\(event) is at \(level)") }
        #expect(levels.count > 40)
    }

    /// The readers above must see something, or they prove nothing.
    @Test func theReadersHaveTeeth() {
        #expect(
            Self.keys(in: "[a]\n# A word = a value.\nbc = 1  # text\n# [[c]]\n# d_e = \"f\"\n") == ["a.bc", "c.d_e"])
        #expect(Self.quoted(in: "see `a.b` and `c`\n```sh\n`d`\n```\n`e`") == ["a.b", "c", "e"])
        #expect(Self.commands(in: "`swiftlet run FILE`\n```sh\nswiftlet check --here\n```\n") == ["run", "check"])
    }
}
