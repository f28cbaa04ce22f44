import GatewayCore
import SimulatorSupport
import Testing
import Transports

@testable import GatewayHost

/// Proves when a UDP link counts as lost and as returned, in a network whose ways the test makes.
@Suite(.enabled(if: OwnNetwork.isAvailable, "this process may have no network of its own (unshare), or lacks 'ip'"))
struct LinkPresenceTests {
    private static let second: UInt64 = 1_000_000_000

    /// A network with a way to 192.0.2.0/24 and to nowhere else.
    private func inNetwork<Outcome>(_ body: () throws -> Outcome) throws -> Outcome {
        try OwnThread.run {
            try OwnNetwork.enter()
            try OwnNetwork.ip("link add v0 type veth peer name v1")
            try OwnNetwork.ip("addr add 192.0.2.1/24 dev v0")
            try OwnNetwork.ip("link set v0 up")
            try set("v1", "up", noticedBy: "v0")
            return try body()
        }
    }

    /// Takes one end of a pair down or up, and waits until the other end has noticed.
    private func set(_ end: String, _ state: String, noticedBy other: String) throws {
        try OwnNetwork.ip("link set \(end) \(state)")
        guard eventually({ NetworkInterface(named: other)?.isUsable == (state == "up") }) else {
            throw NothingCame(awaited: "the carrier of \(other) \(state)")
        }
    }

    private func failed(_ peer: SocketAddress) -> FlushResult {
        var result = FlushResult.oneDropped
        result.unreachable = peer
        return result
    }

    private var sent: FlushResult {
        var result = FlushResult()
        result.sentCount = 1
        return result
    }

    @Test func aSecondOfFailuresWithoutASuccessIsALoss() throws {
        let seen = try inNetwork {
            let stranger = try SocketAddress.numeric("198.51.100.7", 1_884)
            var presence = LinkPresence(interface: nil)
            presence.sent(failed(stranger), at: 5 * Self.second)
            presence.settleDoubt(at: 6 * Self.second - 1)
            var seen = [presence.newsForCore()]
            seen.append(presence.nextDeadline == 6 * Self.second ? true : nil)
            presence.settleDoubt(at: 6 * Self.second)
            seen += [presence.newsForCore(), presence.newsForCore()]
            try OwnNetwork.ip("route add default via 192.0.2.2")
            presence.look(at: 7 * Self.second)
            return seen + [presence.newsForCore()]
        }
        #expect(seen == [nil, true, true, nil, false])
    }

    /// Clients behind another interface go on.
    @Test func oneUnreachablePeerDoesNotStopTheOthers() throws {
        let seen = try inNetwork {
            let stranger = try SocketAddress.numeric("198.51.100.7", 1_884)
            let neighbour = try SocketAddress.numeric("192.0.2.2", 1_884)
            let local = LocalAddress(address: neighbour, interfaceIndex: 2, delivery: .unicast)
            var presence = LinkPresence(interface: nil)
            var seen: [Bool?] = []
            for second in 1...10 as ClosedRange<UInt64> {
                presence.sent(failed(stranger), at: second * Self.second)
                if second % 2 == 0 { presence.sent(sent, at: second * Self.second + 1) }
                if second % 2 == 1 { _ = presence.heard(neighbour, on: local) }
                presence.settleDoubt(at: (second + 1) * Self.second)
                seen.append(presence.newsForCore())
            }
            return seen
        }
        #expect(seen == [Bool?](repeating: nil, count: 10))
    }

    /// A send that fails for another reason, such as a port 0 that somebody made up, is no loss.
    @Test func aPeerToWhomThereIsAWayIsNoLoss() throws {
        let news = try inNetwork {
            var presence = LinkPresence(interface: nil)
            presence.sent(failed(try .numeric("192.0.2.2", 0)), at: Self.second)
            presence.settleDoubt(at: 2 * Self.second)
            return presence.newsForCore()
        }
        #expect(news == nil)
    }

