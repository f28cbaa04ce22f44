import Glibc
import Testing
import Transports

/// The built command `swiftlet`.
enum SwiftletCommand {
    /// Where the build put it: beside the tests.
    static let path: String? = {
        var candidates: [String] = []
        if let test = executablePath() { candidates.append(directory(of: test) + "/swiftlet") }
        candidates += CommandLine.arguments.map { directory(of: $0) + "/swiftlet" }
        candidates.append(root + "/.build/debug/swiftlet")
        return candidates.first { access($0, X_OK) == 0 }
    }()

    /// The optimised one if there is one, else any.
    static var fastestPath: String? {
        let release = root + "/.build/release/swiftlet"
        return access(release, X_OK) == 0 ? release : path
    }

    private static let root = directory(of: directory(of: directory(of: directory(of: #filePath))))

    private static func executablePath() -> String? {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// Runs the command to its end; it reads `input`.
    static func run(
        _ arguments: [String], input: String = ""
    ) throws -> (exit: ChildProcess.ExitReason?, output: String, error: String) {
        let process = try start(arguments, in: TemporaryDirectory(), input: input)
        let exit = process.waitForExit()
        return (exit, process.output, process.errorOutput)
    }

    static func start(
        _ arguments: [String], in directory: TemporaryDirectory, name: String = "swiftlet", input: String = ""
    ) throws -> ChildProcess {
        let program = try #require(path, "the command swiftlet is not built")
        return try ChildProcess(program, arguments, name: name, in: directory, input: input)
    }
}

/// `swiftlet run` as a process of its own, on a UDP port that the system chooses.
final class GatewayProcess {
    let process: ChildProcess
    let address: SocketAddress
    private let directory: TemporaryDirectory
    private let head: String

    /// Starts the gateway in front of the broker on this machine at `brokerPort`; `configuration` is the file's rest.
    /// It may open `descriptorLimit` files and write `fileBlockLimit` blocks to each (ulimit(1)), if that is given;
    /// `options` are further ones of the command line, `variables` of the environment, each as `NAME=value`. Without `listener` those of the file are used, of which one is at
    /// 127.0.0.1.
    init(
        brokerPort: UInt16, _ configuration: String = "", program: String? = nil, level: String = "debug",
        descriptorLimit: Int? = nil, fileBlockLimit: Int? = nil, options: [String] = [],
        variables: [String] = [], listener: String? = "udp://127.0.0.1:0", scheme: String = "mqtt"
    ) throws {
        directory = try TemporaryDirectory()
        head = """
            broker.url = "\(scheme)://127.0.0.1:\(brokerPort)"
            broker.reconnect_maximum_seconds = 1
            broker.shared_client_id = "swiftlet-1"
            log.level = "\(level)"

            """
        let file = try directory.write("gateway.toml", head + configuration)
        var command = [try #require(program ?? SwiftletCommand.path, "the command swiftlet is not built")]
        command += ["run", "--config", file] + (listener.map { ["--listen", $0] } ?? []) + options
        if !variables.isEmpty { command = ["/usr/bin/env"] + variables + command }
        let limits = [("-n", descriptorLimit), ("-f", fileBlockLimit)].compactMap { option, limit in
            limit.map { "ulimit \(option) \($0); " }
        }
        if !limits.isEmpty {
            command = ["/bin/sh", "-c", limits.joined() + "exec \"$0\" \"$@\""] + command
        }
        let process = try ChildProcess(command[0], Array(command[1...]), name: "swiftlet", in: directory)
        self.process = process
        var port: UInt16?
        _ = eventually {
            // Its control socket and its store come after its listeners.
            let log = process.errorOutput
            if log.contains(" ready\n") { port = Self.port(in: log) }
            return port != nil || process.poll() != nil
        }
        let found = try #require(port, "the gateway did not start: \(process.errorOutput)")
        address = try .numeric("127.0.0.1", found)
    }

    private static func port(in log: String) -> UInt16? {
        guard let line = log.lines.first(where: { $0.contains("listening on udp://127.0.0.1:") }),
            let colon = line.lastIndex(of: ":")
        else { return nil }
        return UInt16(line[line.index(after: colon)...].prefix(while: \.isNumber))
    }

    /// Asks the gateway to go on with another rest of its file (SIGHUP).
    func reload(_ configuration: String) throws {
        try write(configuration)
        process.kill(SIGHUP)
    }

    /// Puts another rest into the gateway's file.
    func write(_ configuration: String) throws { try directory.write("gateway.toml", head + configuration) }

    /// The log so far.
    var log: [Substring] { process.errorOutput.lines }

    /// Whether the log comes to hold a line with `text`.
    func logs(_ text: String, within duration: Duration = generous) -> Bool {
        eventually(within: duration) { process.errorOutput.contains(text) }
    }
}

extension String {
    /// The lines, without the empty one at the end.
    var lines: [Substring] { split(separator: "\n") }
}
