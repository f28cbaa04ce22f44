import Configuration
import GatewayCore
import MQTT
import MQTTSN
import Testing
import Transports

@testable import GatewayHost

extension RealSocketTests {
    /// A gateway that goes on with other settings: what is new is there, what is gone is gone, and nobody who has nothing
    /// to do with it notices.
    @Suite(.serialized) struct ReloadTests {
        private func start(hosts: [String] = ["127.0.0.1"]) throws -> (ScriptedBroker, GatewayThread) {
            let broker = try ScriptedBroker(host: "127.0.0.1")
            let gateway = try GatewayThread(broker: BrokerEndpoint(broker.address), hosts: hosts)
            try broker.acceptGateway()
            return (broker, gateway)
        }

        private func connect(
            _ name: String, _ address: SocketAddress, _ broker: ScriptedBroker
        ) throws -> (Sensor, PacketStream) {
            let sensor = try Sensor(address)
            try sensor.send(Datagram.connect(name))
            let stream = try broker.acceptClient(name)
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            return (sensor, stream)
        }

        @Test func aListenerIsAddedAndAnotherTakenAway() throws {
            let (broker, gateway) = try start(hosts: ["127.0.0.1", "127.0.0.2"])
            let stays = try connect("stays", gateway.addresses[0], broker)
            let behind = try connect("behind", gateway.addresses[1], broker)
            let changes = try gateway.reload {
                $0.host.listeners[1] = UDPListener(host: "127.0.0.3", port: 0)
                $0.gateway.limits.clients = 50
            }.get()
            #expect(
                changes.live == [
                    "clients.maximum 10000 → 50", "udp udp://127.0.0.3:0 added", "udp udp://127.0.0.2:0 removed",
                ])
            #expect(gateway.liveAddresses.map(\.host) == ["127.0.0.1", "127.0.0.3"])
            #expect(gateway.liveAddresses[0] == gateway.addresses[0])
            try stays.0.send(Datagram.pingRequest)
            try stays.0.expect(Datagram.pingResponse)
            // Who was behind the listener that is gone keeps the session, and goes on by another.
            #expect(gateway.sessionCount == 2)
            let moved = try connectAgain("behind", gateway.liveAddresses[1], broker, former: behind.1)
            try moved.send(Datagram.pingRequest)
            try moved.expect(Datagram.pingResponse)
        }

        /// The same client from another address; its clean session begins anew.
        private func connectAgain(
            _ name: String, _ address: SocketAddress, _ broker: ScriptedBroker, former: PacketStream
        ) throws -> Sensor {
            let sensor = try Sensor(address)
            try sensor.send(Datagram.connect(name))
            _ = try former.hearsEnd()
            former.end()
            _ = try broker.acceptClient(name)
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            return sensor
        }

        @Test func anAddressThatCannotBeHadChangesNothing() throws {
            let (broker, gateway) = try start()
            let port = gateway.address.port
            let outcome = try gateway.reload {
                $0.host.listeners += [
                    UDPListener(host: "127.0.0.4", port: 0), UDPListener(host: "0.0.0.0", port: port),
                ]
                $0.gateway.links += [LinkConfiguration(), LinkConfiguration()]
                $0.gateway.limits.clients = 1
            }
            let error = #expect(throws: HostError.self) { try outcome.get() }
            #expect(error?.description.contains("udp://0.0.0.0:\(port)") == true)
            #expect(gateway.liveAddresses == gateway.addresses)
            // The limit of one client does not hold.
            _ = try connect("a", gateway.address, broker)
            _ = try connect("b", gateway.address, broker)
            #expect(gateway.sessionCount == 2)
        }

        /// From every address to one, and back: the listener that goes holds the address of the one that comes.
        @Test func aListenerGivesWayToOneThatTakesItsAddress() throws {
            let (broker, gateway) = try start(hosts: ["0.0.0.0"])
            let port = gateway.address.port
            for host in ["127.0.0.1", "0.0.0.0"] {
                _ = try gateway.reload { $0.host.listeners[0] = UDPListener(host: host, port: port) }.get()
                #expect(gateway.liveAddresses.map { "\($0)" } == ["\(host):\(port)"])
                let address = try #require(SocketAddress(numeric: "127.0.0.1", port: port))
                _ = try connect("from \(host)", address, broker)
            }
        }

