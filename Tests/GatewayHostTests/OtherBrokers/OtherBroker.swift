import Glibc
import SimulatorSupport
import Testing
import Transports

/// A broker of another make than mosquitto on this machine, on ports and with files of its own, which ends with its
/// holder. Both are written in Erlang, and neither takes part in a network of Erlang's that is here already. Its tests
/// come one after the other, so that it is nobody else's while one has it.
final class OtherBroker: @unchecked Sendable {
    /// Whose broker it is.
    enum Make: Sendable {
        /// ejabberd's `mod_mqtt`: MQTT 5.0 and 3.1.1, in the clear and with TLS, with WebSocket and without.
        case ejabberd
        /// RabbitMQ's plug-in for MQTT 3.1.1, in the clear.
        case rabbitMQ

        fileprivate var program: String {
            switch self {
            case .ejabberd: "/usr/sbin/ejabberdctl"
            case .rabbitMQ: "/usr/lib/rabbitmq/bin/rabbitmq-server"
            }
        }

        /// Whether its tests run: where it is installed, and where it is required, to fail if it is not.
        var isExpected: Bool {
            access(program, X_OK) == 0 || ProcessControl.environment("SWIFTLET_REQUIRE_OTHER_BROKERS") == "1"
        }

        /// Whom it lets in.
        var credentials: (username: String, password: String) {
            (self == .ejabberd ? "gateway@localhost" : "gateway", "secret")
        }

        fileprivate var schemes: [String] { self == .ejabberd ? ["mqtt", "mqtts", "ws", "wss"] : ["mqtt"] }
    }

    /// The one that the tests of a suite share, as each takes seconds to start (`OneBroker`).
    @TaskLocal static var current: OtherBroker?

    let make: Make
    /// Its port for each scheme of `broker.url`.
    let ports: [String: UInt16]
    private let directory: TemporaryDirectory
    private var process: ChildProcess?
    private var startCount = 0
    /// Where Erlang's nodes are looked for: RabbitMQ does not start without.
    private var portMapper: ChildProcess?
    private let portMapperPort: UInt16
    private let distributionPort: UInt16
    /// What ejabberd says when it listens and knows its user, too.
    private static let userIsKnown = "the user is known"

    init(_ make: Make) throws {
        self.make = make
        directory = try TemporaryDirectory()
        ports = try make.schemes.reduce(into: [:]) { $0[$1] = try ScriptedBroker.unusedPort() }
        portMapperPort = try ScriptedBroker.unusedPort()
        distributionPort = try ScriptedBroker.unusedPort()
        switch make {
        case .ejabberd: try directory.write("ejabberd.yml", try ejabberdConfiguration())
        case .rabbitMQ:
            try directory.write("rabbitmq.conf", rabbitMQConfiguration)
            try directory.write("plugins", "[rabbitmq_mqtt].\n")
            let options = ["-address", "127.0.0.1", "-port", "\(portMapperPort)"]
            portMapper = try ChildProcess("/usr/bin/epmd", options, name: "epmd", in: directory)
        }
        try start()
    }

    var port: UInt16 { ports["mqtt"] ?? 0 }

    /// What it has said.
    var log: String { (process?.output ?? "") + (process?.errorOutput ?? "") }

    /// Ends it, in good order, and starts it again on the same ports.
    func restart() throws {
        process?.kill(SIGTERM)
        try #require(process?.waitForExit(within: .seconds(60)) != nil, "\(make) does not end")
        try start()
    }

    private func start() throws {
        startCount += 1
        let name = "broker\(startCount)"
        let process = try ChildProcess("/usr/bin/env", variables + command, name: name, in: directory)
        self.process = process
        // Seconds, on a machine that has nothing else to do.
        let isReady = try eventually(within: .seconds(120)) {
            guard process.poll() == nil else { return true }
            guard make != .ejabberd || process.output.contains(Self.userIsKnown) else { return false }
            return try ports.values.allSatisfy { port in
                let address = try SocketAddress.numeric("127.0.0.1", port)
                return (try? BlockingSocket(.stream, for: address).connect(to: address)) != nil
            }
        }
        try #require(isReady && process.poll() == nil, "\(make) did not start: \(log)")
    }

