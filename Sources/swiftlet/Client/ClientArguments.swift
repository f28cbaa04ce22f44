import Bytes
import MQTTSN
import SensorClient
import Time
import Transports

/// The options that every command knows which speaks as a sensor does.
enum ClientArguments {
    static let clientID = Option("--id", "-i", value: "CLIENTID", help: "ClientId; else one made up by chance.")
    static let keepAlive = Option(
        "--keepalive", "-k", value: "SECONDS", help: "Duration of CONNECT, 0 to 65535; default 60.")
    static let keepSession = Option(
        "--disable-clean-session", "-c", help: "Keep subscriptions and what waits when it ends; needs --id.")
    static let willTopic = Option("--will-topic", value: "TOPIC", help: "Topic of the Will.")
    static let willPayload = Option("--will-payload", value: "TEXT", help: "Message of the Will; default empty.")
    static let willQoS = Option("--will-qos", choices: ["0", "1", "2"], help: "QoS of the Will; default 0.")
    static let willRetain = Option("--will-retain", help: "Whether the broker keeps the Will for those who come later.")
    static let node = Option(
        "--node", value: "HEX", help: "Encapsulate as a forwarder does, for the node with this Wireless Node Id.")
    static let longLength = Option("--long-length", help: "Send the Length of every message in three octets.")
    static let retryInterval = Option(
        "--retry-interval", value: "SECONDS", help: "How long an answer is waited for (Tretry); default 3.")
    static let retryCount = Option(
        "--retry-count", value: "N", help: "How often a message is repeated (Nretry), 0 to 100; default 3.")

    static let all = [
        clientID, keepAlive, keepSession, willTopic, willPayload, willQoS, willRetain, node, longLength,
        retryInterval, retryCount,
    ]

    /// How these commands may end.
    static let failures: [ExitStatus] = [
        .dataError, .noInput, .unavailable, .systemFailure, .temporaryFailure, .protocolError,
    ]

    static func options(_ arguments: Arguments) throws(UsageError) -> ClientOptions {
        var options = ClientOptions(clientID: Array(try clientID(arguments).utf8))
        options.cleanSession = !arguments.has(keepSession)
        options.keepAliveSeconds = UInt16(try arguments.number(keepAlive, 0...65_535, "seconds") ?? 60)
        options.will = try will(arguments)
        options.usesLongLength = arguments.has(longLength)
        options.retryCount = try arguments.number(retryCount, 0...100) ?? 3
        if let interval = try arguments.time(retryInterval, 1_000_000...3_600_000_000_000) {
            options.retryInterval = TimeSpan(nanoseconds: interval)
        }
        options.firstMessageID = .random(in: 1 ... .max)
        if let text = arguments.value(node) {
            guard let id = Hexadecimal.octets(text.utf8), 1...252 ~= id.count else {
                throw arguments.wrong("'--node' is 1 to 252 octets in hexadecimal, as in 0013a200; found '\(text)'")
            }
            options.nodeID = id
        }
        return options
    }

    private static func clientID(_ arguments: Arguments) throws(UsageError) -> String {
        if let id = arguments.value(clientID) { return id }
        guard !arguments.has(keepSession) else {
            throw arguments.wrong("'--disable-clean-session' needs '--id', by which the session is found again")
        }
        return ownClientID(arguments.command.name)
    }

    /// A ClientId that nobody else has: `swiftlet-pub-1f0c39ab`, within the 23 characters that every gateway takes.
    static func ownClientID(_ purpose: String) -> String {
        let chance = String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
        return "swiftlet-\(purpose.prefix(5))-\(chance)"
    }

    private static func will(_ arguments: Arguments) throws(UsageError) -> ClientOptions.Will? {
        guard let topic = arguments.value(willTopic) else {
            for option in [willPayload, willQoS, willRetain] where arguments.has(option) {
                throw arguments.wrong("'\(option.name)' needs '--will-topic'")
            }
            return nil
        }
        guard !topic.isEmpty else { throw arguments.wrong("'--will-topic' must not be empty") }
        return ClientOptions.Will(
            topic: Array(topic.utf8), message: Array((arguments.value(willPayload) ?? "").utf8),
            qos: qos(arguments.value(willQoS)), retain: arguments.has(willRetain))
    }

    /// The QoS that one of the choices of `--qos` names; 0 for none.
    static func qos(_ text: String?) -> QualityOfService {
        switch text {
        case "1": .atLeastOnce
        case "2": .exactlyOnce
        case "-1": .minusOne
        default: .atMostOnce
        }
    }

    /// A pre-defined topic id.
    static func predefined(_ text: String, _ option: Option, _ arguments: Arguments) throws(UsageError) -> ClientTopic {
        guard let id = UInt16(text), 1...65_534 ~= id else {
            throw arguments.wrong("'\(option.name)' is a number from 1 to 65534; found '\(text)'")
        }
        return .predefined(id)
    }

    /// A short topic name.
    static func short(_ text: String, _ option: Option, _ arguments: Arguments) throws(UsageError) -> ClientTopic {
        guard let topic = ClientTopic.short(Array(text.utf8)) else {
            throw arguments.wrong("'\(option.name)' is a topic name of two octets; found '\(text)'")
        }
        return topic
    }

    /// Looks the gateway up and lets `body` speak to it; tells what the system does not let happen.
    static func withHost(
        _ target: GatewayTarget, _ options: ClientOptions, _ body: (ClientHost) throws -> ExitStatus
    ) -> ExitStatus {
        do {
            let loop = try EventLoop()
            let host = try ClientHost(options, gateway: try target.address(on: loop), loop: loop)
            defer { host.close() }
            return try body(host)
        } catch let error as ResolveError {
            Terminal.complain("\(error)")
            return .unavailable
        } catch let error as IOError {
            Terminal.complain("\(error)")
            return error.isPermission ? .noPermission : error.isUnreachable ? .unavailable : .systemFailure
        } catch {
            Terminal.complain("\(error)")
            return .software
        }
    }
}
