import ControlClient
import JSON
import Testing

/// What people see of a running gateway's answers, word for word.
@Suite struct ViewTests {
    private static let status = """
        {"gateway":{"id":7,"version":"0.2.0","uptime_seconds":3553200},
         "health":{"live":true,"ready":true,"sentence":"serving 2 clients"},
         "broker":{"url":"mqtt://h:1883","state":"connected","since_seconds":90,"round_trip_seconds":0.0234},
         "clients":{"awake":1,"asleep":0,"overdue":1,"remembered":0,"limit":1000},
         "messages":{"up":{"total":12,"last_minute":3},"down":{"total":5,"last_minute":1},
                     "repeated":{"up":1,"down":2},"dropped":{"too_long":3,"queue_full":0}},
         "waiting":{"messages":12,"bytes":98304,"oldest_seconds":1920},
         "links":[{"name":"udp://0.0.0.0:1884","up":true,"datagrams_in":9,"datagrams_out":8,"repeated":1,
                   "rssi_dbm":-61}],
         "process":{"resident_bytes":9437184,"cpu_seconds":0.25,"open_files":9},
         "needs_a_look":[{"severity":"warning","sentence":"valve-12 is overdue","key":"clients.maximum"}]}
        """
    private static let clients = """
        {"clients":[
          {"id":"valve-12","state":"overdue","until_seconds":-1920,"heard_seconds_ago":2820,"link":"serial0",
           "address":"xbee 0013A20041B6B5E7","up":188,"down":1902,"waiting":12,"oldest_seconds":1900,
           "repeated":125,"round_trip_seconds":0.41,"last_topic":"farm/valve/12/set","trouble":"it is overdue"},
          {"id":"a\\u001b[31mb","state":"asleep","until_seconds":180,"heard_seconds_ago":4,"address":"192.0.2.1:5",
           "up":1,"down":0,"waiting":0,"repeated":0,"round_trip_seconds":null,"last_topic":null}],
         "next":null}
        """

    private func read(_ text: String) throws -> JSONValue { try JSONValue(reading: Array(text.utf8)) }

