import GatewayCore
import GatewaySimulator
import Glibc
import LinkFraming
import MQTT
import MQTTSN
import Testing
import Time
import Transports

extension RealSocketTests {
    /// Radio sensors behind an XBee on a pseudo-terminal, in front of a real broker.
    @Suite(.serialized, .enabled(if: MosquittoProcess.isExpected, "mosquitto is not installed"))
    struct RadioTests {
        private let mosquitto: MosquittoProcess
        private let radio: RadioOnTerminal

        init() throws {
            mosquitto = try MosquittoProcess()
            var configuration = SimulatedRadioConfiguration()
            configuration.longestFlight = .milliseconds(10)
            radio = try RadioOnTerminal(configuration)
        }

        private func gateway(
            retryInterval: Int, level: String = "debug", _ keys: String = ""
        ) throws -> GatewayProcess {
            let configuration = """
                [[serial]]
                device = "\(radio.device)"
                speed = 115200
                broadcast = false
                retry_interval_seconds = \(retryInterval)
                retry_count = 30
                \(keys)
                [[udp]]
                listen = "udp://127.0.0.1:0"
                """
            let gateway = try GatewayProcess(brokerPort: mosquitto.port, configuration, level: level)
            try #require(gateway.logs("broker connection open"))
            return gateway
        }

        /// A sensor with a topic of its own, which it is subscribed to.
        private struct Member {
            var sensor: Sensor
            var name: String
            var ownTopicID: UInt16 = 0
            var partnerTopicID: UInt16 = 0
        }

        private func member(_ name: String, _ sensor: Sensor) throws -> Member {
            var member = Member(sensor: sensor, name: name)
            try sensor.connect(name, keepAlive: 300)
            member.ownTopicID = try sensor.subscribe("to/\(name)", qos: .atLeastOnce)
            return member
        }

        /// Each member of `senders` sends its partner of `receivers` a message, all at once; all must arrive.
        private func cross(
            _ senders: [Member], _ receivers: [Member], messageID: UInt16, areReceiversAsleep: Bool = false
        ) throws {
            let payload = [UInt8](repeating: 0x7E, count: Int(messageID))
            for sender in senders {
                try sender.sensor.send(
                    Datagram.publish(sender.partnerTopicID, payload, qos: .atLeastOnce, messageID: messageID))
            }
            for sender in senders {
                try sender.sensor.expect(Datagram.publishAcknowledgement(sender.partnerTopicID, messageID))
            }
            for receiver in receivers {
                let heard = try areReceiversAsleep ? wakeUp(receiver) : receiver.sensor.expectPublish()
                #expect(heard.payload == payload && heard.topicID == receiver.ownTopicID)
                try receiver.sensor.send(Datagram.publishAcknowledgement(heard.topicID, heard.messageID))
                if areReceiversAsleep { try receiver.sensor.expect(Datagram.pingResponse) }
            }
        }

        private func fallAsleep(_ members: [Member]) throws {
            for member in members { try member.sensor.send(Datagram.disconnect(duration: 300)) }
            for member in members { try member.sensor.expect(Datagram.disconnect) }
        }

        /// Wakes a sleeper until the message that is for it has reached the gateway.
        private func wakeUp(_ member: Member) throws -> HeardPublish {
            for _ in 0..<100 {
                try member.sensor.send(Datagram.pingRequest(member.name))
                let heard = try #require(try member.sensor.hear())
                guard heard != Datagram.pingResponse else { continue }
                guard case .publish(let publish) = try Message.decode(heard.span.bytes) else { break }
                return HeardPublish(
                    topicID: publish.topicID, qos: publish.flags.qos, messageID: publish.messageID,
                    payload: Array(heard[publish.data]))
            }
            throw NothingCame(awaited: "PUBLISH for \(member.name)")
        }

        @Test func radioSensorsAndUDPSensorsAreOnOneGateway() throws {
            let gateway = try gateway(retryInterval: 10)
            var radios = try (0..<20).map { try member("radio\($0)", Sensor(on: radio.node($0))) }
            var others = try (0..<20).map { try member("udp\($0)", Sensor(gateway.address)) }
            for index in radios.indices {
                radios[index].partnerTopicID = try radios[index].sensor.register("to/udp\(index)")
                others[index].partnerTopicID = try others[index].sensor.register("to/radio\(index)")
            }
            for messageID in UInt16(10)...14 {
                try cross(radios, others, messageID: messageID)
                try cross(others, radios, messageID: messageID)
            }
            // Everybody sleeps on one side while the other side is heard (MQTT-SN 1.2 §6.14).
            try fallAsleep(radios)
            try cross(others, radios, messageID: 20, areReceiversAsleep: true)
            for index in radios.indices {
                try radios[index].sensor.connect(radios[index].name, keepAlive: 300)
                radios[index].partnerTopicID = try radios[index].sensor.register("to/udp\(index)")
            }
            try fallAsleep(others)
            try cross(radios, others, messageID: 21, areReceiversAsleep: true)
            #expect(radio.ask(\.mostOutstanding) <= 4)
            #expect(radio.ask(\.framingCounters.badChecksums) == 0)
        }

