import GatewaySimulator
import SimulatorSupport
import Transports

/// What the command line asks for.
struct SimulateOptions: Sendable {
    enum Mode: Sendable {
        case help
        case one(UInt64)
        case many(Int)
        case minimize(UInt64)
        case canaries([Canary])
        case month
        case replay(String)
    }

    /// What is wrong with the command line.
    struct Complaint: Error {
        var text: String
    }

    var mode = Mode.help
    var steps = 3_000
    /// Of a month.
    var days = 30
    var clients = 1_000
    var firstSeed: UInt64 = 1
    var jobs = ProcessControl.processorCount
    /// Whether many worlds go on after twenty that failed.
    var keepsGoing = false
    var world: WorldOptions?
    /// Names of options that are taken away from what a seed draws.
    var absent: [String] = []
    var canary: Canary?
    /// Whether everything that happens is told in words.
    var isTold = false
    /// Where the trace of one run goes.
    var tracePath: String?
    /// Named in the line that reproduces a failure.
    var commit = ProcessControl.environment("SWIFTLET_COMMIT") ?? ""

    static let helpText = """
        usage: simulate --seed N [--steps N] [--options TEXT] [--trace FILE] [--words]
               simulate --seeds N [--from M] [--jobs N] [--keep-going]
               simulate --minimize SEED
               simulate --canary NAME | --canaries
               simulate --replay FILE [--words]
               simulate --month [--days N] [--clients N]

          --seed N        Runs one world and says what it was; the same seed is the same world, always.
          --seeds N       Runs N worlds, and tells how often which rudeness occurred and which failures there were; it
                          stops after 20 unless --keep-going is given. The hash of all effects is always the same.
          --minimize N    Takes away whatever the failure of a seed does not need, and keeps that failure.
          --canary NAME   Plants a known bug, and looks for it: in one seed with --seed, else in as many as it may take.
          --canaries      Looks for each of them.
          --steps N       So many steps until the world heals (default 3000).
          --options TEXT  Which faults there are, such as clients=3,loss=120, instead of those the seed draws.
          --without LIST  Takes away from what a seed draws, such as --without loss,wills.
          --words         Tells everything that happens.
          --trace FILE    Records what the gateway's latest life was told, and the hash of what it did.
          --replay FILE   Tells a new gateway the same, and compares what it does; FILE may also come from
                          'swiftlet run --record FILE'.
          --month         Runs a mostly calm world for 30 days with 1000 clients, and tells how the gateway is each day.
          --from M        The first seed (default 1).
          --jobs N        Worlds at a time (default: as many as there are processors).
          --commit TEXT   Put into the line that reproduces a failure; default: SWIFTLET_COMMIT of the environment.

        canaries: \(Canary.allCases.map(\.rawValue).joined(separator: ", "))
        exit status: 0 nothing found, 64 wrong arguments, 127 crash, 128 something did not come to an end,
        129 something happened that must not
        """

    static func read(_ arguments: [String]) -> Result<SimulateOptions, Complaint> {
        var options = SimulateOptions()
        var rest = arguments[...]
        var seed: UInt64?
        while let name = rest.popFirst() {
            if let complaint = options.take(name, &rest, &seed) { return .failure(Complaint(text: complaint)) }
        }
        if let seed { options.mode = .one(seed) }
        return .success(options)
    }

    /// - Returns: what is wrong, if anything is.
    private mutating func take(_ name: String, _ rest: inout ArraySlice<String>, _ seed: inout UInt64?) -> String? {
        switch name {
        case "--help", "-h": mode = .help
        case "--words": isTold = true
        case "--keep-going": keepsGoing = true
        case "--month": mode = .month
        case "--canaries": mode = .canaries(Canary.allCases)
        default:
            guard let value = rest.popFirst() else { return "\(name) is unknown or wants a value" }
            return take(name, value, &seed)
        }
        return nil
    }

    private mutating func take(_ name: String, _ value: String, _ seed: inout UInt64?) -> String? {
        let number = UInt64(value)
        switch (name, number) {
        case ("--seed", let number?): seed = number
        case ("--seeds", let number?) where number <= UInt64(Int32.max): mode = .many(Int(number))
        case ("--minimize", let number?): mode = .minimize(number)
        case ("--steps", let number?) where number <= UInt64(Int32.max): steps = Int(number)
        case ("--from", let number?): firstSeed = number
        case ("--days", let number?) where (1...10_000).contains(number): days = Int(number)
        case ("--clients", let number?) where (1...60_000).contains(number): clients = Int(number)
        case ("--jobs", let number?) where (1...256).contains(number): jobs = Int(number)
        case ("--commit", _): commit = value
        case ("--trace", _): tracePath = value
        case ("--replay", _): mode = .replay(value)
        case ("--options", _):
            guard let options = WorldOptions(text: value) else { return "the options '\(value)' cannot be read" }
            world = options
        case ("--without", _):
            absent = value.split(separator: ",").map(String.init)
            var none = WorldOptions()
            let unknown = none.remove(absent)
            if !unknown.isEmpty { return "there is no option '\(unknown[0])'" }
        case ("--canary", _):
            guard let found = Canary(rawValue: value) else { return "there is no canary '\(value)'" }
            canary = found
            if case .help = mode { mode = .canaries([found]) }
        default: return "\(name) \(value) cannot be understood"
        }
        return nil
    }

    /// A world as it is asked for.
    func makeWorld(seed: UInt64) -> World {
        guard !absent.isEmpty else { return World(seed: seed, options: world, canary: canary) }
        var drawn = world ?? WorldOptions(seed: seed)
        _ = drawn.remove(absent)
        if drawn.asksTooMuch, world == nil { drawn[.noExactlyOnce] = 1 }
        return World(seed: seed, options: drawn, canary: canary)
    }

    /// The line that brings a failure back.
    func reproduction(seed: UInt64, options: WorldOptions, steps: Int) -> String {
        var line = "simulate --seed \(seed) --steps \(steps) --options \(options.text)"
        if let canary { line += " --canary \(canary.rawValue)" }
        return commit.isEmpty ? line : line + " --commit \(commit)"
    }
}
