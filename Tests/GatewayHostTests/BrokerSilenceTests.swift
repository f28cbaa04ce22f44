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

        /// Publishes at QoS 0 until the gateway has room for no more: the broker has taken nothing for some time then.
        private static func fill(_ sensor: Sensor) throws {
            let payload = [UInt8](repeating: 0x55, count: 1_300)
            let publish = Datagram.publish(0x6162, payload, type: .shortName)
            try #require(
                try eventually {
                    for _ in 0..<64 { try sensor.send(publish) }
                    return try sensor.hear(within: .milliseconds(2)) != nil
                })
        }

        /// The machine of a broker that has stopped reading answers each probe, and Linux counts the time all the same.
        /// PINGREQ would tell 75 s later, which is longer than anybody waits below.
        @Test("broker.network_timeout_seconds: a broker that takes no more octets is left, though its machine answers")
        func aClosedWindowIsLeft() throws {
            let broker = try ScriptedBroker(receiveBufferByteCount: 8_192)
            let gateway = try Self.gateway(broker, try ScriptedBroker())
            try broker.acceptGateway()
            let sensor = try Sensor(gateway.address)
            try sensor.send(Datagram.connect("s"))
            try broker.acceptClient("s")
            try sensor.expect(Datagram.connectAcknowledgement(.accepted))
            let began = MonotonicClock.now()
            try Self.fill(sensor)
            #expect(try broker.acceptAnybody() == "s")
            let waited = MonotonicClock.now() - began
            #expect(waited > 3_500_000_000, "left after \(waited) ns: for another reason")
            // The gateway's own connection had nothing to wait for.
            #expect(gateway.count(.upstreamLost) == 1)
        }

        /// On one connection the broker reads nothing, and its machine has room; on the other there is none left, and it
        /// makes some now and then.
        @Test("broker.network_timeout_seconds: brokers that are slow, or that do not read, are not left")
        func whoIsSlowIsKept() throws {
            let broker = try ScriptedBroker(receiveBufferByteCount: 131_072)
            let gateway = try Self.gateway(broker, try ScriptedBroker())
            try broker.acceptGateway()
            let (slow, silent) = (try Sensor(gateway.address), try Sensor(gateway.address))
            try slow.send(Datagram.connect("slow"))
            let slowStream = try broker.acceptClient("slow")
            try slow.expect(Datagram.connectAcknowledgement(.accepted))
            try silent.send(Datagram.connect("silent"))
            let silentStream = try broker.acceptClient("silent")
            try silent.expect(Datagram.connectAcknowledgement(.accepted))
            try silent.send(Datagram.publish(0x6162, [1], type: .shortName, qos: .atLeastOnce, messageID: 7))
            try Self.fill(slow)
            // Twice the time, and more.
            for _ in 0..<5 {
                try silent.expectNothing(for: .seconds(2))
                var count = 0
                while count < 500_000, let bytes = slowStream.socket.read(until: Deadline(in: .milliseconds(50))) {
                    count += bytes.count
                }
                #expect(count > 100_000, "there was none to make room for")
            }
            #expect(gateway.count(.upstreamLost) == 0)
            let (message, packetID) = try silentStream.expectPublish()
            #expect(message.payload == [1])
            try silentStream.send(.publishAcknowledgement(packetID))
            try silent.expect(Datagram.publishAcknowledgement(0x6162, 7, .accepted))
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
