// Proves how a simulated client registers and publishes (MQTT-SN 1.2 §6.5, §6.6, §6.8, §6.13).

import GatewayCore
import GatewaySimulator
import MQTTSN
import Testing
import Time

@Suite struct ClientPublishTests {
    private let topicName = Array("t".utf8)

    @Test("§6.5: a name is registered once, then its id is used") func registers() {
        let client = ClientDriver()
        client.connects()
        client.publishes(1, "a", .atMostOnce)
        client.publishes(2, "b", .atMostOnce)
        client.sends("REGISTER #1 0 t")
        client.receives(.registerAcknowledgement(.init(topicID: 5, messageID: 1, returnCode: .accepted)))
        client.sends("PUBLISH qos 0 #0 normal 5 a", "PUBLISH qos 0 #0 normal 5 b")
        client.observes(.topicRegistered(topicName, 5), .published(1), .published(2))
        #expect(client.client.isIdle)
    }

    @Test("§6.13: REGISTER is repeated under its message id; another REGACK does not count")
    func repeatsRegister() {
        let client = ClientDriver()
        client.connects()
        client.publishes(1, "a", .atMostOnce)
        client.receives(.registerAcknowledgement(.init(topicID: 5, messageID: 2, returnCode: .accepted)))
        client.observes(.unexpectedMessage(.registerAcknowledgement))
        client.passes(seconds: 10)
        client.sends("REGISTER #1 0 t", "REGISTER #1 0 t")
    }

    @Test("§5.3.10: a refused name costs its message only") func registerRefused() {
        let client = ClientDriver()
        client.connects()
        client.publishes(1, "a", .atLeastOnce)
        client.publishes(2, "b", on: .predefined(9), .atMostOnce)
        client.receives(.registerAcknowledgement(.init(topicID: 0, messageID: 1, returnCode: .notSupported)))
        client.sends("REGISTER #1 0 t", "PUBLISH qos 0 #0 predefined 9 b")
        client.observes(.publicationRefused(1, .notSupported), .published(2))
    }

    @Test("§6.6: QoS 1 ends with PUBACK; one PUBLISH is open at a time") func publishesAtLeastOnce() {
        let client = ClientDriver()
        client.connects()
        client.registersTopic()
        client.publishes(1, "a", .atLeastOnce)
        client.publishes(2, "b", .atLeastOnce)
        client.sends("PUBLISH qos 1 #2 normal 5 a")
        client.observes()
        client.acknowledges(2)
        client.sends("PUBLISH qos 1 #3 normal 5 b")
        client.observes(.published(1))
        client.acknowledges(2)
        client.observes(.unexpectedMessage(.publishAcknowledgement))
        client.acknowledges(3)
        client.observes(.published(2))
    }

    @Test("§6.13: PUBLISH is repeated with DUP under its message id, then the gateway is lost")
    func repeatsPublish() {
        let client = ClientDriver { $0.retryCount = 1 }
        client.connects()
        client.registersTopic()
        client.publishes(1, "a", .atLeastOnce)
        client.passes(seconds: 19)
        client.sends("PUBLISH qos 1 #2 normal 5 a", "PUBLISH dup qos 1 #2 normal 5 a")
        client.observes()
        client.passes(seconds: 1)
        client.observes(.gatewayLost)
        #expect(client.client.nextDeadline == nil)
    }

    @Test("§6.6: QoS 2 is PUBLISH, PUBREC, PUBREL, PUBCOMP") func publishesExactlyOnce() {
        let client = ClientDriver()
        client.connects()
        client.registersTopic()
        client.publishes(1, "a", .exactlyOnce)
        client.acknowledges(2)
        client.observes(.unexpectedMessage(.publishAcknowledgement))
        client.receives(.publishReceived(2))
        client.sends("PUBLISH qos 2 #2 normal 5 a", "PUBREL #2")
        client.receives(.publishReceived(2))
        client.passes(seconds: 10)
        client.sends("PUBREL #2", "PUBREL #2")
        client.observes()
        client.receives(.publishComplete(2))
        client.observes(.published(1))
        #expect(client.client.isIdle)
    }

    @Test("§6.8: QoS −1 needs no connection, and a topic that needs none either") func publishesMinusOne() {
        let client = ClientDriver()
        client.publishes(1, "a", on: .predefined(7), .minusOne)
        client.publishes(2, "b", on: .shortName(0x6162), .minusOne)
        client.publishes(3, "c", .minusOne)
        client.sends("PUBLISH qos -1 #0 predefined 7 a", "PUBLISH qos -1 #0 shortName 24930 b")
        client.observes(.published(1), .published(2), .publicationRefused(3, .notSupported))
        #expect(client.client.nextDeadline == nil)
    }

    @Test("§6.6: what is published without a connection waits for it") func waitsForConnection() {
        let client = ClientDriver()
        client.publishes(1, "a", on: .predefined(7), .atMostOnce)
        client.sends()
        client.connects()
        client.sends("PUBLISH qos 0 #0 predefined 7 a")
    }

