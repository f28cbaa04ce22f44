import GatewayCore
import GatewaySimulator
import SimulatorSupport
import Time
import Transports

/// A long calm life of a gateway with many clients: light faults, a line per day, and nothing that grows.
struct MonthRun {
    /// What happens in it; the number of clients comes on top.
    private static let world =
        "sleepers=500,cleanSessions=100,wills=20,loss=10,duplication=5,jitter=2000,delay=50,streamDelay=20,"
        + "streamSplitting=64,addressChanges=5,clientCrashes=5,streamFailures=5,partitions=5,publishing=1,churn=20,"
        + "departures=20,retained=20,forwarders=3,calm=5400,audience=4"

    private let options: SimulateOptions
    private let dayCount: Int
    private let clientCount: Int

    init(_ options: SimulateOptions, days: Int, clients: Int) {
        self.options = options
        (dayCount, clientCount) = (days, clients)
    }

    func run() -> SimulateStatus {
        let startedAt = MonotonicClock.now()
        guard let worldOptions = WorldOptions(text: "clients=\(clientCount),\(Self.world)") else { return .usage }
        let world = World(seed: options.firstSeed, options: options.world ?? worldOptions, canary: options.canary)
        CrashNote.note(options.firstSeed)
        var days: [Census] = []
        for day in 1...max(1, dayCount) where world.verdict == .passed {
            world.pass(.seconds(86_400))
            days.append(world.census)
            Terminal.print(line(day, world, since: startedAt))
        }
        if let growth = Self.growth(in: days), world.verdict == .passed {
            Terminal.print("STUCK  \(growth)")
            return .stuck
        }
        let verdict = world.finish()
        let isCalm = verdict == .passed
        Terminal.print(
            isCalm ? "\(dayCount) days with \(clientCount) clients: nothing lost, nothing grows" : "\(verdict)")
        return SimulateStatus(verdict)
    }

    private func line(_ day: Int, _ world: World, since startedAt: UInt64) -> String {
        let census = world.census
        let seconds = Int((MonotonicClock.now() - startedAt) / 1_000_000_000)
        return "day \(day): \(world.stepCount) steps, \(world.gatewayEventCount) events, "
            + "\(world.deliveredCount) messages delivered, \(world.publishedWillCount) Wills; "
            + "sessions \(census.sessions) (\(census.remembered) away), broker connections \(census.upstreams), "
            + "routes \(census.routes), nodes \(census.forwardedNodes), topic names \(census.topicNames), "
            + "queued \(census.queuedMessages) (\(census.queuedByteCount) octets), "
            + "exchanges \(census.openExchanges) + \(census.brokerExchanges); "
            + "\(Self.residentByteCount / 1_048_576) MiB resident, \(seconds) s"
    }

    /// What the process occupies, the simulated clients, broker and checkers included; 0 where that is not known.
    private static var residentByteCount: Int {
        guard let content = try? FileReader.read(path: "/proc/self/statm", maximumByteCount: 1_000) else { return 0 }
        let words = String(decoding: content, as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * 4_096 : 0
    }

    /// What of the last third is clearly more than in the second one; nil where nothing is.
    private static func growth(in days: [Census]) -> String? {
        let third = days.count / 3
        guard third > 0 else { return nil }
        let gauges: [(String, KeyPath<Census, Int>)] = [
            ("sessions", \.sessions), ("broker connections", \.upstreams), ("routes", \.routes), ("peers", \.peers),
            ("nodes", \.forwardedNodes), ("topic names", \.topicNames), ("queued messages", \.queuedMessages),
            ("queued octets", \.queuedByteCount), ("topic ids of a client", \.mostTopics),
            ("subscriptions of a client", \.mostSubscriptions), ("exchanges", \.openExchanges),
            ("requests to the broker", \.brokerExchanges),
        ]
        for (name, gauge) in gauges {
            let before = days[third..<2 * third].map { $0[keyPath: gauge] }.max() ?? 0
            let after = days[(2 * third)...].map { $0[keyPath: gauge] }.max() ?? 0
            if after > before * 3 / 2 + 50 { return "\(name) grow from \(before) to \(after)" }
        }
        return nil
    }
}
