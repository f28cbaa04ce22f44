import ControlClient
import JSON
import Transports

/// `swiftlet top`: the running gateway and its clients on the whole terminal, anew each second.
enum TopCommand {
    static let entry = CommandEntry(
        "top", "show the running gateway and its clients, anew each second",
        details: """
            Keys: s sorts by something else, / finds, up and down mark a client, enter shows it alone, q ends.
            Where standard output is no terminal, plain lines are printed each second: the gateway, and the
            clients in trouble. Colours are left out where NO_COLOR is set or TERM is dumb.
            """,
        options: ControlDoor.options + [interval, count], failures: ControlDoor.failures,
        examples: [("swiftlet top --count 1 | cat", "one look, without a terminal")], execute: execute)

    private static let interval = Option("--interval", value: "TIME", help: "How often it looks; 1s by default.")
    private static let count = Option("--count", value: "COUNT", help: "End after so many looks.")
    /// So many clients are looked at; /: finds others.
    private static let clientCount = 200

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let interval = try arguments.time(interval, 100_000_000...3_600_000_000_000) ?? 1_000_000_000
        let count = try arguments.number(count, 1...1_000_000_000) ?? Int.max
        return try ControlDoor.open(arguments) { door throws(ControlDoor.Failure) in
            var screen = TopScreen()
            // Who does not answer at all is not waited for.
            try look(door, &screen)
            guard let terminal = InteractiveTerminal() else {
                return try showPlainly(door, &screen, interval, count)
            }
            defer { terminal.restore() }
            show(door, &screen, terminal, interval, count)
            return .success
        }
    }

    private static func look(_ door: ControlDoor, _ screen: inout TopScreen) throws(ControlDoor.Failure) {
        let status = try door.json("/status.json")
        let search = screen.search.isEmpty ? "" : "&search=" + HTTPRequestText.percentEncoded(screen.search)
        let clients = try door.json("/clients.json?limit=\(clientCount)\(search)")
        // One that has gone meanwhile is no failure.
        let client = screen.chosenClient.flatMap {
            try? door.json("/client.json?id=" + HTTPRequestText.percentEncoded($0))
        }
        screen.take(status: status, clients: clients, client: client)
    }

    private static func show(
        _ door: ControlDoor, _ screen: inout TopScreen, _ terminal: InteractiveTerminal, _ interval: UInt64,
        _ count: Int
    ) {
        let isColored =
            (ProcessEnvironment.value("NO_COLOR") ?? "").isEmpty && ProcessEnvironment.value("TERM") != "dumb"
        var looks = 1
        var lookAt = MonotonicClock.now() + interval
        while true {
            let size = InteractiveTerminal.size
            terminal.show(screen.lines(width: size.columns, height: size.lines, isColored: isColored))
            let now = MonotonicClock.now()
            guard let keys = terminal.keys(within: lookAt > now ? lookAt - now : 0), screen.press(keys) != .end else {
                return
            }
            // What a key asks for is looked at once.
            guard !keys.isEmpty || MonotonicClock.now() >= lookAt else { continue }
            if keys.isEmpty {
                guard looks < count else { return }
                looks += 1
            }
            do throws(ControlDoor.Failure) {
                try look(door, &screen)
            } catch {
                screen.take(complaint: error.message)
            }
            lookAt = MonotonicClock.now() + interval
        }
    }

    private static func showPlainly(
        _ door: ControlDoor, _ screen: inout TopScreen, _ interval: UInt64, _ count: Int
    ) throws(ControlDoor.Failure) -> ExitStatus {
        for number in 1...count {
            for line in screen.plainLines { Terminal.print(line) }
            if number == count { break }
            ProcessControl.sleep(interval)
            try look(door, &screen)
        }
        return .success
    }
}
