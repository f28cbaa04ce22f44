import Describe
package import JSON

/// `/status.json` in words.
package enum StatusText {
    /// A line for each subject, and what needs a look at the end.
    package static func lines(_ status: JSONValue) -> [String] {
        [heading(status), broker(status), clients(status)] + messages(status) + [waiting(status)] + links(status)
            + process(status) + needsALook(status)
    }

    /// Whether clients can be served, and one sentence about it.
    package static func readiness(_ status: JSONValue) -> (isReady: Bool, sentence: String) {
        (status["health"]?["ready"]?.bool ?? false, (status["health"]?["sentence"]).shown)
    }

    private static func line(_ name: String, _ text: String) -> String { name.padded(to: 11) + text }

    private static func heading(_ status: JSONValue) -> String {
        let gateway = status["gateway"]
        return line("swiftlet", "\((gateway?["version"]).shown), gateway \((gateway?["id"]).count)")
            + ", up \(Quantities.span(gateway?["uptime_seconds"]?.number)): \(readiness(status).sentence)"
    }

    private static func broker(_ status: JSONValue) -> String {
        let broker = status["broker"]
        let since = broker?["since_seconds"]?.number.map { " for \(Quantities.span($0))" } ?? ""
        let roundTrip = broker?["round_trip_seconds"]?.number.map { ", answers in \(Quantities.roundTrip($0))" } ?? ""
        return line("broker", "\((broker?["url"]).shown) \((broker?["state"]).shown)\(since)\(roundTrip)")
    }

    private static func clients(_ status: JSONValue) -> String {
        let clients = status["clients"]
        let states = ["awake", "asleep", "overdue", "remembered"]
        let total = states.reduce(0) { $0 + (clients?[$1]).count }
        let parts = states.map { "\((clients?[$0]).count) \($0)" }.joined(separator: ", ")
        return line("clients", "\(total) of \((clients?["limit"]).count): \(parts)")
    }

    private static func messages(_ status: JSONValue) -> [String] {
        let messages = status["messages"]
        func way(_ name: String) -> String {
            let counts = messages?[name]
            return "\(name) \((counts?["total"]).count), \((counts?["last_minute"]).count) in the last minute"
                + ", \((messages?["repeated"]?[name]).count) repeated"
        }
        var lines = [line("messages", way("up")), line("", way("down"))]
        if case .object(let reasons)? = messages?["dropped"] {
            let dropped = reasons.filter { ($0.value.integer ?? 0) > 0 }
            let words = dropped.map { "\($0.value.integer ?? 0) \(ForeignText.escaped(Array($0.name.utf8)))" }
            if !dropped.isEmpty { lines.append(line("", "dropped: \(words.joined(separator: ", "))")) }
        }
        return lines
    }

    private static func waiting(_ status: JSONValue) -> String {
        let waiting = status["waiting"]
        let oldest = waiting?["oldest_seconds"]?.number.map { ", the oldest for \(Quantities.span($0))" } ?? ""
        return line(
            "waiting",
            "\((waiting?["messages"]).count) messages, \(Quantities.octets((waiting?["bytes"]).count)) octets\(oldest)")
    }

    private static func links(_ status: JSONValue) -> [String] {
        (status["links"]?.elements ?? []).map { link in
            let signal = link["rssi_dbm"]?.number.map { ", \(Int(max(-999, min(999, $0)))) dBm" } ?? ""
            return line(
                "link",
                "\(link["name"].shown) \(link["up"]?.bool == false ? "DOWN" : "up"),"
                    + " \(link["datagrams_in"].count) datagrams in, \(link["datagrams_out"].count) out,"
                    + " \(link["repeated"].count) repeated\(signal)")
        }
    }

    private static func process(_ status: JSONValue) -> [String] {
        guard let process = status["process"] else { return [] }
        let memory = Quantities.octets(process["resident_bytes"].count)
        let time = Quantities.span(process["cpu_seconds"]?.number)
        let files = process["open_files"].count
        return [line("process", "\(memory) octets of memory, \(time) of CPU, \(files) files open")]
    }

    private static func needsALook(_ status: JSONValue) -> [String] {
        let sentences = status["needs_a_look"]?.elements ?? []
        guard !sentences.isEmpty else { return [line("", "nothing needs a look")] }
        return ["needs a look:"]
            + sentences.map { entry in
                let key = entry["key"]?.string.map { " (\(ForeignText.escaped(Array($0.utf8))))" } ?? ""
                return "  \(entry["severity"]?.string == "error" ? "✗" : "!") \(entry["sentence"].shown)\(key)"
            }
    }
}
