import Glibc
import SimulatorSupport
import Testing

@testable import Transports

/// What a service manager hears (sd_notify(3)), on a socket that stands in for systemd's.
@Suite struct ServiceManagerTests {
    @Test func isToldOnAnAbstractSocket() throws {
        let path = "@swiftlet-notify-\(getpid())"
        let standIn = try NotifySocket(path: path)
        let manager = try #require(ServiceManager(path: path, watchdogInterval: nil))
        #expect(manager.tell("READY=1", "STATUS=2 clients"))
        #expect(standIn.take() == "READY=1\nSTATUS=2 clients")
    }

    @Test func isToldOnASocketInAFolder() throws {
        let path = "/tmp/swiftlet-notify-\(getpid())"
        unlink(path)
        let standIn = try NotifySocket(path: path)
        defer { unlink(path) }
        #expect(try #require(ServiceManager(path: path, watchdogInterval: nil)).tell("STOPPING=1"))
        #expect(standIn.take() == "STOPPING=1")
    }

    @Test(arguments: ["", "@", "relative", "vsock:2:3", "/" + String(repeating: "x", count: 108)])
    func whatIsNoSocketsNameIsNone(path: String) {
        #expect(ServiceManager(path: path, watchdogInterval: nil) == nil)
    }

    /// Nobody waits for one that does not read.
    @Test func oneThatReadsNothingIsNotWaitedFor() throws {
        let path = "@swiftlet-notify-full-\(getpid())"
        let standIn = try NotifySocket(path: path)
        let manager = try #require(ServiceManager(path: path, watchdogInterval: nil))
        let taken = (0..<10_000).count { _ in manager.tell("WATCHDOG=1") }
        #expect(taken < 10_000)
        #expect(standIn.take() == "WATCHDOG=1")
    }
}
