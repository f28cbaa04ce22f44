import ControlClient
import JSON

/// `swiftlet watch`: what passes through the running gateway, live and in words.
enum WatchCommand {
    static let entry = CommandEntry(
        "watch", "show every datagram, packet and event of the running gateway as it comes",
        details: """
            Times are UTC. The content of messages is not shown unless --payload asks for it. It needs the control
            socket, as it shows more than HTTP may; a gateway that nobody watches does nothing for it.
            """,
        options: ControlDoor.options + [client, malformed, payload, .json], success: "the gateway has ended",
        failures: [.no] + ControlDoor.failures,
        examples: [
            ("swiftlet watch --client soil-07", "one sensor and what is said to the broker for it"),
            ("swiftlet watch --malformed", "what comes in and is no MQTT-SN, and what it may be"),
        ],
        synonyms: ["tap", "tail", "sniff", "monitor"], execute: execute)

    private static let client = Option("--client", value: "ID", help: "Only what concerns this client.")
    private static let malformed = Option("--malformed", help: "Only datagrams that are not MQTT-SN.")
    private static let payload = Option("--payload", help: "Show the content of messages, too.")

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        var wishes: [String] = []
        if let id = arguments.value(client) { wishes.append("client=" + HTTPRequestText.percentEncoded(id)) }
        if arguments.has(malformed) { wishes.append("malformed=1") }
        if arguments.has(payload) { wishes.append("payload=1") }
        let target = "/watch" + (wishes.isEmpty ? "" : "?" + wishes.joined(separator: "&"))
        let text = WatchText(showsPayload: arguments.has(payload))
        let isJSON = arguments.has(.json)
        return try ControlDoor.open(arguments) { door throws(ControlDoor.Failure) in
            var broken: String?
            try door.follow(target) { line in
                do throws(JSONError) {
                    let entry = try JSONValue(reading: line)
                    Terminal.print(isJSON ? entry.text : text.line(entry))
                } catch {
                    broken = "\(error)"
                }
                return broken == nil
            }
            if let broken { throw ControlDoor.Failure(message: "a line is no JSON: \(broken)", status: .protocolError) }
            return .success
        }
    }
}
