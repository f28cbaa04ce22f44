import Testing

/// Whether each obligation of the specification, and each reading of it, has a test that names it.
///
/// `swift test --filter ObligationTable` prints the table.
@Suite struct ObligationTableTests {
    private let tests = TestSources.namedTests()

    private func tests(naming id: String) -> [NamedTest] { tests.filter { $0.ids.contains(id) } }

    @Test func everyObligationHasATest() {
        print("\nObligations of a gateway (S specification, I implied, R recommended) and the tests that name them\n")
        for obligation in Obligation.all {
            let proofs = tests(naming: obligation.id)
            print(
                "\(obligation.id) [\(obligation.mark)] \(obligation.summary)\n       \(proofs.count) tests:",
                proofs.isEmpty ? "NONE" : Self.suites(of: proofs))
            #expect(!proofs.isEmpty, "\(obligation.id) (\(obligation.summary)) has no test")
        }
    }

    /// The suites' names, each with the number of its tests.
    private static func suites(of tests: [NamedTest]) -> String {
        var counts: [(name: String, count: Int)] = []
        for test in tests {
            let name = String((test.file.split(separator: "/").last ?? "").dropLast(".swift".count))
            if counts.last?.name == name {
                counts[counts.count - 1].count += 1
            } else {
                counts.append((name, 1))
            }
        }
        return counts.map { $0.count == 1 ? $0.name : "\($0.name) ×\($0.count)" }.joined(separator: ", ")
    }

    @Test func everyReadingHasATest() {
        let path = TestSources.root + "/Sources/GatewayCore/GatewayCore.docc/SpecificationInterpretation.md"
        let readings = TestSources.text(of: path).split(separator: "\n").filter { $0.hasPrefix("### AMB-") }
            .map { String($0.dropFirst(4).prefix(6)) }
        #expect(readings.count == 39)
        for id in readings { #expect(!tests(naming: id).isEmpty, "\(id) has no test") }
    }

    /// An id that the table does not know is a slip of the pen.
    @Test func everyIDIsKnown() {
        let known = Set(Obligation.all.map(\.id)).union((1...39).map { $0 < 10 ? "AMB-0\($0)" : "AMB-\($0)" })
        for test in tests { #expect(test.ids.subtracting(known) == [], "\(test.file): \(test.name)") }
    }

    @Test func namesAreFound() {
        let marker = "@" + "Test("
        let source =
            "\(marker)\"GW-01 a\") x \(marker)\n  \"GW-02 AMB-03, b\", arguments: []) \(marker)arguments: [\"GW-04\"])"
        let names = TestSources.names(in: source)
        #expect(names == ["GW-01 a", "GW-02 AMB-03, b"])
        #expect(NamedTest(file: "", name: names[1]).ids == ["GW-02", "AMB-03"])
        #expect(NamedTest(file: "", name: "GW-1 GW-012 GW-ab XGW-01 GW-05: x").ids == ["GW-05"])
        #expect(Obligation.all.count == 90)
        #expect(tests.count > 300)
    }
}
