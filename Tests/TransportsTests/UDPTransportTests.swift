import CLinux
import Glibc
import SimulatorSupport
import Testing
import Transports

/// One datagram as a test sees it.
struct ReceivedDatagram: Equatable {
    let bytes: [UInt8]
    let from: SocketAddress
    let to: LocalAddress
}

/// A transport with everything that came to it.
final class DatagramRecorder: UDPTransportDelegate {
    let transport: UDPTransport
    private(set) var datagrams: [ReceivedDatagram] = []
    private(set) var truncatedByteCounts: [Int] = []
    private(set) var batchCounts: [Int] = []
    private(set) var errors: [IOError] = []

    init(_ transport: UDPTransport) {
        self.transport = transport
        transport.delegate = self
    }

    func transportReadable(_ transport: UDPTransport) {
        do throws(IOError) {
            let count = try transport.receive {
                datagrams.append(ReceivedDatagram(bytes: copied($0), from: $1, to: $2))
            } truncated: { byteCount, _, _ in
                truncatedByteCounts.append(byteCount)
            }
            batchCounts.append(count)
        } catch {
            errors.append(error)
        }
    }
}

/// Whether the system has a way to send to an IPv6 group, which a bare loopback interface has not.
private func hasIPv6MulticastRoute() -> Bool {
    let descriptor = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var group = sockaddr_in6()
    group.sin6_family = sa_family_t(AF_INET6)
    group.sin6_port = 9
    guard inet_pton(AF_INET6, "ff01::77", &group.sin6_addr) == 1 else { return false }
    return withUnsafePointer(to: &group) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
        }
    }
}

/// UDP over real loopback sockets.
@Suite struct UDPTransportTests {
    private let loop: EventLoop

    init() throws {
        loop = try EventLoop()
    }

    private func bind(_ host: String, port: UInt16 = 0, maximum: Int = 2_048) throws -> DatagramRecorder {
        DatagramRecorder(
            try UDPTransport(
                binding: loopback(host, port), receiveBufferByteCount: 1_048_576, maximumDatagramByteCount: maximum,
                loop: loop))
    }

