import ControlClient
import JSON
import Transports

/// `swiftlet clients`: the clients of the running gateway, or one of them.
enum ClientsCommand {
    static let entry = CommandEntry(
        "clients", operands: "[ID]", count: 0...1, "list the gateway's clients, those in trouble first, or tell of one",
        details: """
            A ClientId is written as this list shows it: '%' is %25, and where it is no UTF-8, each octet above
            0x7F is '%' and two hexadecimal digits.
            """,
        options: ControlDoor.options + [search, limit, .json], success: "they are listed, or the client is known",
        failures: [.no] + ControlDoor.failures,
        examples: [("swiftlet clients --search soil", "those with 'soil' in their name, state or address")],
        synonyms: ["sessions", "sensors", "devices"], execute: execute)

    private static let search = Option("--search", value: "TEXT", help: "Only those in which this occurs.")
    private static let limit = Option("--limit", value: "COUNT", help: "At most so many; all where it is not given.")
    /// How many are asked for at a time.
    private static let pageCount = 500
    /// Wider than a terminal, for those who print into a file.
    private static let widthWithoutTerminal = 160

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let limit = try arguments.number(limit, 1...1_000_000) ?? Int.max
        return try ControlDoor.open(arguments) { door throws(ControlDoor.Failure) in
            if let id = arguments.operands.first { return try tell(id, door, arguments) }
            return try list(door, arguments, limit)
        }
    }

    private static func tell(
        _ id: String, _ door: ControlDoor, _ arguments: Arguments
    ) throws(ControlDoor.Failure) -> ExitStatus {
        let client: JSONValue
        do throws(ControlDoor.Failure) {
            client = try door.json("/client.json?id=" + HTTPRequestText.percentEncoded(id))
        } catch {
            guard error.status == .no else { throw error }
            throw ControlDoor.Failure(message: "the gateway knows no client '\(id)'", status: .no)
        }
        let lines = arguments.has(.json) ? [client.text] : ClientsText.lines(client)
        for line in lines { Terminal.print(line) }
        return .success
    }

    private static func list(
        _ door: ControlDoor, _ arguments: Arguments, _ limit: Int
    ) throws(ControlDoor.Failure) -> ExitStatus {
        let isJSON = arguments.has(.json)
        let width = InteractiveTerminal.isTerminal ? InteractiveTerminal.size.columns : widthWithoutTerminal
        var query = arguments.value(search).map { "&search=" + HTTPRequestText.percentEncoded($0) } ?? ""
        let search = query
        var count = 0
        while count < limit {
            let page = try door.json("/clients.json?limit=\(min(pageCount, limit - count))" + query)
            let clients = page["clients"]?.elements ?? []
            let table = ClientsText.table(clients, width: width)
            if !isJSON, count == 0 { Terminal.print(table.head) }
            for line in isJSON ? clients.map(\.text) : table.lines { Terminal.print(line) }
            count += clients.count
            guard let next = page["next"]?.string, !clients.isEmpty else { break }
            query = search + "&after=" + HTTPRequestText.percentEncoded(next)
        }
        return .success
    }
}
