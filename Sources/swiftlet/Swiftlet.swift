import GatewayHost
import Transports

/// The command `swiftlet`: reads its arguments, does what they ask and ends with an exit code of sysexits(3).
@main
enum Swiftlet {
    static let version = Build.current.version

    static func main() {
        // Before anything else: a signal that comes early must not end a gateway.
        if CommandLine.arguments.dropFirst().first == "run" { RunSignals.holdBack() }
        ProcessControl.exit(status(of: Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    private static func status(of words: [String]) -> ExitStatus {
        do throws(UsageError) {
            let arguments = try CommandLineReader.read(words).get()
            return try arguments.command.execute(arguments)
        } catch {
            Terminal.complain(error.description)
            return .usage
        }
    }
}
