import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

extension RealSocketTests {
    /// What a built gateway says of itself and of its clients at a real broker.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct MosquittoStatusTests {
        private static let configuration = """
            clients.keep_alive_tolerance_short_percent = 200
            clients.id_bytes = 1024
            status.topic = "gw/7"

            """

        private func gateway(_ mosquitto: MosquittoProcess) throws -> GatewayProcess {
            try GatewayProcess(brokerPort: mosquitto.port, Self.configuration, level: "info")
        }

        @Test("The gateway is online, tells what it is and how it is, and offline when it is ended or killed")
        func gatewayItself() throws {
            let mosquitto = try MosquittoProcess()
            let board = try StatusBoard(port: mosquitto.port, "gw/7")
            let gateway = try gateway(mosquitto)
            try board.shows("state", "online")
            try board.shows("info") { JSONValue(octets($0)) != nil }
            try board.shows("health") { JSONValue(octets($0)) != nil }
            let info = board.json("info")
            #expect(info?["gateway"]?["id"]?.number == 1)
            #expect(info?["gateway"]?["version"]?.text == "0.2.0")
            #expect(info?["limits"]?["clients.maximum"]?.number == 10_000)
            #expect(info?["links"]?.elements.count == 1)
            let health = board.json("health")
            #expect(health?["mqtt"]?["state"]?.text == "connected")
            #expect(health?["clients"]?["awake"]?.number == 0)
            #expect(health?["messages"]?["dropped"] != nil)
            #expect((health?["process"]?["resident_bytes"]?.number ?? 0) > 0)
            gateway.process.kill(SIGTERM)
            try board.shows("state", "offline")
            let again = try self.gateway(mosquitto)
            try board.shows("state", "online")
            again.process.kill(SIGKILL)
            try board.shows("state", "offline")
            // It stands there for whoever comes later.
            try StatusBoard(port: mosquitto.port, "gw/7").shows("state", "offline")
        }

        @Test("A client's availability follows its life, from its CONNECT until it is forgotten")
        func client() throws {
            let mosquitto = try MosquittoProcess()
            let board = try StatusBoard(port: mosquitto.port, "gw/7")
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("soil", cleanSession: false, keepAlive: 60)
            try board.shows(client: "soil", "awake")
            #expect(board.client("soil")?["until"] == nil)
            try sensor.send(Datagram.disconnect(duration: 2))
            try sensor.expect(Datagram.disconnect)
            try board.shows(client: "soil", "asleep")
            let asleep = try #require(board.client("soil"))
            #expect(asleep["until"]?.text?.last == "Z")
            #expect(asleep["since"]?.text?.first == "2")
            #expect((asleep["until"]?.text ?? "") > (asleep["since"]?.text ?? "~"))
            try board.shows(client: "soil", "overdue")
            #expect((board.client("soil")?["until"]?.text ?? "") > (asleep["since"]?.text ?? "~"))
            try board.shows(client: "soil", "lost")
            // The session is kept, and the client comes back and goes for good.
            try sensor.send(Datagram.connect("soil", cleanSession: true, keepAlive: 60))
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            try board.shows(client: "soil", "awake")
            try sensor.send(Datagram.disconnect)
            try sensor.expect(Datagram.disconnect)
            try board.shows("clients/soil/availability", "")
        }

        @Test("A client that is lost and not remembered is told of, and then nothing of it stands")
        func lostForGood() throws {
            let mosquitto = try MosquittoProcess()
            let board = try StatusBoard(port: mosquitto.port, "gw/7")
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("mill", keepAlive: 1)
            try board.shows(client: "mill", "awake")
            try board.shows("clients/mill/availability", "")
            let states = board.history.filter { $0.name == "clients/mill/availability" }.map {
                JSONValue(octets($0.payload))?["state"]?.text
            }
            #expect(states == ["awake", "lost", nil])
        }

