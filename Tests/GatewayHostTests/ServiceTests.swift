import Glibc
import SimulatorSupport
import Testing
import Transports

extension RealSocketTests {
    /// What a service manager hears of a gateway, on a socket that stands in for systemd's (sd_notify(3)).
    @Suite(.serialized) struct ServiceTests {
        private let manager: NotifySocket
        private let gateway: GatewayProcess

        /// The watchdog wants to hear something each 400 ms.
        init() throws {
            manager = try NotifySocket(path: "@swiftlet-service-\(getpid())")
            gateway = try GatewayProcess(
                brokerPort: ScriptedBroker.unusedPort(), level: "info",
                variables: ["NOTIFY_SOCKET=\(manager.path)", "WATCHDOG_USEC=400000"])
        }

        private func hears(_ beginning: String) -> Bool {
            eventually {
                while let heard = manager.take() {
                    if heard.hasPrefix(beginning) { return true }
                }
                return false
            }
        }

        @Test func readyWatchdogReloadingAndStoppingAreTold() throws {
            #expect(hears("READY=1\nSTATUS=0 clients; "))
            #expect(hears("WATCHDOG=1"))
            gateway.process.kill(SIGHUP)
            #expect(hears("RELOADING=1\nMONOTONIC_USEC="))
            #expect(hears("READY=1\nSTATUS=0 clients; "))
            gateway.process.kill(SIGTERM)
            #expect(hears("STOPPING=1\n"))
            #expect(gateway.process.waitForExit() == .exited(0))
        }

        /// A loop that hangs is what the watchdog is for: it says nothing then.
        @Test func aLoopThatHangsMissesItsWatchdog() throws {
            #expect(hears("WATCHDOG=1"))
            gateway.process.kill(SIGSTOP)
            // What was on its way is here when the process has stopped.
            usleep(100_000)
            while manager.take() != nil {}
            usleep(1_000_000)
            #expect(manager.take() == nil)
            gateway.process.kill(SIGCONT)
            #expect(hears("WATCHDOG=1"))
        }
    }
}