    private func queue(_ bytes: [UInt8], on sender: DatagramRecorder, to: SocketAddress, from: LocalAddress? = nil) {
        let span = bytes.span
        sender.transport.queue(span.bytes, to: to, from: from)
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func everyDatagramOfManyBatchesArrivesInOrder(host: String) throws {
        let (sender, receiver) = (try bind(host), try bind(host))
        defer { for end in [sender, receiver] { end.transport.close() } }
        let sent = (0..<200).map { octets("datagram \($0) ") + [UInt8](repeating: UInt8($0), count: $0 * 7 % 1_000) }
        for bytes in sent { queue(bytes, on: sender, to: receiver.transport.localAddress) }
        let result = sender.transport.flush()
        #expect(result.sentCount == 200)
        #expect(result.droppedCount == 0)
        #expect(sender.transport.flush() == FlushResult(), "a flush reports what came since the one before")
        #expect(try loop.turn { receiver.datagrams.count >= 200 })
        #expect(receiver.datagrams.map(\.bytes) == sent)
        #expect(receiver.datagrams.allSatisfy { $0.from == sender.transport.localAddress })
        #expect(receiver.datagrams.allSatisfy { $0.to.address == receiver.transport.localAddress })
        #expect(receiver.datagrams.allSatisfy { !$0.to.isMulticastOrBroadcast && $0.to.interfaceIndex != 0 })
        #expect(receiver.batchCounts.first == UDPTransport.batchCount, "a full batch comes in one call")
    }

    /// An error that lasts is met less and less often, and what waits comes when it is over.
    @Test(.enabled(if: SystemCallFilter.isAvailable, "this machine allows no system call filters (seccomp)"))
    func aSocketThatCannotBeReadRests() throws {
        let attempts = try OwnThread.run {
            let loop = try EventLoop()
            let socket = try UDPTransport(binding: loopback("127.0.0.1"), receiveBufferByteCount: nil, loop: loop)
            let receiver = DatagramRecorder(socket)
            defer { socket.close() }
            let datagram: [UInt8] = [1]
            socket.queue(datagram.span.bytes, to: socket.localAddress, from: nil)
            socket.flush()
            try SystemCallFilter.install(.receivingDatagrams(ENOMEM))
            var attempts: [(errors: [IOError], at: UInt64)] = []
            _ = try loop.turn {
                if receiver.errors.count > attempts.count { attempts.append((receiver.errors, loop.now)) }
                return attempts.count == 5
            }
            return attempts
        }
        try #require(attempts.count == 5)
        #expect(attempts[4].errors.allSatisfy { $0.code == ENOMEM })
        let pauses = zip(attempts, attempts.dropFirst()).map { $1.at - $0.at }
        for (pause, least) in zip(pauses, [10, 20, 40, 80] as [UInt64]) { #expect(pause >= least * 1_000_000) }
    }

    @Test func emptyDatagramsArrive() throws {
        let (sender, receiver) = (try bind("127.0.0.1"), try bind("127.0.0.1"))
        defer { for end in [sender, receiver] { end.transport.close() } }
        queue([], on: sender, to: receiver.transport.localAddress)
        queue([7], on: sender, to: receiver.transport.localAddress)
        sender.transport.flush()
        #expect(try loop.turn { receiver.datagrams.count >= 2 })
        #expect(receiver.datagrams.map(\.bytes) == [[], [7]])
    }

    @Test(arguments: ["127.0.0.2", "127.0.0.1", "127.99.1.7"])
    func repliesLeaveFromTheAddressThatWasAddressed(addressed: String) throws {
        let (gateway, client) = (try bind("0.0.0.0"), try bind("127.0.0.1"))
        defer { for end in [gateway, client] { end.transport.close() } }
        let destination = try loopback(addressed, gateway.transport.localAddress.port)
        queue(octets("ask"), on: client, to: destination)
        client.transport.flush()
        #expect(try loop.turn { !gateway.datagrams.isEmpty })
        let question = try #require(gateway.datagrams.first)
        #expect(question.to.address == destination)
        #expect(question.to.delivery == .unicast)
        queue(octets("answer"), on: gateway, to: question.from, from: question.to)
        gateway.transport.flush()
        #expect(try loop.turn { !client.datagrams.isEmpty })
        #expect(client.datagrams.first?.from == destination)
    }

    @Test func repliesOverIPv6LeaveFromTheAddressThatWasAddressed() throws {
        let (gateway, client) = (try bind("::"), try bind("::1"))
        defer { for end in [gateway, client] { end.transport.close() } }
        queue(octets("ask"), on: client, to: try loopback("::1", gateway.transport.localAddress.port))
        client.transport.flush()
        #expect(try loop.turn { !gateway.datagrams.isEmpty })
        let question = try #require(gateway.datagrams.first)
        #expect(question.to.address.host == "::1")
        queue(octets("answer"), on: gateway, to: question.from, from: question.to)
        #expect(gateway.transport.flush().sentCount == 1)
        #expect(try loop.turn { !client.datagrams.isEmpty })
        #expect(client.datagrams.first?.from.host == "::1")
    }

    @Test func aTruncatedDatagramIsReportedWithItsLengthAndNeverPassedOn() throws {
        let (sender, receiver) = (try bind("127.0.0.1"), try bind("127.0.0.1", maximum: 100))
        defer { for end in [sender, receiver] { end.transport.close() } }
        for count in [100, 101, 5_000, 65_507, 3] {
            queue([UInt8](repeating: 1, count: count), on: sender, to: receiver.transport.localAddress)
        }
        #expect(sender.transport.flush().sentCount == 5)
        #expect(try loop.turn { receiver.datagrams.count >= 2 })
        #expect(receiver.datagrams.map(\.bytes.count) == [100, 3])
        #expect(receiver.truncatedByteCounts == [101, 5_000, 65_507])
        #expect(receiver.transport.truncatedDatagramCount == 3)
    }

    @Test func aPortInUseIsAnErrorThatSaysSo() throws {
        let first = try bind("127.0.0.1")
        defer { first.transport.close() }
        let port = first.transport.localAddress.port
        #expect(throws: IOError(operation: "bind udp://127.0.0.1:\(port)", code: EADDRINUSE)) {
            _ = try bind("127.0.0.1", port: port)
        }
    }

    @Test func bothFamiliesCanBeBoundToOnePortAndClosedAgain() throws {
        let ipv6 = try bind("::")
        let port = ipv6.transport.localAddress.port
        let ipv4 = try bind("0.0.0.0", port: port)
        ipv4.transport.close()
        ipv6.transport.close()
        let again = try bind("0.0.0.0", port: port)
        #expect(again.transport.localAddress.description == "0.0.0.0:\(port)")
        again.transport.close()
    }

    @Test func theGrantedReceiveBufferIsRead() throws {
        for asked in [16_384, 65_536] {
            let transport = try UDPTransport(binding: loopback("127.0.0.1"), receiveBufferByteCount: asked, loop: loop)
            #expect(transport.grantedReceiveBufferByteCount == asked)
            transport.close()
        }
        let transport = try UDPTransport(binding: loopback("127.0.0.1"), receiveBufferByteCount: nil, loop: loop)
        #expect(transport.grantedReceiveBufferByteCount > 0)
        transport.close()
    }

    @Test func aRefusedDestinationOrSizeCostsOnlyItsOwnDatagram() throws {
        let (sender, receiver) = (try bind("127.0.0.1"), try bind("127.0.0.1"))
        defer { for end in [sender, receiver] { end.transport.close() } }
        let good = receiver.transport.localAddress
        queue([1], on: sender, to: good)
        // Broadcast without permission, port 0, the other family, longer than UDP allows, longer than the batch.
        queue([2], on: sender, to: try loopback("255.255.255.255", 9))
        queue([3], on: sender, to: try loopback("127.0.0.1", 0))
        queue([4], on: sender, to: try loopback("::1", 9))
        queue([UInt8](repeating: 5, count: 65_508), on: sender, to: good)
        queue([UInt8](repeating: 6, count: 200_000), on: sender, to: good)
        queue([7], on: sender, to: good)
        let result = sender.transport.flush()
        #expect(result.sentCount == 2)
        #expect(result.droppedCount == 5)
        #expect(result.lastErrorCode != nil)
        #expect(try loop.turn { receiver.datagrams.count >= 2 })
        #expect(receiver.datagrams.map(\.bytes) == [[1], [7]])
    }

    @Test func aPeerThatIsGoneDoesNotStopReceiving() throws {
        let (sender, receiver) = (try bind("127.0.0.1"), try bind("127.0.0.1"))
        defer { sender.transport.close() }
        let gone = receiver.transport.localAddress
        receiver.transport.close()
        // Asks the kernel to report ICMP errors on this socket, as it does unasked for connected ones.
        var on: Int32 = 1
        try #require(setsockopt(sender.transport.descriptor, Int32(IPPROTO_IP), IP_RECVERR, &on, 4) == 0)
        queue([1], on: sender, to: sender.transport.localAddress)
        queue([2], on: sender, to: gone)
        #expect(sender.transport.flush().sentCount == 2)
        #expect(try loop.turn { !sender.datagrams.isEmpty && sender.transport.receiveErrorCount > 0 })
        queue([3], on: sender, to: sender.transport.localAddress)
        sender.transport.flush()
        #expect(try loop.turn { sender.datagrams.count >= 2 })
        #expect(sender.datagrams.map(\.bytes) == [[1], [3]])
        #expect(sender.errors == [])
    }

    // MARK: Groups

    @Test func aJoinedGroupIsHeardAndToldApart() throws {
        let (sender, receiver) = (try bind("127.0.0.1"), try bind("0.0.0.0"))
        defer { for end in [sender, receiver] { end.transport.close() } }
        let group = try loopback("239.255.77.1", receiver.transport.localAddress.port)
        try receiver.transport.joinMulticast(group: group, interface: "lo")
        try sender.transport.setMulticastInterface("lo")
        try sender.transport.setMulticastHopLimit(0)
        queue(octets("to all"), on: sender, to: group)
        #expect(sender.transport.flush().sentCount == 1)
        #expect(try loop.turn { !receiver.datagrams.isEmpty })
        let datagram = try #require(receiver.datagrams.first)
        #expect(datagram.to.delivery == .multicast)
        #expect(!datagram.to.address.isMulticast, "a reply leaves from a unicast address")
        queue(octets("reply"), on: receiver, to: datagram.from, from: datagram.to)
        receiver.transport.flush()
        #expect(try loop.turn { !sender.datagrams.isEmpty })
        #expect(sender.datagrams.first?.to.delivery == .unicast)
    }

    /// Interface-local groups (ff01::/16) never leave the host, whichever interface has the route.
    @Test(.enabled(if: hasIPv6MulticastRoute(), "an interface routes IPv6 multicast"))
    func aJoinedIPv6GroupIsHeardAndToldApart() throws {
        let (sender, receiver) = (try bind("::"), try bind("::"))
        defer { for end in [sender, receiver] { end.transport.close() } }
        let group = try loopback("ff01::77", receiver.transport.localAddress.port)
        try receiver.transport.joinMulticast(group: group, interface: nil)
        try sender.transport.setMulticastHopLimit(1)
        try sender.transport.setMulticastLoop(true)
        queue(octets("to all"), on: sender, to: group)
        #expect(sender.transport.flush().sentCount == 1)
        #expect(try loop.turn { !receiver.datagrams.isEmpty })
        let datagram = try #require(receiver.datagrams.first)
        #expect(datagram.to.delivery == .multicast)
        #expect(datagram.to.interfaceIndex != 0)
        queue(octets("reply"), on: receiver, to: datagram.from, from: datagram.to)
        #expect(receiver.transport.flush().sentCount == 1)
        #expect(try loop.turn { !sender.datagrams.isEmpty })
        #expect(sender.datagrams.first?.to.delivery == .unicast)
    }

    @Test func aGroupThatWasNotJoinedIsNotHeard() throws {
        let (sender, member) = (try bind("127.0.0.1"), try bind("0.0.0.0"))
        let outsider = try bind("0.0.0.0")
        defer { for end in [sender, member, outsider] { end.transport.close() } }
        try member.transport.joinMulticast(group: try loopback("239.255.77.2"), interface: "lo")
        try sender.transport.setMulticastInterface("lo")
        queue([1], on: sender, to: try loopback("239.255.77.2", outsider.transport.localAddress.port))
        queue([2], on: sender, to: try loopback("239.255.77.2", member.transport.localAddress.port))
        queue([3], on: sender, to: try loopback("127.0.0.1", outsider.transport.localAddress.port))
        #expect(sender.transport.flush().sentCount == 3)
        #expect(try loop.turn { !member.datagrams.isEmpty && !outsider.datagrams.isEmpty })
        #expect(outsider.datagrams.map(\.bytes) == [[3]])
    }

    /// Asks the kernel, because what is sent out of the loopback interface comes back whatever the options say.
    @Test(arguments: ["127.0.0.1", "::1"])
    func multicastLoopAndHopLimitReachTheKernel(host: String) throws {
        let end = try bind(host)
        defer { end.transport.close() }
        let level = Int32(host == "::1" ? IPPROTO_IPV6 : IPPROTO_IP)
        let (loopOption, hopOption) =
            host == "::1" ? (IPV6_MULTICAST_LOOP, IPV6_MULTICAST_HOPS) : (IP_MULTICAST_LOOP, IP_MULTICAST_TTL)
        func value(_ option: Int32) -> Int32 {
            var (value, length) = (Int32(-1), socklen_t(4))
            getsockopt(end.transport.descriptor, level, option, &value, &length)
            return value
        }
        for (isOn, limit) in [(false, UInt8(0)), (true, 255)] {
            try end.transport.setMulticastLoop(isOn)
            try end.transport.setMulticastHopLimit(limit)
            #expect(value(loopOption) == (isOn ? 1 : 0))
            #expect(value(hopOption) == Int32(limit))
        }
    }

    @Test func joiningWhatCannotBeJoinedIsAnError() throws {
        let end = try bind("127.0.0.1")
        defer { end.transport.close() }
        for (group, interface) in [("10.0.0.1", "lo"), ("ff02::1", "lo"), ("239.0.0.1", "no-such-interface")] {
            #expect(throws: IOError.self) {
                try end.transport.joinMulticast(group: loopback(group), interface: interface)
            }
        }
    }

    @Test func broadcastNeedsPermissionAndIsToldApart() throws {
        let (sender, receiver) = (try bind("127.0.0.1"), try bind("0.0.0.0"))
        defer { for end in [sender, receiver] { end.transport.close() } }
        let everybody = try loopback("127.255.255.255", receiver.transport.localAddress.port)
        queue([1], on: sender, to: everybody)
        #expect(sender.transport.flush().lastErrorCode == EACCES)
        try sender.transport.setBroadcast(true)
        queue([2], on: sender, to: everybody)
        #expect(sender.transport.flush().sentCount == 1)
        #expect(try loop.turn { !receiver.datagrams.isEmpty })
        #expect(receiver.datagrams.first?.to.delivery == .broadcast)
    }
}