        /// Somebody else has the second address, so that the first one's place is not needed after all.
        @Test func aListenerThatGaveWayInVainIsThereAgain() throws {
            let (broker, gateway) = try start(hosts: ["0.0.0.0"])
            let port = gateway.address.port
            let other = try start().1
            let outcome = try gateway.reload {
                $0.host.listeners = [
                    UDPListener(host: "127.0.0.1", port: port),
                    UDPListener(host: "127.0.0.1", port: other.address.port),
                ]
                $0.gateway.links = [LinkConfiguration(), LinkConfiguration()]
            }
            let error = #expect(throws: HostError.self) { try outcome.get() }
            #expect(error?.description.contains("udp://127.0.0.1:\(other.address.port)") == true)
            #expect(gateway.liveAddresses.map { "\($0)" } == ["0.0.0.0:\(port)"])
            _ = try connect("s", try #require(SocketAddress(numeric: "127.0.0.1", port: port)), broker)
        }

        /// The door of a browser, likewise; who is inside stays there.
        @Test func aDoorGivesWayToOneThatTakesItsAddress() throws {
            let broker = try ScriptedBroker(host: "127.0.0.1")
            let gateway = try GatewayThread(broker: BrokerEndpoint(broker.address)) {
                $0.host.http.listener = HTTPEndpoint(host: "0.0.0.0", port: 0)
            }
            let port = try #require(gateway.httpAddress).port
            _ = try gateway.reload { $0.host.http.listener = HTTPEndpoint(host: "127.0.0.1", port: port) }.get()
            #expect(eventually { HTTPClient.isServed(by: gateway) })
            // With a control socket that cannot be had the new door is closed again, and the former is there.
            let outcome = try gateway.reload {
                $0.host.http.listener = HTTPEndpoint(host: "0.0.0.0", port: port)
                $0.host.http.controlSocket = "/nowhere/at/all"
            }
            #expect(throws: HostError.self) { try outcome.get() }
            #expect(HTTPClient.isServed(by: gateway))
        }

        /// What is remembered of a sender may outlive its link, and another link has its place.
        @Test func aSenderOfALinkThatIsGoneIsNobody() {
            let table = PeerTable<Int, Void>(link: LinkID(0))
            #expect(table.address(of: PeerID(link: LinkID(0), number: 7)) == nil)
            var statistics = Statistics(udpCount: 1, serialCount: 0, at: 0)
            let stranger = Observation(.malformedDatagram(.lengthMismatch), peer: PeerID(link: LinkID(0), number: 7))
            let nothing: [UInt8] = []
            statistics.note(stranger, nothing.span.bytes, at: 1)
            #expect(statistics.troubles.contains { $0?.peer != nil })
            statistics.takeAway(0)
            statistics.begin(.udp, at: 0)
            #expect(!statistics.troubles.contains { $0?.peer != nil })
        }

        @Test func topicsAndForwardersHoldAtOnce() throws {
            let (broker, gateway) = try start()
            let (sensor, stream) = try connect("s", gateway.address, broker)
            let changes = try gateway.reload {
                $0.gateway.predefinedTopics = PredefinedTopics([.init(topicID: 9, topicName: octets("new"))])
                $0.host.listeners[0].forwarders = [.any]
                $0.host.broker = BrokerEndpoint(host: "elsewhere", port: 1)
            }.get()
            #expect(changes.live == ["udp.forwarders [] → [\"any\"] (udp://127.0.0.1:0)", "topic 9 added"])
            #expect(changes.needingRestart.map { $0.prefix(10) } == ["broker.url"])
            try sensor.send(Datagram.publish(9, octets("x"), type: .predefined))
            #expect(try stream.expectPublish().message.topic == "new")
        }
    }
}