    @Test("The status is told subject by subject, and at the end what needs a look")
    func status() throws {
        #expect(
            StatusText.lines(try read(Self.status)) == [
                "swiftlet   0.2.0, gateway 7, up 41d 3h: serving 2 clients",
                "broker     mqtt://h:1883 connected for 1m 30s, answers in 23 ms",
                "clients    2 of 1000: 1 awake, 0 asleep, 1 overdue, 0 remembered",
                "messages   up 12, 3 in the last minute, 1 repeated",
                "           down 5, 1 in the last minute, 2 repeated",
                "           dropped: 3 too_long",
                "waiting    12 messages, 96K octets, the oldest for 32m",
                "link       udp://0.0.0.0:1884 up, 9 datagrams in, 8 out, 1 repeated, -61 dBm",
                "process    9216K octets of memory, 0.3s of CPU, 9 files open",
                "needs a look:",
                "  ! valve-12 is overdue (clients.maximum)",
            ])
        #expect(StatusText.readiness(try read("{}")).isReady == false)
        #expect(StatusText.lines(try read("{}")).count >= 6)
    }

    @Test("Clients stand in a table that fits the terminal, with the troubled marked")
    func table() throws {
        let clients = try read(Self.clients)["clients"]?.elements ?? []
        let (head, lines) = ClientsText.table(clients, width: 64)
        #expect(head == " CLIENT             STATE                   HEARD  WAIT      UP")
        #expect(lines[0] == "✕valve-12           overdue 32m               47m    12     188")
        #expect(lines[1] == " a\\u{1b}[31mb       asleep, 3m left            4s     0       1")
        for width in 0..<200 {
            let table = ClientsText.table(clients, width: width)
            #expect(([table.head] + table.lines).allSatisfy { $0.count <= max(1, width) })
        }
    }

    @Test("One client is told with its troubles, topics and messages")
    func client() throws {
        var text = Self.clients
        text = text.replacing(
            "\"trouble\":\"it is overdue\"",
            with: """
                "trouble":"x","topics":[{"id":3,"name":"a/b"}],
                "messages":[{"time":"2026-11-29T18:47:54.256Z","direction":"up","text":"PINGREQ, 2 octets"}]
                """)
        let client = try #require(try read(text)["clients"]?.elements.first)
        let lines = ClientsText.lines(client)
        #expect(lines.first == "valve-12")
        #expect(lines.contains("  waiting     12, the oldest for 31m 40s"))
        #expect(lines.contains("  topic       id 3  name a/b"))
        #expect(lines.contains("  message     18:47:54.256  up    PINGREQ, 2 octets"))
    }

    @Test("What passes is told in words, and a ClientId is shown and not obeyed")
    func watch() throws {
        let text = WatchText(showsPayload: false)
        let datagram = """
            {"time":"2026-11-29T10:14:02.118Z","from":"client","to":"gateway","client":"soil\\n07",
             "address":"192.0.2.77:1884","kind":"datagram","bytes":"0c0c2000030029000000000000"}
            """
        #expect(
            text.line(try read(datagram.replacing("0c0c", with: "0d0c")))
                == "10:14:02.118  soil\\u{a}07 → gateway   PUBLISH QoS 1, topic id 3, MsgId 41, 6 octets  192.0.2.77:1884"
        )
        let packet = """
            {"time":"2026-11-29T10:14:02.141Z","from":"broker","to":"gateway","client":"s","address":null,
             "kind":"packet","bytes":"40020002"}
            """
        #expect(text.line(try read(packet)) == "10:14:02.141  broker → gateway        PUBACK packet id 2")
        let event = """
            {"time":"2026-11-29T10:14:03.002Z","event":"client_lost","level":"warning","client":"s","address":null,
             "text":"client lost","kind":"observation"}
            """
        #expect(text.line(try read(event)) == "10:14:03.002  · client_lost: client lost  client s")
        #expect(text.line(try read("{\"kind\":\"left_out\",\"count\":3}")).contains("3 lines left out"))
        #expect(text.line(try read("{\"kind\":\"datagram\",\"bytes\":\"0\"}")).contains("no hexadecimal digits"))
    }

    @Test("Keys sort, find, mark, choose and end")
    func keys() throws {
        var screen = TopScreen()
        let (status, clients) = (try read(Self.status), try read(Self.clients))
        screen.take(status: status, clients: clients, client: nil)
        var lines = screen.lines(width: 100, height: 10, isColored: false)
        #expect(lines.count <= 10)
        #expect(lines[0].hasPrefix("swiftlet 7  up 41d 3h  broker connected 23 ms  clients 2/1000 (1 awake 1 overdue)"))
        #expect(lines[1] == "! valve-12 is overdue")
        #expect(lines[3].hasPrefix(">valve-12"))
        #expect(screen.press(Array("j".utf8)) == .nothing)
        lines = screen.lines(width: 100, height: 10, isColored: false)
        #expect(lines[4].hasPrefix(">a"))
        #expect(screen.press([0x1B, 0x5B, 0x41, 0x0D]) == .nothing)
        #expect(screen.chosenClient == "valve-12")
        screen.take(status: status, clients: clients, client: clients["clients"]?.elements.first)
        #expect(screen.lines(width: 60, height: 20, isColored: false).contains { $0.hasPrefix("  round trip  410 ms") })
        #expect(screen.press([0x0D]) == .nothing && screen.chosenClient == nil)
        #expect(screen.press(Array("s".utf8)) == .nothing)
        #expect(screen.lines(width: 80, height: 9, isColored: false).last?.hasPrefix("s: sorted by heard") == true)
        #expect(screen.press(Array("/qs".utf8)) == .nothing && screen.search == "qs")
        #expect(screen.press([0x7F, 0x0D]) == .nothing && screen.search == "q")
        #expect(screen.press([0x1B]) == .nothing && screen.search == "")
        #expect(screen.press(Array("q".utf8)) == .end && screen.press([0x03]) == .end)
    }

    @Test("The screen fits every terminal, and has escapes only where they are wanted")
    func sizes() throws {
        var screen = TopScreen()
        screen.take(status: try read(Self.status), clients: try read(Self.clients), client: nil)
        screen.take(complaint: "the gateway does not answer")
        for width in stride(from: 1, to: 130, by: 7) {
            for height in 1..<12 {
                let lines = screen.lines(width: width, height: height, isColored: false)
                #expect(lines.count <= height && lines.allSatisfy { $0.count <= width && !$0.contains("\u{1B}") })
            }
        }
        #expect(screen.lines(width: 80, height: 10, isColored: true).contains { $0.contains("\u{1B}[31m") })
        #expect(screen.plainLines.count == 2 && !screen.plainLines.joined().contains("\u{1B}"))
    }
}
