import Testing

/// Proves that the README's map says what each folder imports, and that the manifest lets it import just that.
@Suite struct ImportTableTests {
    private static let rows = ImportTable.rows(in: TestSources.text(of: TestSources.root + "/README.md"))
    private static let dependencies = ImportTable.dependencies(
        in: TestSources.text(of: TestSources.root + "/Package.swift"))

    @Test func eachFolderImportsWhatTheMapSays() {
        for row in Self.rows {
            let imports = ImportTable.imports(of: SourceFile.all(in: [row.folder]))
            #expect(imports == row.imports, "\(row.folder) imports \(imports.sorted().joined(separator: ", "))")
        }
    }

    /// A dependency that nobody imports is as wrong as an import that works by chance.
    @Test func theManifestAllowsWhatTheMapSays() {
        for row in Self.rows {
            let names = row.imports.subtracting(ImportTable.givenModules)
            #expect(Self.dependencies[row.folder] == names, "\(row.folder) in Package.swift")
        }
    }

    @Test func everyTargetIsOnTheMap() {
        let missing = Set(Self.dependencies.keys).subtracting(Self.rows.map(\.folder))
        #expect(missing.isEmpty, "\(missing.sorted()) stand in Package.swift and not in the README")
        #expect(Self.rows.count > 15)
    }

    /// The readers above must see something, or they prove nothing.
    @Test func theReadersHaveTeeth() {
        let rows = ImportTable.rows(
            in: """
                | folder | what it is | may import |
                |---|---|---|
                | `Sources/A` | Does this, and that. | B, Glibc |
                | `Sources/B` | Knows nothing. | – |
                | `Config` | Text. | |
                """)
        #expect(rows.map(\.folder) == ["Sources/A", "Sources/B"])
        #expect(rows.map(\.imports) == [["B", "Glibc"], []])
        let file = SourceFile(
            path: "Sources/A/A.swift",
            text: "package import B\n@testable import C\n// import D\nlet text = \"import E\"")
        #expect(ImportTable.imports(of: [file]) == ["B", "C"])
        let manifest = """
            func module() {}
                targets: [
                    module("A", ["B", "C"]), module("B"),
                    .target(
                        name: "D", dependencies: ["A"], path: "Simulators/D", exclude: ["E"], flags: [.unsafe(["F"])]),
                    .systemLibrary(name: "G", path: "Sources/G"), tests(of: "A", ["H"]),
                ],
            """
        #expect(
            ImportTable.dependencies(in: manifest)
                == ["Sources/A": ["B", "C"], "Sources/B": [], "Simulators/D": ["A"], "Sources/G": []])
    }
}
