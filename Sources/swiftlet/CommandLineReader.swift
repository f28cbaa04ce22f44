import Configuration

/// What the arguments ask for.
enum Command {
    case run(RunOptions)
    case check(file: String)
    case version
    case help(HelpTopic)
}

/// What `swiftlet run` was told on the command line; it goes before what the file says.
struct RunOptions {
    var configurationFile: String?
    /// Empty: those of the file.
    var listeners: [UDPListener] = []
    var broker: BrokerEndpoint?
    var logLevel: LogLevel?
    var recordingFile: String?
    /// In octets; nil: `defaultRecordingLimit`.
    var recordingLimit: Int?

    static let defaultRecordingLimit = 67_108_864
    /// A recording that holds less than some hundred events is of no use.
    static let smallestRecordingLimit = 65_536
}

/// Why the arguments cannot be understood.
struct UsageError: Error {
    var message: String
}

/// Turns arguments into a command.
enum CommandLineReader {
    static func read(_ arguments: [String]) -> Result<Command, UsageError> {
        Result { () throws(UsageError) in try command(arguments) }
    }

    private static func command(_ arguments: [String]) throws(UsageError) -> Command {
        guard let name = arguments.first else { return .help(.swiftlet) }
        let rest = arguments.dropFirst()
        let wantsHelp = rest.contains("--help") || rest.contains("-h")
        switch name {
        case "run": return wantsHelp ? .help(.run) : .run(try runOptions(rest))
        case "check": return wantsHelp ? .help(.check) : .check(file: try checkedFile(rest))
        case "--version", "-V", "version": return .version
        case "--help", "-h", "help": return .help(HelpTopic(rawValue: rest.first ?? "") ?? .swiftlet)
        default: throw UsageError(message: "there is no command '\(name)'")
        }
    }

    private static func checkedFile(_ arguments: ArraySlice<String>) throws(UsageError) -> String {
        guard arguments.count == 1, let file = arguments.first, !file.hasPrefix("-") else {
            throw UsageError(message: "'check' takes exactly one file")
        }
        return file
    }

    private static func runOptions(_ arguments: ArraySlice<String>) throws(UsageError) -> RunOptions {
        var options = RunOptions()
        var rest = arguments
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard Self.runOptionNames.contains(name) else {
                throw UsageError(message: "'run' does not know '\(argument)'")
            }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw UsageError(message: "'\(name)' needs a value")
            }
            try set(name, to: value, in: &options)
        }
        guard options.recordingLimit == nil || options.recordingFile != nil else {
            throw UsageError(message: "'--record-limit' is for '--record', which is not given")
        }
        return options
    }

    private static let runOptionNames = [
        "--config", "--listen", "--broker", "--log-level", "--record", "--record-limit",
    ]

    private static func set(_ name: String, to value: String, in options: inout RunOptions) throws(UsageError) {
        switch name {
        case "--config":
            guard options.configurationFile == nil else { throw UsageError(message: "'--config' is given twice") }
            options.configurationFile = value
        case "--listen": options.listeners.append(try endpoint(EndpointParser.udp(value), name))
        case "--record":
            guard options.recordingFile == nil else { throw UsageError(message: "'--record' is given twice") }
            options.recordingFile = value
        case "--record-limit":
            guard options.recordingLimit == nil else {
                throw UsageError(message: "'--record-limit' is given twice")
            }
            options.recordingLimit = try recordingLimit(value)
        case "--broker": options.broker = try endpoint(EndpointParser.broker(value), name)
        default:
            guard let level = LogLevel.allCases.first(where: { "\($0)" == value }) else {
                let levels = LogLevel.allCases.map { "\($0)" }.joined(separator: ", ")
                throw UsageError(message: "'--log-level' is one of \(levels); found '\(value)'")
            }
            options.logLevel = level
        }
    }

    private static func recordingLimit(_ value: String) throws(UsageError) -> Int {
        guard let limit = Int(value), limit >= RunOptions.smallestRecordingLimit else {
            throw UsageError(
                message: "'--record-limit' is a number of octets, \(RunOptions.smallestRecordingLimit) or more;"
                    + " found '\(value)'")
        }
        return limit
    }

    private static func endpoint<Endpoint>(
        _ result: Result<Endpoint, EndpointError>, _ name: String
    ) throws(UsageError) -> Endpoint {
        switch result {
        case .success(let endpoint): return endpoint
        case .failure(let error): throw UsageError(message: "'\(name)' \(error.message)")
        }
    }
}
