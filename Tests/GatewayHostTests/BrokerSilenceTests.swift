import Configuration
import GatewayCore
import Glibc
import MQTT
import MQTTSN
import Testing
import Transports

@testable import GatewayHost

extension RealSocketTests {
    /// Connections to the broker on which nothing happens any more, or that somebody on the way has ended.
    @Suite(.serialized) struct BrokerSilenceTests {
        /// It goes to the second broker when the network to the first has been silent for 4 s.
        private static func gateway(_ first: ScriptedBroker, _ second: ScriptedBroker) throws -> GatewayThread {
            try GatewayThread(broker: BrokerEndpoint(first.address)) {
                $0.choose([BrokerEndpoint(first.address), BrokerEndpoint(second.address)])
                $0.host.networkTimeoutSeconds = 4
            }
        }

        /// Nothing is written on the connection, so that only TCP's keep-alive can tell.
        @Test("broker.network_timeout_seconds: a connection on which all is quiet is probed, and left")
        func aQuietBlackHoleIsLeft() throws {
            let (first, second) = (try ScriptedBroker(), try ScriptedBroker())
            let gateway = try Self.gateway(first, second)
            let own = try first.acceptGateway()
            first.stopListening()
            try own.socket.hearNothingFromNowOn()
            #expect(try second.acceptAnybody() == "swiftlet-1")
            #expect(gateway.count(.brokerGivenUp) == 1)
        }

        /// Without it, PINGREQ and its answer would tell after `broker.keep_alive_seconds` and
        /// `broker.response_timeout_seconds`, 75 s here, which is longer than anybody waits below.
        @Test("broker.network_timeout_seconds: a broker that acknowledges nothing is left")
        func aBlackHoleIsLeft() throws {
            let (first, second) = (try ScriptedBroker(), try ScriptedBroker())
            let gateway = try Self.gateway(first, second)
            let own = try first.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            let client = try first.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            first.stopListening()
            try own.socket.hearNothingFromNowOn()
            try client.socket.hearNothingFromNowOn()
            let (topic, payload) = (UInt16(0x6162), octets("kept"))
            try sensor.send(Datagram.publish(topic, payload, type: .shortName, qos: .atLeastOnce, messageID: 7))
            var streams: [String: PacketStream] = [:]
            for _ in 0..<2 { streams[try second.acceptAnybody()] = second.streams.last }
            #expect(streams.keys.sorted() == ["s", "swiftlet-1"])
            // A sensor without an answer says it again.
            try sensor.send(
                Datagram.publish(
                    topic, payload, type: .shortName, qos: .atLeastOnce, duplicate: true, messageID: 7))
            let (message, packetID) = try #require(streams["s"]).expectPublish()
            #expect(message.payload == payload)
            try streams["s"]?.send(.publishAcknowledgement(packetID))
            try sensor.expect(Datagram.publishAcknowledgement(topic, 7, .accepted))
        }

        /// As load balancers do with who says nothing for a minute or some: again and again, for years.
        @Test("broker connections that are ended for being idle come back, and their clients are told nothing")
        func idleClosingsAreSurvived() throws {
            let broker = try ScriptedBroker()
            let gateway = try GatewayThread(broker: BrokerEndpoint(broker.address))
            var own = try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            var client = try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            let topic = UInt16(0x6162)
            for number in 1...4 as ClosedRange<UInt8> {
                own.end()
                client.end()
                #expect(eventually { gateway.count(.upstreamLost) == UInt64(number) })
                try sensor.send(Datagram.publish(topic, [number], type: .shortName))
                var streams: [String: PacketStream] = [:]
                for _ in 0..<2 { streams[try broker.acceptAnybody()] = broker.streams.last }
                own = try #require(streams["swiftlet-1"])
                client = try #require(streams["s"])
                #expect(try client.expectPublish().message.payload == [number])
            }
            try sensor.send(Datagram.pingRequest)
            try sensor.expect(Datagram.pingResponse)
        }
    }
}

extension BlockingSocket {
    /// Has the kernel drop whatever comes for this socket before TCP sees it: to the peer the network has gone silent.
    fileprivate func hearNothingFromNowOn() throws {
        /// sock_fprog of <linux/filter.h>, which Swift's Glibc module does not have.
        struct Program {
            var instructionCount: UInt16
            var instructions: UnsafePointer<UInt64>
        }
        // BPF_RET | BPF_K with no octets kept of any packet: a sock_filter whose other fields are zero.
        let program: [UInt64] = [UInt64(0x06).littleEndian]
        try program.withUnsafeBufferPointer { instructions in
            guard let base = instructions.baseAddress else { return }
            var filter = Program(instructionCount: 1, instructions: base)
            let length = socklen_t(MemoryLayout<Program>.size)
            guard setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, length) == 0 else {
                throw SystemFailure(operation: "SO_ATTACH_FILTER")
            }
        }
    }
}
