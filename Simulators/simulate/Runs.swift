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
        let world = World(seed: seed, options: options.world, canary: options.canary)
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
    static func tell(_ verdict: Verdict, of world: World, _ options: SimulateOptions) {
        switch verdict {
        case .passed: return
        case .incorrect(let text): Terminal.print("INCORRECT  \(text)")
        case .stuck(let text): Terminal.print("STUCK  \(text)")
        }
        Terminal.print(options.reproduction(seed: world.seed, options: world.options, steps: options.steps))
    }
}

/// What one world has shown, to be passed between tasks.
struct Outcome: Sendable {
    var seed: UInt64
    var verdict: Verdict
    var elapsed: TimeSpan
    var eventCount: Int
    var effectHash: EffectHash

    init(_ options: SimulateOptions, seed: UInt64) {
        CrashNote.note(seed)
        let world = World(seed: seed, options: options.world, canary: options.canary)
        verdict = world.run(steps: options.steps)
        self.seed = seed
        elapsed = world.elapsed
        eventCount = world.gatewayEventCount
        effectHash = world.effectHash
    }
}

/// Many worlds on all processors.
struct ManyRuns {
    private static let portion = 16

    private let options: SimulateOptions
    private let count: Int

    init(_ options: SimulateOptions, count: Int) {
        self.options = options
        self.count = count
    }

    func run() async -> SimulateStatus {
        let startedAt = MonotonicClock.now()
        var failures: [Outcome] = []
        var tally = Tally()
        await withTaskGroup(of: [Outcome].self) { group in
            var next = 0
            func add() {
                guard next < count, failures.count < 20 else { return }
                let seeds = next..<min(count, next + Self.portion)
                next = seeds.upperBound
                group.addTask { seeds.map { Outcome(options, seed: options.firstSeed + UInt64($0)) } }
            }
            for _ in 0..<options.jobs { add() }
            while let outcomes = await group.next() {
                add()
                for outcome in outcomes {
                    tally.add(outcome)
                    if outcome.verdict != .passed { failures.append(outcome) }
                }
                Terminal.progress(tally.text(since: startedAt, failures: failures.count))
            }
        }
        Terminal.progress("")
        Terminal.print(tally.text(since: startedAt, failures: failures.count))
        Terminal.print("effects \(String(tally.effectHash.value, radix: 16))")
        return tell(failures.sorted { $0.seed < $1.seed })
    }

    private func tell(_ failures: [Outcome]) -> SimulateStatus {
        for failure in failures.dropFirst() { Terminal.print("seed \(failure.seed): \(failure.verdict)") }
        guard let first = failures.first else { return .passed }
        // The same world again, this time in words.
        return OneRun(options, seed: first.seed).run()
    }
}

/// How much has been simulated.
private struct Tally {
    private var runCount = 0
    private var eventCount = 0
    private var seconds: UInt64 = 0
    private(set) var effectHash = CombinedHash()

    mutating func add(_ outcome: Outcome) {
        runCount += 1
        eventCount += outcome.eventCount
        effectHash.add(outcome.effectHash, seed: outcome.seed)
        seconds += outcome.elapsed.nanoseconds / 1_000_000_000
    }

    func text(since startedAt: UInt64, failures: Int) -> String {
        let real = Double(MonotonicClock.now() - startedAt) / 1e9
        func rate(_ count: Double) -> Int { Int(count / max(real, 0.001)) }
        return "\(runCount) worlds in \(Int(real)) s: \(failures) failed; \(rate(Double(runCount))) worlds/s, "
            + "\(rate(Double(eventCount))) events/s, \(rate(Double(seconds) / 3_600)) simulated hours/s"
    }
}

/// Takes away from a failing world whatever its failure does not need.
struct Minimizer {
    private let options: SimulateOptions
    private let seed: UInt64

    init(_ options: SimulateOptions, seed: UInt64) {
        self.options = options
        self.seed = seed
    }

    func run() -> SimulateStatus {
        var smallest = options
        let world = World(seed: seed, options: options.world, canary: options.canary)
        var worldOptions = world.options
        let verdict = world.run(steps: options.steps)
        guard verdict != .passed else {
            Terminal.print("seed \(seed) does not fail")
            return .passed
        }
        smallest.steps = min(smallest.steps, world.stepCount)
        var hasShrunk = true
        while hasShrunk {
            hasShrunk = false
            for option in WorldOption.allCases where worldOptions[option] > 0 {
                for value in [0, worldOptions[option] / 2] where value < worldOptions[option] {
                    guard option != .clients || value > 0 else { continue }
                    var candidate = worldOptions
                    candidate[option] = value
                    guard fails(candidate, smallest.steps, like: verdict) else { continue }
                    worldOptions = candidate
                    hasShrunk = true
                    break
                }
            }
            for steps in [smallest.steps / 2, smallest.steps * 9 / 10] where steps > 0 && steps < smallest.steps {
                if fails(worldOptions, steps, like: verdict) {
                    smallest.steps = steps
                    hasShrunk = true
                }
            }
        }
        smallest.world = worldOptions
        return OneRun(smallest, seed: seed).run()
    }

    private func fails(_ worldOptions: WorldOptions, _ steps: Int, like verdict: Verdict) -> Bool {
        let world = World(seed: seed, options: worldOptions, canary: options.canary)
        switch (world.run(steps: steps), verdict) {
        case (.incorrect, .incorrect), (.stuck, .stuck): return true
        case (.passed, _), (.incorrect, _), (.stuck, _): return false
        }
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
            var planted = options
            planted.canary = canary
            let seeds = options.firstSeed..<options.firstSeed + UInt64(canary.seedLimit)
            if let outcome = seeds.lazy.map({ Outcome(planted, seed: $0) }).first(where: { $0.verdict != .passed }) {
                Terminal.print("\(canary.rawValue): found in seed \(outcome.seed): \(outcome.verdict)")
            } else {
                Terminal.print("\(canary.rawValue): NOT found in \(canary.seedLimit) seeds")
                status = .incorrect
            }
        }
        return status
    }
}
