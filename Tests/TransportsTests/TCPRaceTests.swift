import Glibc
import SimulatorSupport
import Testing

@testable import Transports

/// Several addresses of one name raced over real loopback sockets (RFC 8305).
@Suite struct TCPRaceTests {
    private let loop: EventLoop
    private let owner = RaceRecorder()

    init() throws { loop = try EventLoop() }

    private func race(
        to addresses: [SocketAddress], delay: Duration = .milliseconds(20), within time: Duration = .seconds(60)
    ) -> TCPRace {
        var options = TCPStreamOptions()
        options.connectTimeout = time
        return TCPRace(to: addresses, delay: delay, options: options, loop: loop, delegate: owner)
    }

    /// An address at which nobody listens.
    private func unusedAddress() throws -> SocketAddress {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        return server.listener.localAddress
    }

    /// Its own time would be a minute.
    @Test("RFC 8305 §5: an address that does not answer holds up the next one for the delay only")
    func theNextIsTriedWhileTheFirstIsSilent() throws {
        let silent = try SilentAddresses(1)
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        let race = race(to: silent.addresses + [server.listener.localAddress])
        #expect(race.attemptCount == 1)
        #expect(try loop.turn { !owner.winners.isEmpty })
        #expect(owner.winners.first?.remoteAddress == server.listener.localAddress)
        #expect(race.attemptCount == 0, "the others are closed")
        #expect(owner.winners.first?.isOpen == true)
        try loop.turnWithoutWaiting()
        #expect((owner.winners.count, owner.losses.count) == (1, 0))
        owner.winners.first?.abort()
    }

    @Test("RFC 8305 §5: where an attempt fails, the next one waits for no delay")
    func theNextIsTriedAtOnceWhenOneFails() throws {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        let race = race(to: [try unusedAddress(), server.listener.localAddress], delay: .seconds(60))
        #expect(try loop.turn { !owner.winners.isEmpty })
        #expect(owner.winners.first?.remoteAddress == server.listener.localAddress)
        owner.winners.first?.abort()
        race.abort()
    }

    /// So many descriptors are counted on; those that have to wait for one still have their part of the time.
    @Test func attemptsAreBoundedAndEachAddressHasItsTime() throws {
        let silent = try SilentAddresses(6)
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        let race = race(
            to: silent.addresses + [server.listener.localAddress], delay: .milliseconds(1), within: .seconds(3))
        var most = 0
        #expect(
            try loop.turn {
                most = max(most, race.attemptCount)
                return !owner.winners.isEmpty || !owner.losses.isEmpty
            })
        #expect(most == TCPRace.maximumAttemptCount)
        #expect(owner.winners.first?.remoteAddress == server.listener.localAddress)
        owner.winners.first?.abort()
    }

    @Test func aRaceThatNobodyWinsIsToldOnceWithWhatAnotherMachineSaid() throws {
        let nobody = try unusedAddress()
        // The last is none that this machine can connect from.
        let race = race(to: [nobody, try loopback("255.255.255.255", 1), nobody])
        #expect(owner.losses.isEmpty, "never from within the call")
        #expect(try loop.turn { !owner.losses.isEmpty })
        try loop.turnWithoutWaiting()
        let error = IOError(operation: "connect tcp://\(nobody)", code: ECONNREFUSED, phase: .connecting)
        #expect(owner.losses == [.failed(error)])
        #expect(owner.winners.isEmpty && race.attemptCount == 0)
    }

    @Test func allHaveTheTimeOfOneAttempt() throws {
        let silent = try SilentAddresses(2)
        let race = race(to: silent.addresses, within: .milliseconds(200))
        #expect(try loop.turn { !owner.losses.isEmpty })
        // Both end at that time, and either may be the last.
        let failures = silent.addresses.map {
            StreamCloseReason.failed(
                IOError(operation: "connect tcp://\($0)", code: ETIMEDOUT, phase: .connecting))
        }
        #expect(owner.losses.count == 1 && owner.losses.allSatisfy(failures.contains))
        race.abort()
    }

    @Test func nothingIsHeardOfAnAbortedRace() throws {
        let server = try AcceptingServer(loop: loop)
        defer { server.close() }
        let race = race(to: [server.listener.localAddress, try unusedAddress()], delay: .milliseconds(1))
        race.abort()
        #expect(race.attemptCount == 0)
        _ = usleep(5_000)
        try loop.turnWithoutWaiting()
        #expect(owner.winners.isEmpty && owner.losses.isEmpty)
    }

    @Test("RFC 8305 §4: the families take turns, beginning with the first's")
    func familiesTakeTurns() throws {
        let v6 = try (1...3).map { try loopback("fd00::\($0)", 1) }
        let v4 = try (1...2).map { try loopback("192.0.2.\($0)", 1) }
        #expect(TCPRace.interleaved(v6 + v4) == [v6[0], v4[0], v6[1], v4[1], v6[2]])
        #expect(TCPRace.interleaved(v4 + v6) == [v4[0], v6[0], v4[1], v6[1], v6[2]])
        #expect(TCPRace.interleaved([v4[1]]) == [v4[1]])
    }
}

/// The owner of a race that records what it hears.
private final class RaceRecorder: TCPRaceDelegate {
    private(set) var winners: [TCPStream] = []
    private(set) var losses: [StreamCloseReason] = []

    func race(_ race: TCPRace, wonBy stream: TCPStream) { winners.append(stream) }
    func race(_ race: TCPRace, lostWith reason: StreamCloseReason) { losses.append(reason) }
}

/// Addresses at which the kernel answers nobody: each has room for one connection, which is taken.
private final class SilentAddresses {
    private let loop: EventLoop
    private var servers: [AcceptingServer] = []
    private var fillers: [TCPStream] = []
    var addresses: [SocketAddress] { servers.map(\.listener.localAddress) }

    init(_ count: Int) throws {
        // Nobody turns it, so that nobody is let in.
        loop = try EventLoop()
        for _ in 0..<count {
            let server = try AcceptingServer(loop: loop, backlog: 0)
            servers.append(server)
            for _ in 0..<4 {
                fillers.append(TCPStream(connectingTo: server.listener.localAddress, loop: loop, delegate: nil))
            }
        }
    }

    deinit {
        for stream in fillers { stream.abort() }
        for server in servers { server.close() }
    }
}
