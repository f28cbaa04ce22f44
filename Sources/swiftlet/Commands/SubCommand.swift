import MQTTSN
import SensorClient
import Transports

/// `swiftlet sub`: subscribes as a sensor does, and prints what comes.
enum SubCommand {
    static let entry = CommandEntry(
        "sub", operands: "udp://HOST[:PORT]", count: 1...1, "subscribe at a gateway as a sensor does",
        details: """
            Prints the messages, a line for each, until SIGINT, --count or --timeout ends it. With --sleep it
            sleeps as a battery sensor does: what comes meanwhile waits at the gateway until it wakes up.
            A connection that the gateway ends is made anew, and the subscriptions with it.

            FORMAT may hold %t topic, %p message, %x message in hexadecimal, %q QoS, %r retain, %d repeated,
            %m MsgId, %l length, %j all of it as JSON, %% and \\n \\t \\\\.
            """,
        options: [
            topic, predefined, short, qos, verbose, count, timeout, format, .json, bare, sleep, status,
        ] + ClientArguments.all,
        success: "ended as it was asked to", failures: ClientArguments.failures,
        examples: [
            ("swiftlet sub udp://192.0.2.10 -t 'farm/#' -v", "topics and messages"),
            ("swiftlet sub udp://192.0.2.10 -t cmd/7 -C 1 -W 10", "one message, within ten seconds"),
            ("swiftlet sub udp://192.0.2.10 -t cmd/7 -q 1 --sleep 300", "as a sensor that wakes up now and then"),
        ],
        synonyms: ["subscribe"], execute: execute)

    static let topic = Option("--topic", "-t", value: "FILTER", isRepeatable: true, help: "Topic name or filter.")
    static let predefined = Option("--predefined", value: "ID", isRepeatable: true, help: "Pre-defined topic id.")
    static let short = Option("--short", value: "XY", isRepeatable: true, help: "Short topic name of two octets.")
    static let qos = Option("--qos", "-q", choices: ["0", "1", "2"], help: "Highest quality of service; default 0.")
    static let verbose = Option("--verbose", "-v", help: "Print the topic before each message.")
    static let count = Option("--count", "-C", value: "N", help: "End after N messages.")
    static let timeout = Option(
        "--timeout", "-W", value: "SECONDS", help: "End after this time; with --count, code 75 if too few came.")
    static let format = Option("--format", "-F", value: "FORMAT", help: "Print messages in this form.")
    static let bare = Option("--no-newline", "-N", help: "Print no line end after a message.")
    static let sleep = Option(
        "--sleep", value: "SECONDS", help: "Sleep when nothing is to be done, and wake up after each such time.")
    static let status = Option("--tell", help: "Say on standard error what happens: connected, asleep, awake.")

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let target = try GatewayTarget(arguments)
        var options = try ClientArguments.options(arguments)
        options.sleepSeconds = try arguments.number(sleep, 1...65_535, "seconds").map { UInt16($0) }
        let subscriptions = try subscriptions(arguments)
        let wanted = try arguments.number(count, 1...1_000_000_000)
        let limit = try arguments.time(timeout, 1_000_000...2_592_000_000_000_000)
        var text = arguments.value(format) ?? (arguments.has(.json) ? "%j" : arguments.has(verbose) ? "%t %p" : "%p")
        if !arguments.has(bare) { text += "\\n" }
        guard let form = MessageFormat(text) else {
            throw arguments.wrong("'--format' has a '%' that stands for nothing; found '\(text.dropLast(2))'")
        }
        return ClientArguments.withHost(target, options) { host in
            let subscriber = Subscriber(host, subscriptions, form, wanted: wanted, tells: arguments.has(status))
            return try subscriber.run(limit: limit)
        }
    }

    private static func subscriptions(_ arguments: Arguments) throws(UsageError) -> [Subscription] {
        let level = ClientArguments.qos(arguments.value(qos))
        var topics = arguments.values(topic).map { ClientTopic.name(Array($0.utf8)) }
        for text in arguments.values(predefined) {
            topics.append(try ClientArguments.predefined(text, predefined, arguments))
        }
        for text in arguments.values(short) { topics.append(try ClientArguments.short(text, short, arguments)) }
        guard !topics.isEmpty else { throw arguments.wrong("'sub' needs '--topic', '--predefined' or '--short'") }
        guard !arguments.values(topic).contains("") else { throw arguments.wrong("'--topic' must not be empty") }
        return topics.map { Subscription(topic: $0, qos: level) }
    }
}
