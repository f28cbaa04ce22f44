import GatewayCore
import Time
import Transports

/// Something that devices do again and again, to be measured.
struct Scenario {
    /// As in the file of budgets.
    var name: String
    var areForwarded = false
    var deviceCount = 100
    /// How often each device does it in one pass.
    var turnsPerPass = 20
    /// What one round must cause, or it has not measured what it says.
    var expected: Tally
    /// Brings the devices to where the scenario begins.
    var prepare: (inout Workbench) -> Void
    /// Time between two events.
    var pace = TimeSpan(nanoseconds: 10_000)
    /// One round: what a device and its broker say; `turn` counts on from pass to pass.
    var round: (_ device: Device, _ turn: Int, _ script: inout Script) -> Void
    /// What comes after each pass without being measured; `turn` is the last one.
    var restore: ((_ device: Device, _ turn: Int, _ script: inout Script) -> Void)?
}

/// What a scenario cost.
struct Cost {
    var rounds = 0
    var events = 0
    var allocations = 0
    var allocatedByteCount = 0
    /// Of the fastest pass.
    var nanosecondsPerEvent = Double.infinity
    /// Whether every pass took its course.
    var isAsExpected = true

    var allocationsPerRound: Double { Double(allocations) / Double(max(1, rounds)) }
    var bytesPerRound: Double { Double(allocatedByteCount) / Double(max(1, rounds)) }
}

extension Scenario {
    /// Before anything counts, the tables get their size.
    private static let warmUpPasses = 4
    private static let measuredPasses = 12

    func measure() -> Cost {
        var bench = Workbench(deviceCount: deviceCount, areForwarded: areForwarded)
        prepare(&bench)
        bench.pace = pace
        var cost = Cost()
        for pass in 0..<(Self.warmUpPasses + Self.measuredPasses) {
            let script = script(pass: pass, bench.devices)
            play(script, on: &bench, counting: pass >= Self.warmUpPasses, &cost)
            guard let restore else { continue }
            bench.eachDevice { restore($0, (pass + 1) * turnsPerPass - 1, &$1) }
        }
        return cost
    }

    private func play(
        _ script: borrowing Script, on bench: inout Workbench, counting isCounted: Bool, _ cost: inout Cost
    ) {
        let allocations = AllocationLedger.allocationCount
        let bytes = AllocationLedger.allocatedByteCount
        let eventsBefore = bench.eventCount
        let begin = MonotonicClock.now()
        let tally = bench.play(script)
        let nanoseconds = MonotonicClock.now() - begin
        let allocationsAfter = AllocationLedger.allocationCount
        let bytesAfter = AllocationLedger.allocatedByteCount
        let rounds = deviceCount * turnsPerPass
        if tally != expected * rounds { cost.isAsExpected = false }
        guard isCounted else { return }
        cost.rounds += rounds
        let events = bench.eventCount - eventsBefore
        cost.events += events
        cost.allocations += allocationsAfter - allocations
        cost.allocatedByteCount += bytesAfter - bytes
        cost.nanosecondsPerEvent = min(cost.nanosecondsPerEvent, Double(nanoseconds) / Double(max(1, events)))
    }

    /// Device after device, so that each finds the caches as other devices have left them.
    private func script(pass: Int, _ devices: [Device]) -> Script {
        var script = Script()
        for turn in 0..<turnsPerPass {
            for device in devices { round(device, pass * turnsPerPass + turn, &script) }
        }
        return script
    }
}