    /// A node on an interface that is made anew is the same node, under the interface's new number.
    @Test func linkLocalSendersFollowTheirInterface() throws {
        let (peers, indices, scope, wayIndex) = try inNetwork {
            func sender() throws -> (address: SocketAddress, local: LocalAddress) {
                let address = try SocketAddress.numeric("fe80::7%v0", 5_000)
                let local = LocalAddress(
                    address: try .numeric("fe80::1%v0", 1_884), interfaceIndex: address.scopeIdentifier,
                    delivery: .unicast)
                return (address, local)
            }
            var table = UDPPeerTable(link: LinkID(0))
            let old = try sender()
            let first = table.peer(old.address, writingTo: old.local)
            table.noteInterface(old.address.scopeIdentifier)
            _ = table.peer(try .numeric("192.0.2.2", 5_000), writingTo: old.local)
            try OwnNetwork.ip("link del v0")
            let early = table.followInterfaces()
            try OwnNetwork.ip("link add v0 type veth peer name v1")
            let changes = table.followInterfaces()
            let new = try sender()
            let destination = table.destination(of: first)
            return (
                [first, table.peer(new.address, writingTo: new.local)],
                [changes.map(\.old), changes.map(\.new)] == [
                    [old.address.scopeIdentifier], [new.address.scopeIdentifier],
                ],
                early.isEmpty && destination?.address == new.address, destination?.local == new.local
            )
        }
        #expect(peers[0] == peers[1])
        #expect(indices && scope && wayIndex)
    }

    /// What is heard by another way shows that the link works; what has waited in the socket does not.
    @Test func theNamedInterfaceIsTheLink() throws {
        let seen = try inNetwork {
            let index = NetworkInterface(named: "v0")?.index ?? 0
            let neighbour = try SocketAddress.numeric("192.0.2.2", 1_884)
            func local(_ index: UInt32) -> LocalAddress {
                LocalAddress(address: neighbour, interfaceIndex: index, delivery: .unicast)
            }
            var presence = LinkPresence(interface: "v0")
            presence.look(at: 0)
            var seen = [presence.newsForCore()]
            try set("v1", "down", noticedBy: "v0")
            presence.look(at: 1)
            seen.append(presence.newsForCore())
            presence.sent(sent, at: 2)
            _ = presence.heard(neighbour, on: local(index))
            seen.append(presence.newsForCore())
            try set("v1", "up", noticedBy: "v0")
            presence.look(at: 3)
            seen.append(presence.newsForCore())
            try OwnNetwork.ip("link del v0")
            presence.look(at: 4)
            seen.append(presence.newsForCore())
            _ = presence.heard(neighbour, on: local(index + 1))
            seen.append(presence.newsForCore())
            presence.look(at: 5)
            seen.append(presence.newsForCore())
            return seen
        }
        #expect(seen == [nil, true, nil, false, true, false, nil])
    }

    private func makeSecondInterface() throws {
        try OwnNetwork.ip("link add w0 type veth peer name w1")
        try OwnNetwork.ip("addr add 198.51.100.1/24 dev w0")
        try OwnNetwork.ip("link set w0 up")
        try set("w1", "up", noticedBy: "w0")
    }

    /// A listener at all addresses learns by what it hears which interfaces count.
    @Test func ofSeveralInterfacesOneThatIsUsableIsEnough() throws {
        let seen = try inNetwork {
            try makeSecondInterface()
            try OwnNetwork.ip("link set lo up")
            var presence = LinkPresence(interface: nil)
            try presence.hears("127.0.0.1", on: "lo")
            try presence.hears("192.0.2.2", on: "v0")
            try presence.hears("198.51.100.2", on: "w0")
            presence.look(at: 0)
            var seen = [presence.newsForCore()]
            for (name, state) in [("v", "down"), ("w", "down"), ("v", "up"), ("w", "up")] {
                try set(name + "1", state, noticedBy: name + "0")
                presence.look(at: 1)
                seen.append(presence.newsForCore())
            }
            return seen
        }
        #expect(seen == [nil, nil, true, false, nil])
    }

    /// A client that comes by an interface on which nobody was heard before shows that the listener works.
    @Test func whoIsHeardOnAnotherInterfaceEndsTheLoss() throws {
        let seen = try inNetwork {
            try makeSecondInterface()
            var presence = LinkPresence(interface: nil)
            try presence.hears("192.0.2.2", on: "v0")
            try set("v1", "down", noticedBy: "v0")
            presence.look(at: 0)
            var seen = [presence.newsForCore()]
            try presence.hears("198.51.100.2", on: "w0")
            seen.append(presence.newsForCore())
            presence.look(at: 1)
            seen.append(presence.newsForCore())
            return seen
        }
        #expect(seen == [true, false, nil])
    }
}

extension LinkPresence {
    /// A datagram comes in from `host` by an interface.
    fileprivate mutating func hears(_ host: String, on interface: String) throws {
        let index = NetworkInterface(named: interface)?.index ?? 0
        let address = try SocketAddress.numeric(host, 1_884)
        _ = heard(address, on: LocalAddress(address: address, interfaceIndex: index, delivery: .unicast))
    }
}
