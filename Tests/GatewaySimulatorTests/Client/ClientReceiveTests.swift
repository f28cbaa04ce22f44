// Proves how a simulated client subscribes and receives (MQTT-SN 1.2 §6.5, §6.9, §6.10).

import GatewayCore
import GatewaySimulator
import MQTTSN
import Testing
import Time

@Suite struct ClientReceiveTests {
    private let topicName = Array("t".utf8)

    private func acknowledgement(
        _ messageID: MessageID, topicID: TopicID, _ code: ReturnCode = .accepted, qos: QualityOfService = .atLeastOnce
    ) -> Message {
        .subscribeAcknowledgement(
            SubscribeAcknowledgement(
                flags: Flags(qos: qos), topicID: topicID, messageID: messageID, returnCode: code))
    }

    @Test("§6.9: requests go one at a time; SUBACK tells the id and the granted QoS") func subscribes() {
        let client = ClientDriver()
        client.connects()
        client.commands(.subscribe(.name(topicName), .exactlyOnce))
        client.commands(.subscribe(.predefined(258), .atMostOnce))
        client.sends("SUBSCRIBE qos 2 #1 normal t")
        client.receives(acknowledgement(1, topicID: 5))
        client.sends("SUBSCRIBE qos 0 #2 predefined 1.2")
        client.observes(.subscribed(.name(topicName), .atLeastOnce))
        client.receivesPublish(.atMostOnce, topicID: 5, "x")
        client.observes(.messageReceived(message("x", .atMostOnce)))
    }

    @Test("§6.9: UNSUBSCRIBE, UNSUBACK") func unsubscribes() {
        let client = ClientDriver()
        client.connects()
        client.commands(.unsubscribe(.shortName(0x0102)))
        client.sends("UNSUBSCRIBE #1 shortName 1.2")
        client.receives(.unsubscribeAcknowledgement(1))
        client.observes(.unsubscribed(.shortName(0x0102)))
        #expect(client.client.isIdle)
    }

    @Test("§6.13: SUBSCRIBE is repeated, and after the last time the gateway is lost") func repeatsSubscribe() {
        let client = ClientDriver { $0.retryCount = 1 }
        client.connects()
        client.commands(.subscribe(.name(topicName), .atMostOnce))
        client.passes(seconds: 20)
        client.sends("SUBSCRIBE qos 0 #1 normal t", "SUBSCRIBE dup qos 0 #1 normal t")
        client.observes(.gatewayLost)
        client.connects()
        client.sends("SUBSCRIBE qos 0 #2 normal t")
    }

    @Test("§5.3.10: SUBACK may refuse, or ask to wait") func subscriptionRefused() {
        let client = ClientDriver { $0.congestionPause = .seconds(60) }
        client.connects()
        client.commands(.subscribe(.name(topicName), .atMostOnce))
        client.receives(acknowledgement(1, topicID: 0, .congestion))
        client.passes(seconds: 60)
        client.receives(acknowledgement(2, topicID: 0, .notSupported))
        client.sends("SUBSCRIBE qos 0 #1 normal t", "SUBSCRIBE qos 0 #2 normal t")
        client.observes(.subscriptionRefused(.name(topicName), .notSupported))
    }

    @Test("AMB-07: the id in the SUBACK to a filter means nothing") func ignoresFilterID() {
        let client = ClientDriver()
        client.connects()
        client.commands(.subscribe(.name(Array("t/+".utf8)), .atMostOnce))
        client.receives(acknowledgement(1, topicID: 5))
        client.receivesPublish(.atMostOnce, topicID: 5, "x")
        client.observes(.subscribed(.name(Array("t/+".utf8)), .atLeastOnce))
        client.sends("SUBSCRIBE qos 0 #1 normal t/+", "PUBACK #0 5 code 2")
    }

    private func message(_ payload: String, _ qos: QualityOfService, duplicate: Bool = false) -> ClientMessage {
        ClientMessage(
            topic: .name(topicName), payload: Array(payload.utf8), qos: qos, retain: false, duplicate: duplicate)
    }