        @Test("Whatever a ClientId holds, its topic has one level for it, and what it says is JSON")
        func hostileNames() throws {
            let mosquitto = try MosquittoProcess()
            let board = try StatusBoard(port: mosquitto.port, "gw/7")
            let gateway = try gateway(mosquitto)
            let names = [
                ("a/+/#", "a%2F%2B%2F%23"), ("\"quoted\"", "%22quoted%22"), ("$SYS", "%24SYS"), ("100%", "100%25"),
                ("käse", "k%C3%A4se"), ("../x y", "..%2Fx%20y"), (String(repeating: "/", count: 1_024), nil),
            ]
            for (name, level) in names {
                let sensor = try Sensor(gateway.address)
                try sensor.connect(name)
                try board.shows(client: level ?? String(repeating: "%2F", count: 1_024), "awake")
            }
            // What is no text, or holds what a terminal obeys, is nobody's name.
            for name: [UInt8] in [[0xFF, 0xFE], octets("a\nb"), octets("\u{1B}[2J")] {
                let sensor = try Sensor(gateway.address)
                try sensor.send([UInt8(6 + name.count), 4, 4, 1, 0, 60] + name)
                try sensor.expect(Datagram.connectAcknowledgement(.notSupported))
            }
        }

        @Test("After a crash what no longer holds is deleted, and what the broker has lost is published again")
        func afterFailures() throws {
            let mosquitto = try MosquittoProcess()
            let first = try gateway(mosquitto)
            try Sensor(first.address).connect("gone")
            try Sensor(first.address).connect("back")
            let before = try StatusBoard(port: mosquitto.port, "gw/7")
            try before.shows(client: "gone", "awake")
            try before.shows(client: "back", "awake")
            first.process.kill(SIGKILL)
            try before.shows("state", "offline")
            // They stand there without their gateway.
            let meanwhile = try StatusBoard(port: mosquitto.port, "gw/7")
            try meanwhile.shows(client: "gone", "awake")
            let second = try gateway(mosquitto)
            try meanwhile.shows("clients/gone/availability", "")
            try meanwhile.shows("state", "online")
            #expect(try eventually { try Sensor(second.address).tryToConnect("back") })
            try meanwhile.shows(client: "back", "awake")
            try mosquitto.restart()
            let after = try StatusBoard(port: mosquitto.port, "gw/7")
            try after.shows("state", "online")
            try after.shows("info") { !$0.isEmpty }
            try after.shows(client: "back", "awake")
            #expect(after.latest["clients/gone/availability"] == nil)
        }

        @Test("Another topic by SIGHUP: all moves there, no client is touched, and nothing stays behind")
        func anotherTopic() throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try gateway(mosquitto)
            let sensor = try Sensor(gateway.address)
            try sensor.connect("soil", keepAlive: 600)
            let old = try StatusBoard(port: mosquitto.port, "gw/7")
            try old.shows(client: "soil", "awake")
            try gateway.reload("status.topic = \"barn/gw\"\n")
            let new = try StatusBoard(port: mosquitto.port, "barn/gw")
            try new.shows("state", "online")
            try new.shows(client: "soil", "awake")
            try new.shows("info") { !$0.isEmpty }
            for name in ["state", "info", "health", "clients/soil/availability"] { try old.shows(name, "") }
            #expect(gateway.logs("status.topic \"gw/7\" → \"barn/gw\""))
            // The Will goes with it.
            gateway.process.kill(SIGKILL)
            try new.shows("state", "offline")
            #expect(!gateway.log.contains { $0.contains("client lost") || $0.contains("unreachable") })
        }

        @Test("Switched off by SIGHUP all is cleared; switched on again, the clients that are there are shown")
        func offAndOn() throws {
            let mosquitto = try MosquittoProcess()
            let gateway = try gateway(mosquitto)
            try Sensor(gateway.address).connect("soil", keepAlive: 600)
            let board = try StatusBoard(port: mosquitto.port, "gw/7")
            try board.shows(client: "soil", "awake")
            try gateway.reload("")
            for name in ["state", "info", "health", "clients/soil/availability"] { try board.shows(name, "") }
            try gateway.reload(Self.configuration)
            try board.shows("state", "online")
            try board.shows(client: "soil", "awake")
        }
    }
}
