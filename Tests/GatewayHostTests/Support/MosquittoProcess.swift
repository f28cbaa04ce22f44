import Glibc
import SimulatorSupport
import Testing
import Transports

/// A mosquitto broker on this machine, on a port and with files of its own.
final class MosquittoProcess {
    private static let program = "/usr/sbin/mosquitto"

    /// Whether the tests with mosquitto run: where it is installed, and where it is required, to fail if it is not.
    static var isExpected: Bool {
        access(program, X_OK) == 0 || ProcessControl.environment("SWIFTLET_REQUIRE_MOSQUITTO") == "1"
    }

    let port: UInt16
    private let directory: TemporaryDirectory
    private var process: ChildProcess

    /// Starts a broker that accepts everybody, or only those who have `credentials`; `options` are lines of its
    /// configuration that are about its listener, and `accessList` says who may do what, if it is given.
    init(
        isPersistent: Bool = false, credentials: (username: String, password: String)? = nil, options: String = "",
        accessList: String? = nil
    ) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        let accessFile = try accessList.map { "acl_file " + (try directory.write("access", $0)) } ?? ""
        if let credentials { try Self.writePasswords(credentials, in: directory) }
        port = try ScriptedBroker.unusedPort()
        try directory.write(
            "mosquitto.conf",
            """
            listener \(port) 127.0.0.1
            \(options)
            allow_anonymous \(credentials == nil)
            user root
            log_dest stderr
            persistence \(isPersistent)
            persistence_location \(directory.path)/
            \(credentials == nil ? "" : "password_file \(directory.path)/passwords")
            \(accessFile)

            """)
        process = try Self.start(in: directory)
        try waitUntilReady()
    }

    private static func writePasswords(
        _ credentials: (username: String, password: String), in directory: TemporaryDirectory
    ) throws {
        let arguments = ["-c", "-b", "\(directory.path)/passwords", credentials.username, credentials.password]
        let process = try ChildProcess("/usr/bin/mosquitto_passwd", arguments, name: "mosquitto_passwd", in: directory)
        try #require(process.waitForExit() == .exited(0), "\(process.errorOutput)")
    }

    private static func start(in directory: TemporaryDirectory) throws -> ChildProcess {
        try ChildProcess(program, ["-c", "\(directory.path)/mosquitto.conf"], name: "mosquitto", in: directory)
    }

    private func waitUntilReady() throws {
        let address = try SocketAddress.numeric("127.0.0.1", port)
        let isReady = try eventually {
            guard process.poll() == nil else { return true }
            let socket = try BlockingSocket(.stream, for: address)
            return (try? socket.connect(to: address)) != nil
        }
        try #require(isReady && process.poll() == nil, "mosquitto did not start: \(process.errorOutput)")
    }

    /// What mosquitto has logged.
    var log: String { process.errorOutput }

    /// Whether a client of that name has come, and in that version of MQTT, as `broker.protocol` has it.
    func hasClient(_ name: String, version: String) -> Bool {
        log.contains(" as \(name) (p\(version == "3.1.1" ? "2" : "5"), ")
    }

    /// Ends the broker, which then writes what it persists.
    func stop() {
        process.kill(SIGTERM)
        _ = process.waitForExit()
    }

    /// Ends the broker at once, as a lack of power does to it alone; it persists nothing.
    func cut() {
        process.kill(SIGKILL)
        _ = process.waitForExit()
    }

    /// Starts the broker again on the same port.
    func restart() throws {
        stop()
        process = try Self.start(in: directory)
        try waitUntilReady()
    }
}
