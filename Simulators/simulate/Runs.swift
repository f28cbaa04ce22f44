import GatewayCore
import GatewaySimulator
import SimulatorSupport
import Time
import TraceFile
import Transports

/// One world, told in words if it fails or if that is wanted.
struct OneRun {
    private let options: SimulateOptions
    private let seed: UInt64

    init(_ options: SimulateOptions, seed: UInt64) {
        self.options = options
        self.seed = seed
    }

    func run() -> SimulateStatus {
        CrashNote.note(seed)
        let world = options.makeWorld(seed: seed)
        world.chronicle = Chronicle(limit: options.isTold ? 1_000_000 : 30, from: world.now)
        world.recordsTrace = options.tracePath != nil
        let verdict = world.run(steps: options.steps)
        if verdict != .passed || options.isTold {
            for line in world.chronicle?.latest ?? [] { Terminal.print(line) }
        }
        Report.tell(verdict, of: world, options)
        Terminal.print(
            "seed \(seed): \(world.stepCount) steps, \(world.gatewayEventCount) events of the gateway, "
                + "\(world.elapsed.nanoseconds / 1_000_000_000) s simulated, "
                + "effects \(String(world.effectHash.value, radix: 16))"
        )
        if let path = options.tracePath { return write(world.trace, path) ?? SimulateStatus(verdict) }
        return SimulateStatus(verdict)
    }

    private func write(_ trace: Trace, _ path: String) -> SimulateStatus? {
        do {
            try FileWriter.write(trace.text, path: path)
            return nil
        } catch {
            Terminal.complain("\(error)")
            return .usage
        }
    }
}

/// What a failure is told with.
enum Report {
    /// A world that is told in words can be asked for again, too.
    static func tell(_ verdict: Verdict, of world: World, _ options: SimulateOptions) {
        if verdict != .passed { Terminal.print("\(verdict)") }
        guard verdict != .passed || options.isTold else { return }
        Terminal.print(options.reproduction(seed: world.seed, options: world.options, steps: options.steps))
    }
}

/// Shows that planted bugs are found.
struct CanaryHunt {
    private let options: SimulateOptions
    private let canaries: [Canary]

    init(_ options: SimulateOptions, _ canaries: [Canary]) {
        self.options = options
        self.canaries = canaries
    }

    func run() -> SimulateStatus {
        var status = SimulateStatus.passed
        for canary in canaries {
            if let found = canary.find(from: options.firstSeed, steps: options.steps) {
                Terminal.print("\(canary.rawValue): found in seed \(found.seed): \(found.verdict)")
            } else {
                Terminal.print("\(canary.rawValue): NOT found in \(canary.seedLimit) seeds")
                status = .incorrect
            }
        }
        return status
    }
}
