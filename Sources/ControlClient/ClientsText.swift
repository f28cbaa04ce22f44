import Describe
package import JSON

/// `/clients.json` and `/client.json` as a table and in words.
package enum ClientsText {
    /// A column of the table.
    struct Column: Sendable {
        var name: String
        var width: Int
        var isNumber = false
        var value: @Sendable (JSONValue) -> String
    }

    /// What a client is in, and until when.
    @Sendable static func state(_ client: JSONValue) -> String {
        let state = client["state"].shown
        guard let until = client["until_seconds"]?.number else { return state }
        switch state {
        case "asleep": return "asleep, \(Quantities.span(max(0, until))) left"
        case "overdue": return "overdue \(Quantities.span(until))"
        default: return state
        }
    }

    /// All of them, those that can be left out last; a narrow terminal has room for the first ones.
    static let columns: [Column] = [
        Column(name: "CLIENT", width: 18) { $0["id"].shown },
        Column(name: "STATE", width: 20, value: state),
        Column(name: "HEARD", width: 8, isNumber: true) { Quantities.span($0["heard_seconds_ago"]?.number) },
        Column(name: "WAIT", width: 5, isNumber: true) { "\($0["waiting"].count)" },
        Column(name: "UP", width: 7, isNumber: true) { "\($0["up"].count)" },
        Column(name: "DOWN", width: 7, isNumber: true) { "\($0["down"].count)" },
        Column(name: "AGAIN", width: 6, isNumber: true) {
            Quantities.percent($0["repeated"].count, of: $0["up"].count + $0["down"].count)
        },
        Column(name: "RTT", width: 8, isNumber: true) { Quantities.roundTrip($0["round_trip_seconds"]?.number) },
        Column(name: "WAY", width: 24) { $0["address"].shown },
        Column(name: "LAST", width: 24) { $0["last_topic"].shown },
    ]

    /// Whether a person should look at the client.
    static func isTroubled(_ client: JSONValue) -> Bool {
        client["state"]?.string == "overdue" || client["trouble"]?.string != nil
    }

    /// The names of the columns that fit into `width`, and a line for each client.
    package static func table(_ clients: [JSONValue], width: Int) -> (head: String, lines: [String]) {
        var shown: [Column] = []
        var used = 1
        for column in columns {
            guard shown.count < 2 || used + column.width + 1 <= width else { break }
            shown.append(column)
            used += column.width + 1
        }
        func row(_ mark: String, _ cell: (Column) -> String) -> String {
            let cells = shown.map { cell($0).fitted(to: $0.width, alignedRight: $0.isNumber) }
            let text = mark + cells.joined(separator: " ")
            return String(text.fitted(to: max(1, width)).reversed().drop { $0 == " " }.reversed())
        }
        return (
            row(" ") { $0.name }, clients.map { client in row(isTroubled(client) ? "✕" : " ") { $0.value(client) } }
        )
    }

    /// One client, a line for each thing that is known.
    package static func lines(_ client: JSONValue) -> [String] {
        var lines = [client["id"].shown]
        func add(_ name: String, _ value: String) { lines.append("  " + name.padded(to: 12) + value) }
        add("state", state(client))
        if let trouble = client["trouble"]?.string { add("trouble", ForeignText.escaped(Array(trouble.utf8))) }
        add("heard", "\(Quantities.span(client["heard_seconds_ago"]?.number)) ago")
        add("way", "\(client["address"].shown) on \(client["link"].shown)")
        add(
            "messages", "\(client["up"].count) up, \(client["down"].count) down, \(client["repeated"].count) repeated")
        let oldest = client["oldest_seconds"]?.number.map { ", the oldest for \(Quantities.span($0))" } ?? ""
        add("waiting", "\(client["waiting"].count)\(oldest)")
        add("round trip", Quantities.roundTrip(client["round_trip_seconds"]?.number))
        add("last topic", client["last_topic"].shown)
        for topic in client["topics"]?.elements ?? [] { add("topic", inWords(topic)) }
        for message in client["messages"]?.elements ?? [] { add("message", self.message(message)) }
        return lines
    }

    /// A message that has passed, which way it went and when, in UTC.
    private static func message(_ message: JSONValue) -> String {
        guard message["text"]?.string != nil else { return inWords(message) }
        return "\(message["time"].timeOfDay)  \(message["direction"].shown.padded(to: 4))  \(message["text"].shown)"
    }

    /// An element whose members this version of the command need not know.
    private static func inWords(_ value: JSONValue) -> String {
        switch value {
        case .object(let members):
            members.filter { $0.value != .null }.map { "\(text($0.name)) \(inWords($0.value))" }.joined(separator: "  ")
        case .array(let elements): elements.map(inWords).joined(separator: ", ")
        case .string(let string): text(string)
        case .number, .bool, .null: value.text
        }
    }

    private static func text(_ text: String) -> String { ForeignText.escaped(Array(text.utf8)) }
}