        /// The longest and the mean time in which all of `members` hear PINGRESP, asked all at once, in milliseconds.
        private func pingTimes(of members: [Member], rounds: Int) throws -> (longest: UInt64, mean: UInt64) {
            var (longest, sum): (UInt64, UInt64) = (0, 0)
            for _ in 0..<rounds {
                let began = MonotonicClock.now()
                for member in members { try member.sensor.send(Datagram.pingRequest) }
                for member in members {
                    try member.sensor.expect(Datagram.pingResponse)
                    let time = (MonotonicClock.now() - began) / 1_000_000
                    longest = max(longest, time)
                    sum += time
                }
            }
            return (longest, sum / UInt64(rounds * members.count))
        }

        @Test func aDeadNodeDoesNotDelayTheOthers() throws {
            let gateway = try gateway(retryInterval: 1)
            let node = radio.node(100)
            let dead = node.address
            _ = try member("dead", Sensor(on: node))
            let others = try (0..<10).map { try member("radio\($0)", Sensor(on: radio.node($0))) }
            let without = try pingTimes(of: others, rounds: 20)
            radio.setReachable(false, node.address)
            let publisher = try Sensor(gateway.address)
            try publisher.connect("publisher")
            let topicID = try publisher.register("to/dead")
            for number in UInt16(1)...20 {
                try publisher.publishAtLeastOnce(topicID, [UInt8(number)], messageID: number)
            }
            try #require(eventually { radio.ask { $0.outstandingCount(to: dead) } == 1 })
            let with = try pingTimes(of: others, rounds: 20)
            print("PINGRESP of 10 radio sensors: longest \(without.longest) ms, mean \(without.mean) ms;")
            print("with a dead node beside them: longest \(with.longest) ms, mean \(with.mean) ms")
            #expect(radio.ask(\.mostOutstandingToOneNode) == 1)
            #expect(radio.ask { $0.outstandingCount(to: dead) } <= 1)
        }

        @Test func whatTheModuleTellsOfItsNetworkIsInTheLog() throws {
            let gateway = try gateway(retryInterval: 10, "source_routing_nodes = 2")
            #expect(gateway.logs("packet=84 encryption=off link_key=unknown"))
            let network = "channel=F network_address=0 open_to_join=always"
            #expect(gateway.logs("radio network of \(radio.device): id=1 operating_id=1 \(network)"))
            let sensor = Sensor(on: radio.node(1))
            try sensor.connect("radio", keepAlive: 300)
            #expect(gateway.logs("info  xbee 0013A20042000001 on \(radio.device) is heard at -"))
            try Sensor(on: radio.node(2)).connect("other", keepAlive: 300)
            #expect(gateway.logs("2 nodes on \(radio.device): the XBee asks for source routes from now on (AR)"))
            // The routes come with packets, about half of them here.
            #expect(
                try eventually {
                    try sensor.send(Datagram.pingRequest)
                    try sensor.expect(Datagram.pingResponse)
                    return radio.ask(\.sourceRouteCount) > 0
                })
            #expect(gateway.logs("hops away"))
            radio.meetsAnotherNetwork(keepsID: true)
            #expect(gateway.logs("warn  the XBee on \(radio.device) says: another network near by has the same PAN ID"))
            radio.meetsAnotherNetwork(keepsID: false)
            #expect(gateway.logs("another network near by had the same PAN ID, so it gave its own another one"))
            #expect(gateway.logs("radio network of \(radio.device): id=2 operating_id=2 \(network)"))
        }

