import Configuration
import GatewayCore
import GatewayHost
import MQTT
import MQTTSN
import Testing
import Time
import Transports

extension RealSocketTests {
    /// A gateway in this process between a sensor and a broker that both are the test itself.
    @Suite(.serialized) struct HostTests {
        /// The way up and down, over either family on either side.
        @Test(arguments: [("127.0.0.1", "127.0.0.1"), ("::1", "127.0.0.1"), ("127.0.0.1", "::1"), ("::1", "::1")])
        func messagesPassBothWays(sensorSide: String, brokerSide: String) throws {
            let broker = try ScriptedBroker(host: brokerSide)
            let gateway = try GatewayThread(broker: BrokerEndpoint(broker.address), hosts: [sensorSide])
            try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            let stream = try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))

            let topicID = try sensor.register("up")
            try sensor.send(Datagram.publish(topicID, octets("21.5"), qos: .atLeastOnce, messageID: 7))
            let (message, packetID) = try stream.expectPublish()
            #expect(message == BrokerPublish(topic: "up", payload: octets("21.5"), qos: .atLeastOnce))
            try stream.send(.publishAcknowledgement(packetID))
            try sensor.expect(Datagram.publishAcknowledgement(topicID, 7))

            try stream.publish(BrokerPublish(topic: "up", payload: octets("down")))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: topicID, payload: octets("down")))
            #expect(sensor.lastSource == gateway.address)
        }

        /// Before the broker answers, the client is not told that it has its message (GW-41).
        @Test func nothingIsAcknowledgedBeforeTheBrokerDoes() throws {
            let (broker, gateway) = try gatewayWithBroker()
            let (sensor, stream) = try connect("s", gateway, broker)
            let topicID = try sensor.register("t")
            try sensor.send(Datagram.publish(topicID, [1], qos: .atLeastOnce, messageID: 9))
            let packetID = try stream.expectPublish().packetID
            // The answer to PINGREQ comes, and nothing before it.
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
            try stream.send(.publishAcknowledgement(packetID))
            try sensor.expect(Datagram.publishAcknowledgement(topicID, 9))
        }

        /// A sensor that compares addresses must hear from the one it wrote to, also where the socket is bound to all.
        @Test func answersLeaveFromTheAddressTheSensorWroteTo() throws {
            let (broker, gateway) = try gatewayWithBroker(hosts: ["0.0.0.0"])
            let address = try SocketAddress.numeric("127.0.0.2", gateway.address.port)
            let sensor = try Sensor(address)
            try sensor.send(Datagram.connect("s"))
            let stream = try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            #expect(sensor.lastSource == address)
            let topicID = try sensor.register("t")
            try stream.publish(BrokerPublish(topic: "t", payload: [1]))
            #expect(try sensor.expectPublish().topicID == topicID)
            #expect(sensor.lastSource == address)
        }

        @Test func listenersServeAtTheSameTime() throws {
            let (broker, gateway) = try gatewayWithBroker(hosts: ["127.0.0.1", "::1", "127.0.0.3"])
            #expect(gateway.addresses.map(\.host) == ["127.0.0.1", "::1", "127.0.0.3"])
            var ends: [(sensor: Sensor, stream: PacketStream)] = []
            for (index, address) in gateway.addresses.enumerated() {
                let sensor = try Sensor(address)
                try sensor.send(Datagram.connect("s\(index)"))
                ends.append((sensor, try broker.acceptClient("s\(index)")))
                try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            }
            let topicIDs = try ends.map { try $0.sensor.register("t") }
            for (index, end) in ends.enumerated() {
                try end.stream.publish(BrokerPublish(topic: "t", payload: [UInt8(index)]))
            }
            for (index, end) in ends.enumerated() {
                let expected = HeardPublish(topicID: topicIDs[index], payload: [UInt8(index)])
                #expect(try end.sensor.expectPublish() == expected)
                #expect(end.sensor.lastSource == gateway.addresses[index])
            }
            #expect(gateway.sessionCount == 3)
        }

        /// A client is not left waiting for a broker that is not there (GW-10, GW-21), and comes in once it is.
        @Test func clientsAreToldToWaitUntilTheBrokerIsThere() throws {
            let port = try ScriptedBroker.unusedPort()
            let gateway = try GatewayThread(broker: BrokerEndpoint(host: "127.0.0.1", port: port))
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
            #expect(eventually { gateway.count(.brokerUnreachable) == 1 })

            let broker = try ScriptedBroker(port: port)
            try broker.acceptGateway()
            #expect(eventually { gateway.count(.brokerReachable) == 1 })
            try sensor.send(Datagram.connect("s"))
            try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
        }

        /// One client's failure says little about the broker: others get in as soon as they can (GW-10).
        @Test func aRefusedConnectionDoesNotShutTheGateway() throws {
            let (broker, gateway) = try gatewayWithBroker()
            broker.stopListening()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
            let again = try ScriptedBroker(port: broker.address.port)
            try sensor.send(Datagram.connect("s"))
            try again.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
        }

        /// A client that has the name of the gateway's own connection would take it from it again and again.
        @Test func nobodyTakesTheNameOfTheGatewaysOwnConnection() throws {
            let (broker, gateway) = try gatewayWithBroker()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("swiftlet-1"))
            try sensor.expect(Datagram.connectAcknowledgement(.notSupported))
            #expect(broker.streams.count == 1)
        }

        /// GW-86: the connection is restored, and with it what the client had subscribed to.
        @Test func aLostBrokerConnectionIsRestored() throws {
            let (broker, gateway) = try gatewayWithBroker()
            let (sensor, stream) = try connect("s", gateway, broker)
            try sensor.send(Datagram.subscribe(octets("t"), qos: .atLeastOnce, messageID: 3))
            try stream.grantSubscribe()
            let topicID = try sensor.expectSubscribeAcknowledgement(qos: .atLeastOnce, messageID: 3)
            stream.end()
            let again = try broker.acceptClient("s")
            try again.grantSubscribe()
            #expect(eventually { gateway.count(.upstreamRestored) == 1 })
            try again.publish(BrokerPublish(topic: "t", payload: [5]))
            #expect(try sensor.expectPublish() == HeardPublish(topicID: topicID, payload: [5]))
        }

        /// GW-86: a connection that cannot be restored is not pretended.
        @Test func aBrokerThatStaysAwayEndsTheConnection() throws {
            let port = try ScriptedBroker.unusedPort()
            var broker: ScriptedBroker? = try ScriptedBroker(port: port)
            let gateway = try GatewayThread(broker: BrokerEndpoint(host: "127.0.0.1", port: port)) {
                $0.gateway.upstream.restoreTimeout = .milliseconds(300)
            }
            try broker?.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try broker?.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            broker = nil
            try sensor.expect(Datagram.disconnect)
            #expect(eventually { gateway.count(.clientDismissed) == 1 && gateway.sessionCount == 0 })
            try sensor.send(Datagram.connect("s"))
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
        }

        /// What the broker breaks on one connection stays on that one.
        @Test func aMalformedPacketEndsItsConnectionOnly() throws {
            let (broker, gateway) = try gatewayWithBroker()
            let (first, firstStream) = try connect("first", gateway, broker)
            let (second, secondStream) = try connect("second", gateway, broker)
            let topicID = try second.register("t")
            // A packet of the reserved type 15.
            try firstStream.socket.write([0xF0, 0x00])
            #expect(try firstStream.hearsEnd())
            try broker.acceptClient("first")
            #expect(eventually { gateway.count(.malformedPacket) == 1 && gateway.count(.upstreamRestored) == 1 })
            try secondStream.publish(BrokerPublish(topic: "t", payload: [2]))
            #expect(try second.expectPublish() == HeardPublish(topicID: topicID, payload: [2]))
            try first.send(Datagram.pingRequest)
            try first.expect(Datagram.pingResponse)
        }

        @Test func theBrokersNameIsResolved() throws {
            let broker = try ScriptedBroker()
            let gateway = try GatewayThread(
                broker: BrokerEndpoint(host: "localhost", port: broker.address.port))
            try broker.acceptGateway()
            let (sensor, _) = try connect("s", gateway, broker)
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
        }

        /// A name that nobody knows is a broker that cannot be reached.
        @Test func anUnknownNameIsAnUnreachableBroker() throws {
            let gateway = try GatewayThread(broker: BrokerEndpoint(host: "no-such-host.invalid", port: 1883))
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try sensor.expect(Datagram.connectAcknowledgement(.congestion))
            #expect(eventually { gateway.count(.upstreamUnavailable) >= 1 })
        }

        /// GW-88: a broker that does not read makes publishes fail with congestion, and they succeed once it reads.
        @Test func aBrokerThatDoesNotReadMakesCongestion() throws {
            let broker = try ScriptedBroker(receiveBufferByteCount: 8_192)
            let gateway = try GatewayThread(broker: BrokerEndpoint(broker.address)) {
                $0.gateway.limits.queuedByteCountPerUpstream = 65_536
            }
            try broker.acceptGateway()
            let (sensor, stream) = try connect("s", gateway, broker)
            let topicID = try sensor.register("t")
            let payload = [UInt8](repeating: 0x55, count: 1_300)
            // What the kernel takes for the broker is its own affair and some megabytes at most.
            var sentCount = 0
            var answer: [UInt8]?
            while answer == nil, sentCount < 50_000 {
                try sensor.send(Datagram.publish(topicID, payload))
                sentCount += 1
                answer = try sensor.hear(within: .zero)
            }
            #expect(answer == Datagram.publishAcknowledgement(topicID, 0, .congestion))
            while try sensor.hear(within: .milliseconds(100)) != nil {}
            try sensor.publishAtLeastOnce(topicID, payload, messageID: 5, expecting: .congestion)
            #expect(gateway.count(.messageDroppedUpstreamBlocked) >= 2)

            while try stream.hear(within: .milliseconds(500)) != nil {}
            try sensor.send(Datagram.publish(topicID, [2], qos: .atLeastOnce, messageID: 6))
            let (message, packetID) = try stream.expectPublish()
            #expect(message == BrokerPublish(topic: "t", payload: [2], qos: .atLeastOnce))
            try stream.send(.publishAcknowledgement(packetID))
            try sensor.expect(Datagram.publishAcknowledgement(topicID, 6))
        }

        /// Stopping tells clients and broker (no Will), and then nothing comes from the gateway any more.
        @Test func stoppingSaysGoodbyeToBothSides() throws {
            let (broker, gateway) = try gatewayWithBroker()
            let (sensor, _) = try connect("s", gateway, broker)
            gateway.stop()
            try sensor.expect(Datagram.disconnect)
            for connection in broker.streams {
                try connection.expect(.disconnect)
                #expect(try connection.hearsEnd())
            }
            #expect(gateway.failure == nil)
        }

        /// A host that is closed leaves no descriptor behind, even without a goodbye: its program may go on.
        @Test func closingEndsEveryConnection() throws {
            let (broker, gateway) = try gatewayWithBroker()
            _ = try connect("s", gateway, broker)
            gateway.stop(politely: false)
            for connection in broker.streams { #expect(try connection.hearsEnd(within: .seconds(2))) }
        }

        @Test func anAddressInUseIsAnErrorThatNamesIt() throws {
            let (_, gateway) = try gatewayWithBroker()
            let port = gateway.address.port
            let endpoint = BrokerEndpoint(host: "127.0.0.1", port: 1)
            #expect {
                try GatewayThread(broker: endpoint) {
                    $0.host.listeners = [UDPListener(host: "127.0.0.1", port: port)]
                }
            } throws: { error in
                guard case .cannotListen("udp://127.0.0.1:\(port)", let cause) = error as? HostError else {
                    return false
                }
                return cause.description.hasSuffix("address already in use (EADDRINUSE)")
            }
        }

        /// What was opened before the error is closed again.
        @Test func aHostThatCannotStartHoldsNoPort() throws {
            let (_, gateway) = try gatewayWithBroker()
            let any = try SocketAddress.numeric("127.0.0.1")
            let free = try BlockingSocket(.datagrams, for: any, boundTo: any).localAddress()
            let ports = [free.port, gateway.address.port]
            #expect(throws: HostError.self) {
                try GatewayThread(broker: BrokerEndpoint(host: "127.0.0.1", port: 1)) {
                    $0.host.listeners = ports.map { UDPListener(host: "127.0.0.1", port: $0) }
                }
            }
            #expect(throws: Never.self) { try BlockingSocket(.datagrams, for: free, boundTo: free) }
        }

        /// The configuration's reader refuses it before; a host that is made otherwise still says so.
        @Test func aListenerNeedsAnAddress() throws {
            let endpoint = BrokerEndpoint(host: "127.0.0.1", port: 1)
            #expect(throws: HostError.notAnAddress("udp://localhost:0")) {
                try GatewayThread(broker: endpoint, hosts: ["localhost"])
            }
        }

        /// Whatever comes in: an answer the specification names, or nothing, and the connected go on.
        @Test func noiseStopsNothing() throws {
            let (broker, gateway) = try gatewayWithBroker()
            let (sensor, _) = try connect("s", gateway, broker)
            var random = RandomNumbers(seed: 42)
            for _ in 0..<50 {
                let stranger = try Sensor(gateway.address)
                for _ in 0..<20 {
                    let count = Int(random.next() % 40)
                    try stranger.send((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
                }
                // Keeps the socket's buffer from running over, which is not the gateway's matter.
                try sensor.send(Datagram.pingRequest)
                try sensor.expect(Datagram.pingResponse)
            }
            #expect(gateway.failure == nil)
            #expect(gateway.count(.malformedDatagram) > 500)
        }

        // MARK: Beginnings

        private func gatewayWithBroker(
            hosts: [String] = ["127.0.0.1"]
        ) throws -> (ScriptedBroker, GatewayThread) {
            let broker = try ScriptedBroker()
            let gateway = try GatewayThread(broker: BrokerEndpoint(broker.address), hosts: hosts)
            try broker.acceptGateway()
            return (broker, gateway)
        }

        private func connect(
            _ clientID: String, _ gateway: GatewayThread, _ broker: ScriptedBroker
        ) throws -> (Sensor, PacketStream) {
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect(clientID))
            let stream = try broker.acceptClient(clientID)
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            return (sensor, stream)
        }
    }
}
