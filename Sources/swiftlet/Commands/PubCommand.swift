import MQTTSN
import SensorClient
import Transports

/// `swiftlet pub`: publishes as a sensor does.
enum PubCommand {
    static let entry = CommandEntry(
        "pub", operands: "udp://HOST[:PORT]", count: 1...1, "publish to a gateway as a sensor does",
        details: """
            Connects, publishes, and disconnects when the gateway has confirmed what the QoS lets it confirm.
            At QoS -1 it sends without a connection, to a pre-defined id or a short topic name, and nothing is
            ever confirmed. Nothing is printed when all went well.
            """,
        options: [
            topic, predefined, short, message, file, lines, standardInput, null, qos, retain, repetitions, interval,
            verbose, .json,
        ] + ClientArguments.all,
        success: "published", failures: ClientArguments.failures,
        examples: [
            ("swiftlet pub udp://192.0.2.10 -t farm/soil/07 -m 31 -q 1", "one message, confirmed"),
            ("swiftlet pub udp://192.0.2.10 --predefined 7 -m 31 -q -1", "without a connection"),
            ("vmstat 5 | swiftlet pub udp://192.0.2.10 -t load -l", "each line is a message"),
        ],
        synonyms: ["publish"], execute: execute)

    static let topic = Option("--topic", "-t", value: "TOPIC", help: "Topic name; it is registered first.")
    static let predefined = Option("--predefined", value: "ID", help: "Pre-defined topic id, instead of a name.")
    static let short = Option("--short", value: "XY", help: "Topic name of two octets, sent in place of an id.")
    static let message = Option("--message", "-m", value: "TEXT", help: "The message.")
    static let file = Option("--file", "-f", value: "FILE", help: "The message is what this file holds.")
    static let lines = Option("--stdin-line", "-l", help: "Each line of standard input is a message.")
    static let standardInput = Option("--stdin-file", "-s", help: "The message is all of standard input.")
    static let null = Option("--null-message", "-n", help: "The message is empty; retained it deletes one.")
    static let qos = Option("--qos", "-q", choices: ["-1", "0", "1", "2"], help: "Quality of service; default 0.")
    static let retain = Option("--retain", "-r", help: "The broker keeps the message for those who come later.")
    static let repetitions = Option("--repeat", value: "N", help: "Publish the message N times, 1 to 1000000.")
    static let interval = Option("--interval", value: "SECONDS", help: "Pause between two of them; default none.")
    static let verbose = Option("--verbose", "-v", help: "Say on standard error what happens.")

    /// What a datagram can hold.
    private static let maximumByteCount = 65_507

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let target = try GatewayTarget(arguments)
        let options = try ClientArguments.options(arguments)
        let isUnconnected = arguments.value(qos) == "-1"
        let topic = try topic(arguments, isUnconnected)
        let count = try arguments.number(repetitions, 1...1_000_000) ?? 1
        let pause = try arguments.time(interval, 0...86_400_000_000_000) ?? 0
        guard !arguments.has(lines) || !arguments.has(repetitions) else {
            throw arguments.wrong("'--repeat' cannot be combined with '--stdin-line'")
        }
        let data: [UInt8]?
        switch try content(arguments) {
        case .success(let bytes): data = bytes
        case .failure(let error):
            Terminal.complain("cannot read the message: \(error)")
            return .noInput
        }
        let publication = Publication(
            topic: topic, qos: ClientArguments.qos(arguments.value(qos)), retain: arguments.has(retain),
            data: data ?? [])
        return ClientArguments.withHost(target, options) { host in
            let publisher = Publisher(
                host, publication, count: data == nil ? nil : count, pause: pause,
                isVerbose: arguments.has(verbose))
            let began = MonotonicClock.now()
            let status = host.explain(try publisher.run(isConnected: !isUnconnected))
            if arguments.has(.json) {
                let microseconds = (MonotonicClock.now() - began) / 1_000
                Terminal.print(
                    #"{"published":\#(publisher.publishedCount),"repeated":\#(publisher.repeatedCount),"#
                        + #""seconds":\#(Double(microseconds) / 1_000_000)}"#)
            }
            return status
        }
    }

    private static func topic(_ arguments: Arguments, _ isUnconnected: Bool) throws(UsageError) -> ClientTopic {
        let given = [topic, predefined, short].filter(arguments.has)
        guard given.count == 1, let text = arguments.value(given[0]) else {
            throw arguments.wrong("'pub' needs one of '--topic', '--predefined' and '--short'")
        }
        switch given[0].name {
        case predefined.name: return try ClientArguments.predefined(text, predefined, arguments)
        case short.name: return try ClientArguments.short(text, short, arguments)
        default:
            guard !text.isEmpty, !text.contains("+"), !text.contains("#") else {
                throw arguments.wrong("'--topic' must be a topic name without wildcards; found '\(text)'")
            }
            guard isUnconnected else { return .name(Array(text.utf8)) }
            guard let topic = ClientTopic.short(Array(text.utf8)) else {
                throw arguments.wrong("at QoS -1 a topic is '--predefined' or has two octets; found '\(text)'")
            }
            return topic
        }
    }

    /// The message; nil where each line of standard input is one.
    private static func content(_ arguments: Arguments) throws(UsageError) -> Result<[UInt8]?, IOError> {
        let given = [message, file, lines, standardInput, null].filter(arguments.has)
        guard given.count == 1 else {
            throw arguments.wrong(
                "'pub' needs one of '--message', '--file', '--stdin-line', '--stdin-file' and '--null-message'")
        }
        switch given[0].name {
        case message.name: return .success(Array((arguments.value(message) ?? "").utf8))
        case lines.name: return .success(nil)
        case null.name: return .success([])
        case standardInput.name:
            return Result { () throws(IOError) in try StandardInput.readAll(maximumByteCount: maximumByteCount) }
        default:
            let path = arguments.value(file) ?? ""
            return Result { () throws(IOError) in
                try FileReader.read(path: path, maximumByteCount: maximumByteCount)
            }
        }
    }
}