        @Test func whatIsNotEncryptedIsDroppedAndSaidWhereTheOwnerRequiresIt() throws {
            let gateway = try gateway(retryInterval: 10, "require_encryption = true")
            #expect(gateway.logs("warn  the XBee on \(radio.device) does not encrypt (EE=0)"))
            let node = radio.node(1)
            for _ in 0..<3 { try node.send(Datagram.connect("radio")) }
            #expect(gateway.logs("warn  packets without encryption dropped on \(radio.device): count=1"))
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(gateway.log.count { $0.contains("packets without encryption") } == 1)
            #expect(gateway.logs(" unencrypted="))
            #expect(!gateway.logs("client connected", within: .zero))
        }

        /// 8 of 200 messages of QoS 0 wait for a node that does not answer; the others are not called delivered.
        @Test func whatTheLinkRefusesIsSaidAndNotDelivered() throws {
            let gateway = try gateway(retryInterval: 10, level: "trace")
            let node = radio.node(1)
            let sensor = Sensor(on: node)
            try sensor.connect("radio", keepAlive: 300)
            let topicID = try sensor.subscribe("down", qos: .atMostOnce)
            let sent = "trace to xbee 0013A20042000001"
            let before = gateway.log.count { $0.contains(sent) }
            radio.setReachable(false, node.address)
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            for number in UInt8(0)..<200 { try observer.publish(.init(topic: "down", payload: [number])) }
            #expect(eventually { gateway.log.count { $0.contains(sent) } == before + 200 })
            let warnings = gateway.log.filter { $0.contains("warn  datagrams dropped") }
            #expect(warnings.count == 1 && warnings[0].contains("serial.queued_messages_per_node"), "\(warnings)")
            radio.setReachable(true, node.address)
            for number in UInt8(0)..<8 {
                #expect(try sensor.expectPublish() == HeardPublish(topicID: topicID, payload: [number]))
            }
            gateway.process.kill(SIGTERM)
            #expect(gateway.process.waitForExit() == .exited(0))
            #expect(
                gateway.logs("counted message_delivered=8\n") && gateway.logs("counted message_refused_by_link=192\n"))
            #expect(gateway.logs(" refused_queue_full=192"))
        }

        @Test func whatIsAcknowledgedSurvivesAPulledPlug() throws {
            let gateway = try gateway(retryInterval: 1)
            let sensor = Sensor(on: radio.node(1))
            var member = try member("radio", sensor)
            member.partnerTopicID = try sensor.register("up")
            let observer = try BrokerSideClient(port: mosquitto.port, "observer")
            try observer.subscribe("up")
            for number in UInt8(1)...12 {
                try observer.publish(.init(topic: "to/radio", payload: [number], qos: .atLeastOnce))
            }
            var pulls = 0
            var received: Set<UInt8> = []
            var acknowledged: Set<UInt16> = []
            for messageID in UInt16(1)...12 {
                let publish = Datagram.publish(
                    member.partnerTopicID, [UInt8(messageID)], qos: .atLeastOnce, messageID: messageID)
                try sensor.send(publish)
                if messageID % 5 == 0 {
                    radio.unplug()
                    pulls += 1
                    try radio.plugInAgain()
                }
                let deadline = Deadline(in: generous)
                while !acknowledged.contains(messageID), !deadline.hasPassed {
                    guard let heard = try sensor.hear(within: .seconds(2)) else {
                        try sensor.send(publish)
                        continue
                    }
                    take(heard, sensor, &received, &acknowledged)
                }
            }
            let deadline = Deadline(in: generous)
            while received.count < 12, !deadline.hasPassed {
                if let heard = try sensor.hear(within: .seconds(1)) { take(heard, sensor, &received, &acknowledged) }
            }
            #expect(pulls == 2 && acknowledged == Set(1...12) && received == Set(1...12))
            var seen: Set<UInt8> = []
            while seen.count < 12 { seen.formUnion(try observer.expectMessage().payload) }
            #expect(gateway.sessionsWereNotLost)
        }

        /// Answers a PUBLISH and notes what a message says.
        private func take(
            _ heard: [UInt8], _ sensor: Sensor, _ received: inout Set<UInt8>, _ acknowledged: inout Set<UInt16>
        ) {
            switch try? Message.decode(heard.span.bytes) {
            case .publish(let publish)?:
                received.formUnion(heard[publish.data])
                try? sensor.send(Datagram.publishAcknowledgement(publish.topicID, publish.messageID))
            case .publishAcknowledgement(let answer)?: acknowledged.insert(answer.messageID)
            default: Issue.record("heard \(Sensor.describe(heard))")
            }
        }
    }
}

extension GatewayProcess {
    /// Whether no client was given up so far.
    fileprivate var sessionsWereNotLost: Bool { !log.contains { $0.contains("client lost") } }
}
