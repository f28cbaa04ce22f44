import CLinux
import Glibc
import SimulatorSupport
import Testing
import Transports

/// What this machine's network is asked, in a network of the test's own where interfaces come and go.
@Suite(.enabled(if: OwnNetwork.isAvailable, "this process may have no network of its own (unshare), or lacks 'ip'"))
struct NetworkTests {
    private final class Changes: NetworkMonitorDelegate {
        private(set) var count = 0
        private(set) var failures: [IOError] = []

        func networkChanged() { count += 1 }

        func networkMonitorFailed(_ error: IOError) { failures.append(error) }
    }

    @Test func interfacesAndAddressesThatComeAndGoAreTold() throws {
        let told = try OwnThread.run {
            try OwnNetwork.enter()
            let loop = try EventLoop()
            let monitor = try NetworkMonitor(loop: loop)
            defer { monitor.close() }
            let changes = Changes()
            monitor.delegate = changes
            var told: [Bool] = []
            for words in [
                "link add v0 type veth peer name v1", "addr add 192.0.2.1/24 dev v0", "addr add 2001:db8::1/64 dev v0",
                "link set v0 up", "link del v0",
            ] {
                let before = changes.count
                try OwnNetwork.ip(words)
                told.append(try loop.turn { changes.count > before })
                // Whatever else comes of it is not the next one's.
                try loop.turnWithoutWaiting()
            }
            return told
        }
        #expect(told == [true, true, true, true, true])
    }

    /// More than the kernel keeps: what was lost is a change too.
    @Test func aCrowdOfChangesIsTold() throws {
        let isTold = try OwnThread.run {
            try OwnNetwork.enter()
            let loop = try EventLoop()
            let monitor = try NetworkMonitor(loop: loop)
            defer { monitor.close() }
            let changes = Changes()
            monitor.delegate = changes
            for number in 1..<60 { try OwnNetwork.ip("addr add 127.1.0.\(number)/32 dev lo") }
            return try loop.turn { changes.count > 0 } && changes.failures.isEmpty
        }
        #expect(isTold)
    }

    @Test func anInterfaceIsUsableWhileItIsUpAndHasACarrier() throws {
        let (states, indices) = try OwnThread.run {
            try OwnNetwork.enter()
            var states: [Bool?] = []
            var indices: [UInt32] = []
            func look(for expected: Bool? = nil) {
                // The kernel tells of a carrier when it comes to it.
                for _ in 0..<2_000 where expected != nil && NetworkInterface(named: "v0")?.isUsable != expected {
                    usleep(5_000)
                }
                let found = NetworkInterface(named: "v0")
                states.append(found?.isUsable)
                if let found { indices.append(found.index) }
            }
            look()
            try OwnNetwork.ip("link add v0 type veth peer name v1")
            look()
            try OwnNetwork.ip("link set v0 up")
            look()
            try OwnNetwork.ip("link set v1 up")
            look(for: true)
            try OwnNetwork.ip("link del v0")
            look()
            try OwnNetwork.ip("link add v0 type veth peer name v1")
            look()
            return (states, indices)
        }
        #expect(states == [nil, false, false, true, nil, false])
        #expect(Set(indices).count == 2, "made anew it has another number")
    }

    /// Addresses and the ways to others are as the interfaces are.
    @Test func addressesAndWaysComeAndGoWithTheirInterface() throws {
        let seen = try OwnThread.run {
            try OwnNetwork.enter()
            // Before there is any address, every one passes for a broadcast address.
            try OwnNetwork.ip("link set lo up")
            let own = try loopback("192.0.2.1", 0)
            let other = try loopback("192.0.2.2", 1_884)
            func look() -> [Bool] {
                [own.isOnThisMachine, !other.isUnreachable, SocketAddress.ofThisMachine()?[own] != nil]
            }
            var seen = [look()]
            try OwnNetwork.ip("link add v0 type veth peer name v1")
            try OwnNetwork.ip("addr add 192.0.2.1/24 dev v0")
            try OwnNetwork.ip("link set v1 up")
            try OwnNetwork.ip("link set v0 up")
            seen.append(look())
            let source = try other.sourceOfRoute()
            seen.append([source == own])
            try OwnNetwork.ip("link del v0")
            seen.append(look())
            return seen
        }
        #expect(seen == [[false, false, false], [true, true, true], [true], [false, false, false]])
    }

    /// A socket has room for 20 groups, and those on interfaces that are gone count.
    @Test func groupsOnInterfacesThatAreGoneCanBeLeft() throws {
        let failures = try OwnThread.run {
            try OwnNetwork.enter()
            let loop = try EventLoop()
            let socket = try UDPTransport(binding: .any(ipv6: false, port: 0), receiveBufferByteCount: nil, loop: loop)
            defer { socket.close() }
            let group = try loopback("239.255.77.1", 1_884)
            var failures: [String] = []
            for _ in 0..<30 {
                try OwnNetwork.ip("link add v0 type veth peer name v1")
                let index = NetworkInterface(named: "v0")?.index ?? 0
                do { try socket.joinMulticast(group: group, interface: "v0") } catch { failures.append("\(error)") }
                try OwnNetwork.ip("link del v0")
                socket.leaveMulticast(group: group, interfaceIndex: index)
            }
            return failures
        }
        #expect(failures == [])
    }
}
