// Proves what the rude habits of a simulated client are: windows, few message ids, giving up, and no ear for REGISTER.

import GatewayCore
import GatewaySimulator
import MQTTSN
import Testing
import Time

@Suite struct RudeClientTests {
    @Test("A window lets several publications be open, each answered by itself") func window() {
        let client = ClientDriver { $0.window = 2 }
        client.connects()
        client.publishes(1, "a", on: .predefined(7), .atLeastOnce)
        client.publishes(2, "b", on: .predefined(7), .exactlyOnce)
        client.publishes(3, "c", on: .predefined(7), .atLeastOnce)
        client.sends("PUBLISH qos 1 #1 predefined 7 a", "PUBLISH qos 2 #2 predefined 7 b")
        client.receives(.publishReceived(2))
        client.acknowledges(1)
        client.sends("PUBREL #2", "PUBLISH qos 1 #3 predefined 7 c")
        client.receives(.publishComplete(2))
        client.acknowledges(3)
        client.observes(.published(1), .published(2), .published(3))
        #expect(client.client.isIdle)
    }

    @Test("§6.13: each open publication is repeated in its own time") func windowRepeats() {
        let client = ClientDriver { $0.window = 2 }
        client.connects()
        client.publishes(1, "a", on: .predefined(7), .atLeastOnce)
        client.passes(seconds: 4)
        client.publishes(2, "b", on: .predefined(7), .atLeastOnce)
        client.passes(seconds: 6)
        client.sends(
            "PUBLISH qos 1 #1 predefined 7 a", "PUBLISH qos 1 #2 predefined 7 b",
            "PUBLISH dup qos 1 #1 predefined 7 a")
        client.passes(seconds: 4)
        client.sends("PUBLISH dup qos 1 #2 predefined 7 b")
    }

    @Test("After a reconnect everything that was open goes on, in its order") func windowResumes() {
        let client = ClientDriver { $0.window = 3 }
        client.connects(clean: false)
        client.publishes(1, "a", on: .predefined(7), .exactlyOnce)
        client.publishes(2, "b", on: .predefined(7), .exactlyOnce)
        client.publishes(3, "c", on: .predefined(7), .atLeastOnce)
        client.receives(.publishReceived(2))
        client.receives(.disconnect(duration: nil))
        client.sends(
            "PUBLISH qos 2 #1 predefined 7 a", "PUBLISH qos 2 #2 predefined 7 b", "PUBLISH qos 1 #3 predefined 7 c",
            "PUBREL #2")
        client.connects(clean: false)
        client.sends("PUBREL #2", "PUBLISH dup qos 2 #1 predefined 7 a", "PUBLISH dup qos 1 #3 predefined 7 c")
    }

    @Test("Of few message ids the lowest is taken that is free and has rested; the others wait for one")
    func fewIDs() {
        let client = ClientDriver {
            ($0.window, $0.messageIDLimit, $0.messageIDRest) = (2, 2, .seconds(60))
        }
        client.connects()
        for number in 1...3 { client.publishes(number, "\(number)", on: .predefined(7), .atLeastOnce) }
        client.sends("PUBLISH qos 1 #1 predefined 7 1", "PUBLISH qos 1 #2 predefined 7 2")
        client.acknowledges(2)
        client.acknowledges(1)
        client.passes(seconds: 59)
        client.sends()
        client.passes(seconds: 1)
        client.sends("PUBLISH qos 1 #1 predefined 7 3")
        client.observes(.published(2), .published(1))
    }

    @Test("A device that was off for long enough counts from 1 again") func countsAnew() {
        var client = SimulatedClient(configuration: SimulatedClientConfiguration(clientID: [0x61]))
        var effects = ClientEffects()
        func connectAndPublish() -> MessageID? {
            effects.removeAll()
            for command in [
                ClientCommand.connect(ClientConnectOptions()),
                .publish(ClientPublication(number: 1, topic: .predefined(7), payload: [1], qos: .atLeastOnce)),
            ] { client.handle(.commanded(command), [UInt8]().span.bytes, at: Instant(nanoseconds: 1), into: &effects) }
            var answer: [UInt8] = []
            answer.appendMessage(.connectAcknowledgement(.accepted))
            client.handle(.datagramReceived, answer.span.bytes, at: Instant(nanoseconds: 2), into: &effects)
            for case .send(let range) in effects.list {
                let datagram = Array(effects.bytes[range])
                if case .publish(let publish)? = try? Message.decode(datagram.span.bytes) { return publish.messageID }
            }
            return nil
        }
        #expect(connectAndPublish() == 1)
        client.reboot(keepsMemory: false)
        #expect(connectAndPublish() == 2)
        client.reboot(keepsMemory: false, countsAnew: true)
        #expect(connectAndPublish() == 1)
    }

    @Test("A publication without an answer is given up, and the connection is not") func givesUp() {
        let client = ClientDriver { ($0.retryCount, $0.givesUp) = (1, true) }
        client.connects()
        client.publishes(1, "a", on: .predefined(7), .exactlyOnce)
        client.publishes(2, "b", on: .predefined(7), .atLeastOnce)
        client.passes(seconds: 20)
        client.observes(.publicationAbandoned(1))
        client.sends(
            "PUBLISH qos 2 #1 predefined 7 a", "PUBLISH dup qos 2 #1 predefined 7 a", "PUBLISH qos 1 #2 predefined 7 b")
        #expect(client.client.state == .active)
    }

    @Test("A client without an ear for REGISTER neither answers nor learns") func ignoresRegister() {
        let client = ClientDriver { $0.ignoresRegister = true }
        client.connects()
        client.receives(.register(Register(topicID: 5, messageID: 1, topicName: 0..<1)), "t")
        client.observes(.unexpectedMessage(.register))
        client.receivesPublish(.atLeastOnce, topicID: 5, messageID: 2, "a")
        client.sends("PUBACK #2 5 code 2")
        #expect(!client.client.knowsTopic([0x74]))
    }

    @Test("At QoS 2 a plain client knows a message by its id, a comparing one also by what it says")
    func comparesMessages() {
        for compares in [false, true] {
            let client = ClientDriver { $0.comparesMessages = compares }
            client.connects()
            func hears(_ payload: String) -> Bool {
                var isHeard = false
                let topicID: TopicID = 7
                let flags = Flags(qos: .exactlyOnce, topicIDType: .predefined)
                client.receives(
                    .publish(Publish(flags: flags, topicID: topicID, messageID: 1, data: 0..<payload.utf8.count)),
                    payload)
                isHeard = client.takeObserved().contains {
                    if case .messageReceived = $0 { true } else { false }
                }
                return isHeard
            }
            #expect(hears("a"))
            #expect(!hears("a"))
            #expect(hears("b") == compares)
            client.receives(.publishRelease(1))
            // A late copy.
            #expect(hears("b") == !compares)
        }
    }

    @Test("What may have been heard is told again under its message id, or it could arrive twice")
    func invalidTopicAfterRepetition() {
        let client = ClientDriver()
        client.connects()
        client.registersTopic()
        client.publishes(1, "a", .exactlyOnce)
        client.passes(seconds: 10)
        client.acknowledges(2, .invalidTopicID)
        client.receives(.registerAcknowledgement(.init(topicID: 6, messageID: 3, returnCode: .accepted)))
        client.sends(
            "PUBLISH qos 2 #2 normal 5 a", "PUBLISH dup qos 2 #2 normal 5 a", "REGISTER #3 0 t",
            "PUBLISH dup qos 2 #2 normal 6 a")
    }
}