    @Test("§5.3.10: an invalid topic id is registered again and the message repeated") func registersAgain() {
        let client = ClientDriver()
        client.connects()
        client.registersTopic()
        client.publishes(1, "a", .atLeastOnce)
        client.acknowledges(2, .invalidTopicID)
        client.receives(.registerAcknowledgement(.init(topicID: 6, messageID: 3, returnCode: .accepted)))
        client.sends("PUBLISH qos 1 #2 normal 5 a", "REGISTER #3 0 t", "PUBLISH qos 1 #4 normal 6 a")
        client.acknowledges(4)
        client.observes(.topicRegistered(topicName, 6), .published(1))
    }

    @Test("§5.3.10: registering again is bounded, and does not help a pre-defined id") func givesTopicUp() {
        let client = ClientDriver { $0.retryCount = 0 }
        client.connects()
        client.registersTopic()
        client.publishes(1, "a", .atLeastOnce)
        client.acknowledges(2, .invalidTopicID)
        client.publishes(2, "b", on: .predefined(7), .atLeastOnce)
        client.acknowledges(3, .invalidTopicID)
        client.observes(.publicationRefused(1, .invalidTopicID), .publicationRefused(2, .invalidTopicID))
        client.sends("PUBLISH qos 1 #2 normal 5 a", "PUBLISH qos 1 #3 predefined 7 b")
    }

    @Test("AMB-18: PUBACK may refuse QoS 0; the id is not used again") func qosZeroRefused() {
        let client = ClientDriver()
        client.connects()
        client.registersTopic()
        client.acknowledges(0, .invalidTopicID)
        client.observes(.publicationRefused(nil, .invalidTopicID))
        client.publishes(1, "a", .atMostOnce)
        client.sends("REGISTER #2 0 t")
    }

    @Test("§5.3.10: after congestion nothing is published for TWAIT") func pausesForCongestion() {
        let client = ClientDriver { $0.congestionPause = .seconds(60) }
        client.connects()
        client.publishes(1, "a", on: .predefined(7), .atLeastOnce)
        client.acknowledges(1, .congestion)
        client.passes(seconds: 59)
        client.sends("PUBLISH qos 1 #1 predefined 7 a")
        client.passes(seconds: 1)
        client.sends("PUBLISH qos 1 #2 predefined 7 a")
        client.observes()
    }

    // MARK: A connection ends in between

    @Test("AMB-04: with CleanSession 0 an open PUBLISH goes on under its id, after its topic is registered again")
    func resumesPublish() {
        let client = ClientDriver()
        client.connects(clean: false)
        client.registersTopic()
        client.publishes(1, "a", .exactlyOnce)
        client.receives(.disconnect(duration: nil))
        client.sends("PUBLISH qos 2 #2 normal 5 a")
        client.connects(clean: false)
        client.sends("REGISTER #3 0 t")
        client.receives(.registerAcknowledgement(.init(topicID: 8, messageID: 3, returnCode: .accepted)))
        client.sends("PUBLISH dup qos 2 #2 normal 8 a")
    }

    @Test("AMB-04: a client may rely on the ids of the connection before") func remembersTopicIDs() {
        let client = ClientDriver { $0.remembersTopicIDs = true }
        client.connects(clean: false)
        client.registersTopic()
        client.receives(.disconnect(duration: nil))
        client.connects(clean: false)
        client.publishes(1, "a", .atMostOnce)
        client.sends("PUBLISH qos 0 #0 normal 5 a")
    }

    @Test("§6.6: with CleanSession 0 an open PUBREL is repeated first") func resumesRelease() {
        let client = ClientDriver()
        client.connects(clean: false)
        client.registersTopic()
        client.publishes(1, "a", .exactlyOnce)
        client.receives(.publishReceived(2))
        client.sends("PUBLISH qos 2 #2 normal 5 a", "PUBREL #2")
        client.receives(.disconnect(duration: nil))
        client.connects(clean: false)
        client.sends("PUBREL #2")
        client.receives(.publishComplete(2))
        client.observes(.dismissed, .published(1))
    }

    @Test(
        "A new session: QoS 1 starts over, QoS 2 is given up because it could arrive twice", arguments: [false, true])
    func startsOver(isReleased: Bool) {
        let client = ClientDriver()
        client.connects()
        client.publishes(1, "a", on: .predefined(7), .exactlyOnce)
        client.sends("PUBLISH qos 2 #1 predefined 7 a")
        if isReleased {
            client.receives(.publishReceived(1))
            client.sends("PUBREL #1")
        }
        client.receives(.disconnect(duration: nil))
        client.connects()
        client.observes(.dismissed, .publicationAbandoned(1))
        client.publishes(2, "b", on: .predefined(7), .atLeastOnce)
        client.receives(.disconnect(duration: nil))
        client.sends("PUBLISH qos 1 #2 predefined 7 b")
        client.connects()
        client.sends("PUBLISH qos 1 #3 predefined 7 b")
    }
}
