import Glibc
import Testing

@testable import GatewayCore

/// Every order in which datagrams may be lost, doubled and reordered, connections cut and time pass, tried on the real
/// table of exchanges (AMB-24).
@Suite struct UplinkModelTests {
    /// More states than any bounded scope has.
    private static let bound = 1_000_000

    /// How many states each large scope is searched to; they are left out without it.
    private static let largeBound = getenv("SWIFTLET_UPLINK_STATES").flatMap { Int(String(cString: $0)) }

    @Test("GW-42 GW-45 GW-50 AMB-24 Exactly once, and to the end, in every order", arguments: UplinkScope.bounded)
    func exactlyOnce(_ scope: UplinkScope) {
        let search = ModelSearch(scope)
        search.run(limit: Self.bound)
        #expect(search.violation == nil)
        #expect(search.isComplete)
    }

    @Test(
        "GW-42 GW-45 GW-50 AMB-24 The same for millions of states, where SWIFTLET_UPLINK_STATES says how many",
        .enabled(if: largeBound != nil), arguments: UplinkScope.large)
    func exactlyOnceAtLarge(_ scope: UplinkScope) throws {
        let search = ModelSearch(scope)
        search.run(limit: try #require(Self.largeBound))
        #expect(search.violation == nil)
    }

    @Test("A fault in how the table is used is found", arguments: PlantedMistake.all)
    func mistakes(_ planted: PlantedMistake) {
        let search = ModelSearch(planted.scope)
        search.run(limit: Self.bound)
        #expect(search.violation != nil)
    }

    @Test("AMB-24 What the promise leaves out is what can go wrong, and no more", arguments: UplinkLimit.all)
    func limits(_ limit: UplinkLimit) throws {
        let search = ModelSearch(limit.scope)
        search.run(limit: Self.bound)
        let violation = try #require(search.violation)
        #expect(violation.contains(limit.outcome))
    }

    @Test("AMB-24 The bounded searches reach most cells of the table")
    func cells() {
        var cells = Set<UplinkCell>()
        for scope in UplinkScope.bounded {
            let search = ModelSearch(scope)
            search.run(limit: Self.bound)
            cells.formUnion(search.world.gateway.cells)
        }
        #expect(cells.count >= 31)
    }
}