    private var variables: [String] {
        let path = directory.path
        let own = ["HOME=\(path)", "ERL_CRASH_DUMP=\(path)/crash"]
        switch make {
        case .ejabberd:
            return own + [
                "EJABBERD_CONFIG_PATH=\(path)/ejabberd.yml", "EJABBERD_LOG_PATH=\(path)/ejabberd.log",
            ]
        case .rabbitMQ:
            return own + [
                "ERL_EPMD_PORT=\(portMapperPort)", "ERL_EPMD_ADDRESS=127.0.0.1",
                "RABBITMQ_NODENAME=swiftlet\(port)@localhost", "RABBITMQ_MNESIA_BASE=\(path)/mnesia",
                "RABBITMQ_CONFIG_FILE=\(path)/rabbitmq.conf", "RABBITMQ_ENABLED_PLUGINS_FILE=\(path)/plugins",
                "RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_PID_FILE=\(path)/pid", "RABBITMQ_LOGS=-",
                "RABBITMQ_LOG_BASE=\(path)/log", "RABBITMQ_ALLOW_INPUT=1", "RABBITMQ_FEATURE_FLAGS_FILE=\(path)/flags",
                // Nobody from elsewhere.
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
                "RABBITMQ_DIST_PORT=\(distributionPort)",
            ]
        }
    }

    /// Both replace themselves by Erlang's machine, so that it is the process which is held here.
    private var command: [String] {
        switch make {
        case .ejabberd:
            let (user, password) = make.credentials
            let (name, host) = (user.prefix { $0 != "@" }, "localhost")
            let register = "ejabberd_auth:try_register(<<\"\(name)\">>, <<\"\(host)\">>, <<\"\(password)\">>)"
            return [
                // Debian's own libraries for Erlang lie beside the machine's.
                "/bin/sh", "-c", "ERL_LIBS=$(dirname $(ls -d /usr/lib/*/ejabberd-* | head -1)) exec \"$0\" \"$@\"",
                "/usr/bin/erl", "-noinput", "-mnesia", "dir", "\"\(directory.path)/mnesia\"", "-s", "ejabberd",
                "-eval", "\(register), io:format(\"\(Self.userIsKnown)~n\").",
            ]
        case .rabbitMQ: return [make.program, "-noinput"]
        }
    }

    private func ejabberdConfiguration() throws -> String {
        let server = try TestCertificates.shared().server
        let listeners = ports.map { scheme, port in
            """
              -
                ip: "127.0.0.1"
                port: \(port)
                tls: \(["mqtts", "wss"].contains(scheme))
                \(scheme.hasPrefix("ws") ? "module: ejabberd_http" : "module: mod_mqtt")
                \(scheme.hasPrefix("ws") ? "request_handlers: {/mqtt: mod_mqtt}" : "")
            """
        }
        return """
            hosts: [localhost]
            loglevel: info
            auth_method: internal
            certfiles: ["\(server.certificate)", "\(server.key)"]
            listen:
            \(listeners.joined(separator: "\n"))
            modules: {mod_mqtt: {}}

            """
    }

    private var rabbitMQConfiguration: String {
        let (user, password) = make.credentials
        return """
            listeners.tcp = none
            mqtt.listeners.tcp.1 = 127.0.0.1:\(port)
            mqtt.allow_anonymous = false
            default_user = \(user)
            default_pass = \(password)
            log.console.level = info

            """
    }
}

/// Starts a broker before the first test of a suite, and ends it after the last.
struct OneBroker: SuiteTrait, TestScoping {
    let make: OtherBroker.Make

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await OtherBroker.$current.withValue(OtherBroker(make), operation: function)
    }
}

extension Trait where Self == OneBroker {
    static func one(_ make: OtherBroker.Make) -> Self { OneBroker(make: make) }
}
