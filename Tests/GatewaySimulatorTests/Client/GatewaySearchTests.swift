// Proves how a simulated device looks for a gateway (MQTT-SN 1.2 §6.1).

import GatewayCore
import GatewaySimulator
import Testing
import Time

@Suite struct GatewaySearchTests {
    private static let searchGateway: [UInt8] = [3, 0x01, 2]
    private static let start = Instant(nanoseconds: 5_000_000_000)

    /// A search that has begun; SEARCHGW is in `sent`.
    private func begun(attemptLimit: Int = 3) -> (search: GatewaySearch, sent: [UInt8]) {
        var search = GatewaySearch(radius: 2, attemptLimit: attemptLimit, firstInterval: .milliseconds(500))
        var sent: [UInt8] = []
        search.begin(at: Self.start, into: &sent)
        return (search, sent)
    }

    private func finding(_ datagram: [UInt8], by search: inout GatewaySearch) -> GatewaySearch.Finding {
        search.receive(datagram.span.bytes)
    }

    @Test("§6.1: SEARCHGW is repeated after intervals that double, so many times") func repeats() {
        var (search, sent) = begun()
        #expect(sent == Self.searchGateway)
        for milliseconds in [500, 1_500] {
            let due = Self.start + .milliseconds(milliseconds)
            #expect(search.nextDeadline == due)
            sent = []
            #expect(search.deadlineReached(at: due, into: &sent))
            #expect(sent == Self.searchGateway)
        }
        sent = []
        #expect(search.nextDeadline == Self.start + .milliseconds(3_500))
        let isSent = search.deadlineReached(at: Self.start + .milliseconds(3_500), into: &sent)
        #expect(!isSent && sent.isEmpty && !search.isSearching)
    }

    @Test("§6.1: a search that begins again is a new one") func beginsAgain() {
        var (search, sent) = begun(attemptLimit: 1)
        let later = Self.start + .milliseconds(500)
        #expect(!search.deadlineReached(at: later, into: &sent))
        sent = []
        search.begin(at: later, into: &sent)
        #expect(sent == Self.searchGateway)
        #expect(search.nextDeadline == later + .milliseconds(500))
    }

    @Test("§6.1: GWINFO and ADVERTISE end the search, whoever else answers later") func findsGateway() {
        var (search, _) = begun()
        #expect(finding([3, 0x02, 9], by: &search) == .answered(gatewayID: 9))
        #expect(!search.isSearching)
        #expect(finding([3, 0x02, 8], by: &search) == .answered(gatewayID: 8))
        (search, _) = begun()
        #expect(finding([5, 0x00, 9, 1, 2], by: &search) == .advertised(gatewayID: 9, seconds: 258))
        #expect(!search.isSearching)
    }

    @Test("§6.1: its own SEARCHGW and what is no answer do not end it") func goesOn() {
        var (search, sent) = begun()
        #expect(finding(sent, by: &search) == .searched)
        for datagram in [[2, 0x17], [], [3, 0x02], [4, 0x00, 1, 0]] as [[UInt8]] {
            #expect(finding(datagram, by: &search) == .nothing)
        }
        #expect(search.isSearching)
    }
}
