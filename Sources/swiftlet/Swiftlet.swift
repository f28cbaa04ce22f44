import Transports

/// The command `swiftlet`: reads its arguments, does what they ask and ends with an exit code of sysexits(3).
@main
enum Swiftlet {
    static let version = "0.1.0"

    static func main() {
        let status: ExitStatus
        switch CommandLineReader.read(Array(CommandLine.arguments.dropFirst())) {
        case .success(.run(let options)): status = RunCommand(options).execute()
        case .success(.check(let file)): status = CheckCommand(file: file).execute()
        case .success(.version):
            Terminal.print("swiftlet \(version)")
            status = .success
        case .success(.help(let topic)):
            Terminal.print(topic.text)
            status = .success
        case .failure(let error):
            Terminal.complain("\(error.message)\n\nTry 'swiftlet --help'.")
            status = .usage
        }
        ProcessControl.exit(status.rawValue)
    }
}

/// How the process ends, as sysexits(3) numbers it.
enum ExitStatus: Int32 {
    case success = 0
    /// EX_USAGE: the arguments are wrong.
    case usage = 64
    /// EX_NOINPUT: a file could not be read.
    case noInput = 66
    /// EX_UNAVAILABLE: an address could not be had.
    case unavailable = 69
    /// EX_OSERR: the system failed.
    case systemFailure = 71
    /// EX_CANTCREAT: a file could not be created.
    case cannotCreate = 73
    /// EX_NOPERM: the system forbids it.
    case noPermission = 77
    /// EX_CONFIG: the configuration is wrong.
    case configuration = 78
}

/// Text for the person at the terminal.
enum Terminal {
    static func print(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        StandardOutput.write(bytes.span.bytes)
    }

    /// Says what went wrong, on standard error.
    static func complain(_ text: String) {
        let bytes = Array(("swiftlet: " + text + "\n").utf8)
        StandardError.write(bytes.span.bytes)
    }
}
