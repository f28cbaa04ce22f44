package import Transports

/// Tells the service manager how the gateway is: that it is ready, that its loop turns, and in one line what it does.
package final class ServiceNotifier: TimerHandler {
    /// Between two looks at the state where no watchdog asks for more, in nanoseconds.
    private static let statusInterval: UInt64 = 10_000_000_000

    private let manager: ServiceManager
    private let host: Host
    private var timer: LoopTimer?
    private var lastStatus = ""

    /// Tells nothing before `ready`.
    package init(_ manager: ServiceManager, _ host: Host) { (self.manager, self.host) = (manager, host) }

    /// The sockets are open. From here on the loop says that it turns, twice in the time of the watchdog.
    package func ready() {
        lastStatus = status
        manager.tell("READY=1", "STATUS=\(lastStatus)")
        plan()
    }

    /// The configuration is read again; `ready` follows.
    package func reloading() {
        manager.tell("RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.now() / 1_000)")
    }

    /// The gateway says goodbye to everybody.
    package func stopping() {
        if let timer { host.loop.cancel(timer) }
        timer = nil
        manager.tell("STOPPING=1", "STATUS=telling clients to connect anew")
    }

    package func timerFired(_ timer: LoopTimer) {
        if manager.watchdogInterval != nil { manager.tell("WATCHDOG=1") }
        let status = status
        if status != lastStatus { manager.tell("STATUS=\(status)") }
        lastStatus = status
        plan()
    }

    private func plan() {
        if let timer { host.loop.cancel(timer) }
        let interval = min(Self.statusInterval, (manager.watchdogInterval ?? .max) / 2)
        timer = host.loop.schedule(at: host.loop.now + interval, self)
    }

    /// Such as `359 clients; the broker is connected`.
    private var status: String {
        let count = host.sessionCount
        return "\(count) client\(count == 1 ? "" : "s"); \(host.readiness.sentence)"
    }
}
