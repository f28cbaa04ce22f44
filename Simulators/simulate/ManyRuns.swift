import GatewayCore
import GatewaySimulator
import SimulatorSupport
import Time
import TraceFile
import Transports

/// What one world has shown, to be passed between tasks.
struct Outcome: Sendable {
    var seed: UInt64
    var verdict: Verdict
    var elapsed: TimeSpan
    var eventCount: Int
    var effectHash: EffectHash
    var rudeness: OccurrenceCounts
    var observations: OccurrenceCounts
    var cells: OccurrenceCounts

    init(_ options: SimulateOptions, seed: UInt64) {
        CrashNote.note(seed)
        let world = options.makeWorld(seed: seed)
        verdict = world.run(steps: options.steps)
        self.seed = seed
        elapsed = world.elapsed
        eventCount = world.gatewayEventCount
        effectHash = world.effectHash
        rudeness = world.rudeness
        observations = world.observations
        cells = world.uplinkCells
    }
}

/// Many worlds on all processors; what is told of them does not depend on how many run at a time.
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
                guard next < count, options.keepsGoing || failures.count < 20 else { return }
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
        for line in tally.lines { Terminal.print(line) }
        Terminal.print("effects \(String(tally.effectHash.value, radix: 16))")
        return tell(failures.sorted { $0.seed < $1.seed })
    }

    private func tell(_ failures: [Outcome]) -> SimulateStatus {
        guard let first = failures.first else { return .passed }
        for kind in FailureKind.all(in: failures) { Terminal.print(kind.text) }
        // The same world again, this time in words.
        return OneRun(options, seed: first.seed).run()
    }
}

/// Failures that are told alike, but for their numbers.
private struct FailureKind {
    var name: String
    var seeds: [UInt64]

    /// The most frequent first.
    static func all(in failures: [Outcome]) -> [FailureKind] {
        var kinds: [FailureKind] = []
        for failure in failures {
            guard let name = failure.verdict.failure?.kind else { continue }
            if let index = kinds.firstIndex(where: { $0.name == name }) {
                kinds[index].seeds.append(failure.seed)
            } else {
                kinds.append(FailureKind(name: name, seeds: [failure.seed]))
            }
        }
        return kinds.sorted { ($1.seeds.count, $0.seeds[0]) < ($0.seeds.count, $1.seeds[0]) }
    }

    var text: String {
        let some = seeds.prefix(5).map { "\($0)" }.joined(separator: ", ")
        return "\(seeds.count) × \(name): seed\(seeds.count > 1 ? "s" : "") \(some)\(seeds.count > 5 ? " …" : "")"
    }
}

/// How much has been simulated.
private struct Tally {
    private var runCount = 0
    private var eventCount = 0
    private var seconds: UInt64 = 0
    private var rudeness = OccurrenceCounts(kindCount: Rudeness.allCases.count)
    private var observations = OccurrenceCounts(kindCount: ObservationKind.allCases.count)
    private var cells = OccurrenceCounts(kindCount: UplinkCell.count)
    private(set) var effectHash = CombinedHash()

    mutating func add(_ outcome: Outcome) {
        runCount += 1
        eventCount += outcome.eventCount
        rudeness.add(outcome.rudeness)
        observations.add(outcome.observations)
        cells.add(outcome.cells)
        effectHash.add(outcome.effectHash, seed: outcome.seed)
        seconds += outcome.elapsed.nanoseconds / 1_000_000_000
    }

    func text(since startedAt: UInt64, failures: Int) -> String {
        let real = Double(MonotonicClock.now() - startedAt) / 1e9
        func rate(_ count: Double) -> Int { Int(count / max(real, 0.001)) }
        return "\(runCount) worlds in \(Int(real)) s: \(failures) failed; \(rate(Double(runCount))) worlds/s, "
            + "\(rate(Double(eventCount))) events/s, \(rate(Double(seconds) / 3_600)) simulated hours/s"
    }

    /// How often which rudeness occurred, and what the gateway has never observed.
    var lines: [String] {
        let missing = ObservationKind.allCases.filter { observations.times[Int($0.rawValue)] == 0 }
        return Rudeness.allCases.map {
            "\($0): \(rudeness.times[$0.rawValue]) times in \(rudeness.worlds[$0.rawValue]) worlds"
        } + (missing.isEmpty ? [] : ["never observed: \(missing.map { "\($0)" }.joined(separator: ", "))"]) + table
    }

    /// How many worlds reached each cell of the exchange table.
    private var table: [String] {
        func padded(_ text: String) -> String { String(repeating: " ", count: max(0, 10 - text.utf8.count)) + text }
        let head = UplinkCell.Column.allCases.map { padded("\($0)") }.joined()
        let rows = UplinkCell.Row.allCases.map { row in
            let counts = UplinkCell.Column.allCases.map { column in
                padded("\(cells.worlds[UplinkCell(row: row, column: column).index])")
            }
            return counts.joined() + "  \(row)"
        }
        return ["worlds by what was said (rows) and how far the client was:", head] + rows
    }
}
