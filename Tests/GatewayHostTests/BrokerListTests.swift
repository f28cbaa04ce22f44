import Configuration
import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time
import Transports

@testable import GatewayHost

extension RealSocketTests {
    /// A gateway that has two brokers to choose from, on real sockets.
    @Suite(.serialized) struct BrokerListTests {
        private func gateway(_ brokers: [SocketAddress]) throws -> GatewayThread {
            try GatewayThread(broker: BrokerEndpoint(brokers[0])) {
                $0.choose(brokers.map { BrokerEndpoint($0) })
                $0.gateway.upstream.steadyTime = .milliseconds(300)
            }
        }

        @Test("broker.url as a list: where nobody listens at the first from the start, the second is spoken to")
        func fromTheStart() throws {
            let second = try ScriptedBroker()
            let nobody = try SocketAddress.numeric("127.0.0.1", ScriptedBroker.unusedPort())
            let gateway = try gateway([nobody, second.address])
            try second.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try second.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            #expect(gateway.count(.brokerUnreachable) == 0)
        }

        @Test("broker.url as a list: to the second when the first ends, and back when that has been there for a while")
        func thereAndBack() throws {
            let first = try ScriptedBroker()
            let second = try ScriptedBroker()
            let gateway = try gateway([first.address, second.address])
            let own = try first.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            let client = try first.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            first.stopListening()
            own.end()
            client.end()
            // Whose connection comes first is not said.
            let names = try [second.acceptAnybody(), second.acceptAnybody()]
            #expect(names.sorted() == ["s", "swiftlet-1"])
            #expect(gateway.count(.brokerGivenUp) == 1)
            let again = try ScriptedBroker(port: first.address.port)
            // Looks say nothing; the gateway's own connection comes when the time is over.
            #expect(try again.acceptAnybody() == "swiftlet-1")
            #expect(gateway.count(.brokerRegained) == 1)
            #expect(gateway.count(.brokerUnreachable) == 0)
        }
    }
}

extension ScriptedBroker {
    /// Accepts the next connection on which somebody says CONNECT.
    ///
    /// - Returns: whose it is.
    func acceptAnybody() throws -> String {
        while true {
            let stream = try accept()
            guard let heard = try? stream.hear(), case .connect(let connect) = heard.packet else { continue }
            let answer = ConnectAcknowledgement(sessionPresent: false, returnCode: .accepted)
            try stream.send(.connectAcknowledgement(answer))
            return String(decoding: heard.bytes[connect.clientID], as: UTF8.self)
        }
    }
}
