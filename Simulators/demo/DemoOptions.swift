/// What the arguments ask for.
enum DemoOptions: Equatable {
    case run(seconds: Int)
    case help
    /// The arguments cannot be understood, with the reason.
    case wrong(String)

    static let defaultSeconds = 15
    /// The shortest lets the lost sensor's Will appear; the longest keeps the account of every message small.
    static let allowedSeconds = 8...3600

    static func read(_ arguments: [String]) -> DemoOptions {
        var seconds = defaultSeconds
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            switch parts[0] {
            case "--help", "-h": return .help
            case "--seconds":
                guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                    return .wrong("'--seconds' needs a number")
                }
                guard let number = Int(value) else { return .wrong("'--seconds' is a whole number; found '\(value)'") }
                guard allowedSeconds.contains(number) else { return .wrong(unsuitable(number)) }
                seconds = number
            default: return .wrong("there is no option '\(argument)'")
            }
        }
        return .run(seconds: seconds)
    }

    private static func unsuitable(_ seconds: Int) -> String {
        seconds < allowedSeconds.lowerBound
            ? "'--seconds \(seconds)' is too short: a sensor dies, and its Will needs until second 6 to appear and be"
                + " checked; the least is \(allowedSeconds.lowerBound)"
            : "'--seconds \(seconds)' is too long: the most is \(allowedSeconds.upperBound)"
    }

    static let helpText = """
        A first look at Swiftlet: a simulated MQTT broker, the gateway and sixteen simulated MQTT-SN devices, in
        one process. They speak over real sockets on 127.0.0.1; two speak by radio, to a simulated XBee that the
        gateway has on a pseudo-terminal. Nothing else is needed.

        usage: demo [--seconds N]     run for N seconds, \(allowedSeconds.lowerBound) to \(allowedSeconds.upperBound), \
        default \(defaultSeconds)
               demo --help            say this

        Every message carries a number, and whoever receives it checks it off. At the end a table shows what was sent
        and what arrived. Set NO_COLOR to see no colours.

        Exit codes: 0 everything arrived, 1 something did not, 64 wrong arguments, 71 the system failed,
        130 ended by Ctrl-C.
        """
}
