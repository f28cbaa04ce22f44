import Testing

@testable import GatewayCore

/// A table of routes does what a dictionary does, however its numbers meet.
@Suite struct RouteTableTests {
    @Test("GW-16 Routes are found, moved and taken out, also where many meet", arguments: 1...20)
    func likeADictionary(seed: UInt64) {
        var random = RandomNumbers(seed: seed)
        var table = RouteTable()
        var model: [Route: SessionIndex] = [:]
        // Few numbers in some runs, and in some only those that begin at one bucket.
        let range: UInt32 = seed % 3 == 0 ? 30 : 600
        let step: UInt32 = seed % 2 == 0 ? 1 : 0x1000_0000
        func drawn() -> Route {
            let link = LinkID(UInt16.random(in: 0..<3, using: &random))
            let number = UInt32.random(in: 0..<range, using: &random) &* step
            let node: UInt32 = Bool.random(using: &random) ? 0 : UInt32.random(in: 0..<4, using: &random)
            return Route(peer: PeerID(link: link, number: number), node: node)
        }
        var routes: Set<Route> = []
        for _ in 0..<4_000 {
            let route = drawn()
            let session = Bool.random(using: &random) ? SessionIndex.random(in: 0..<10_000, using: &random) : nil
            table[route] = session
            model[route] = session
            routes.insert(route)
            #expect(table[route] == session)
        }
        #expect(table.count == model.count)
        #expect(table.checkInvariants() == nil)
        for route in routes { #expect(table[route] == model[route]) }
    }

    @Test("An empty table finds nothing, and what is taken out twice is gone once")
    func empty() {
        let route = Route(peer: PeerID(link: LinkID(.max), number: .max), node: .max)
        var table = RouteTable()
        #expect(table[route] == nil)
        table[route] = nil
        table[route] = 7
        #expect(table[route] == 7 && table.count == 1)
        table[route] = nil
        table[route] = nil
        #expect(table[route] == nil && table.count == 0)
    }
}