    /// A connected client that the gateway has told that id 3 is `t`.
    private func listener() -> ClientDriver {
        let client = ClientDriver()
        client.connects(clean: false)
        client.receives(.register(Register(topicID: 3, messageID: 9, topicName: 0..<1)), "t")
        client.sends("REGACK #9 3 code 0")
        client.observes(.topicLearned(topicName, 3))
        return client
    }

    @Test("§6.5: REGISTER of the gateway is acknowledged and its id understood") func learnsTopic() {
        let client = listener()
        client.receivesPublish(.atMostOnce, topicID: 3, "x")
        client.sends()
        client.observes(.messageReceived(message("x", .atMostOnce)))
        // What the gateway told needs no registration.
        client.publishes(1, "y", .atMostOnce)
        client.sends("PUBLISH qos 0 #0 normal 3 y")
    }

    @Test("§6.10: QoS 1 is acknowledged each time") func receivesAtLeastOnce() {
        let client = listener()
        client.receivesPublish(.atLeastOnce, topicID: 3, messageID: 7, "x")
        client.receivesPublish(.atLeastOnce, topicID: 3, messageID: 7, "x", duplicate: true)
        client.sends("PUBACK #7 3 code 0", "PUBACK #7 3 code 0")
        client.observes(
            .messageReceived(message("x", .atLeastOnce)),
            .messageReceived(message("x", .atLeastOnce, duplicate: true)))
    }

    @Test("§6.10: QoS 2 is told once, until PUBREL frees the message id") func receivesExactlyOnce() {
        let client = listener()
        client.receivesPublish(.exactlyOnce, topicID: 3, messageID: 7, "x")
        client.receivesPublish(.exactlyOnce, topicID: 3, messageID: 7, "x", duplicate: true)
        client.receives(.publishRelease(7))
        client.receives(.publishRelease(7))
        client.sends("PUBREC #7", "PUBREC #7", "PUBCOMP #7", "PUBCOMP #7")
        client.observes(.messageReceived(message("x", .exactlyOnce)))
        client.receivesPublish(.exactlyOnce, topicID: 3, messageID: 7, "y")
        client.observes(.messageReceived(message("y", .exactlyOnce)))
    }

    @Test("§6.2: QoS 2 ids outlive a connection with CleanSession 0, and not one with 1", arguments: [false, true])
    func remembersReceived(clean: Bool) {
        let client = listener()
        client.receivesPublish(.exactlyOnce, topicID: 3, messageID: 7, "x")
        client.receives(.disconnect(duration: nil))
        client.observes(.messageReceived(message("x", .exactlyOnce)), .dismissed)
        client.connects(clean: clean)
        client.receives(.register(Register(topicID: 3, messageID: 10, topicName: 0..<1)), "t")
        client.observes(.topicLearned(topicName, 3))
        client.receivesPublish(.exactlyOnce, topicID: 3, messageID: 7, "x", duplicate: true)
        if clean {
            client.observes(.messageReceived(message("x", .exactlyOnce, duplicate: true)))
        } else {
            client.observes()
        }
    }

    @Test(
        "§6.10: an id that was never told is refused, at each QoS",
        arguments: [QualityOfService.atMostOnce, .atLeastOnce, .exactlyOnce])
    func refusesUnknownTopic(qos: QualityOfService) {
        let client = listener()
        client.receivesPublish(qos, topicID: 4, messageID: 7, "x")
        client.sends("PUBACK #7 4 code 2")
        client.observes()
    }

    @Test("§6.5: an id that is told anew stands for the new name only") func idMoves() {
        let client = listener()
        client.receives(.register(Register(topicID: 3, messageID: 10, topicName: 0..<1)), "u")
        client.publishes(1, "x", .atMostOnce)
        client.sends("REGACK #10 3 code 0", "REGISTER #1 0 t")
    }

    @Test("Nothing is received without a connection") func ignoresWhenDisconnected() {
        let client = ClientDriver()
        client.receivesPublish(.atLeastOnce, topicID: 3, messageID: 7, "x")
        client.sends()
        client.observes(.unexpectedMessage(.publish))
    }
}
