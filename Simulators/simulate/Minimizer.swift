import GatewaySimulator

/// Takes away from a failing world whatever its failure does not need, and keeps that failure: the same checker finds
/// the same kind of fault, or the same stands still.
struct Minimizer {
    private let options: SimulateOptions
    private let seed: UInt64

    init(_ options: SimulateOptions, seed: UInt64) {
        self.options = options
        self.seed = seed
    }

    func run() -> SimulateStatus {
        var smallest = options
        let world = options.makeWorld(seed: seed)
        guard let failure = world.run(steps: options.steps).failure else {
            Terminal.print("seed \(seed) does not fail")
            return .passed
        }
        smallest.world = world.options
        smallest.steps = min(smallest.steps, world.stepCount)
        var hasShrunk = true
        while hasShrunk {
            hasShrunk = false
            for option in WorldOption.allCases {
                if shrink(option, of: &smallest, keeping: failure, of: world.options) { hasShrunk = true }
            }
            for steps in [smallest.steps / 2, smallest.steps * 9 / 10] where steps > 0 && steps < smallest.steps {
                var candidate = smallest
                candidate.steps = steps
                guard shows(failure, candidate, of: world.options) else { continue }
                smallest = candidate
                hasShrunk = true
            }
        }
        Terminal.print("kept: \(failure.kind)")
        return OneRun(smallest, seed: seed).run()
    }

    /// Tries without the option, and then with half of it.
    private func shrink(
        _ option: WorldOption, of smallest: inout SimulateOptions, keeping failure: Failure,
        of original: WorldOptions
    ) -> Bool {
        let value = smallest.world?[option] ?? 0
        for less in [0, value / 2] where less < value && (option != .clients || less > 0) {
            var candidate = smallest
            candidate.world?[option] = less
            guard shows(failure, candidate, of: original) else { continue }
            smallest = candidate
            return true
        }
        return false
    }

    /// What nobody promises is no failure of a world that did not ask for it.
    private func shows(_ failure: Failure, _ candidate: SimulateOptions, of original: WorldOptions) -> Bool {
        let world = candidate.makeWorld(seed: seed)
        guard !world.options.asksTooMuch || original.asksTooMuch else { return false }
        return world.run(steps: candidate.steps).failure?.kind == failure.kind
    }
}
