import Bytes
import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A broker of MQTT 5.0: what it is told, what it may refuse, and what it takes.
@Suite struct Version5Tests {
    private func dialogue(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.upstream.version = .v5_0
                change(&$0)
            })
    }

    /// The client is connected over a broker that says this in its CONNACK.
    private func connected(
        _ dialogue: Dialogue, clean: Bool = true, _ properties: (inout [UInt8]) -> Void
    ) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c1")
        client.sends(.connect("c1", clean: clean))
        let upstream = client.asksBroker(clean: clean)
        upstream.accepts(properties)
        client.receives(.connectAcknowledgement())
        return (client, upstream)
    }

    // MARK: CONNECT

    @Test("§3.1.2.11 A lasting session is asked for with its expiry, a clean one without; both ways have their limits")
    func connectProperties() {
        let dialogue = dialogue {
            $0.upstream.sessionExpirySeconds = 98_303
            $0.limits.queuedMessagesPerClient = 20
            $0.limits.undeliverablePerClient = 5
            $0.limits.packetByteCount = 70_000
        }
        let (_, clean) = connected(dialogue) { _ in }
        #expect(dialogue.version(of: clean.id) == .v5_0)
        #expect(dialogue.connectProperty(.sessionExpiryInterval, on: clean.id) == nil)
        let lasting = dialogue.client("c2").connects(clean: false)
        #expect(dialogue.connectProperty(.sessionExpiryInterval, on: lasting.id) == 98_303)
        for upstream in [clean, lasting] {
            #expect(dialogue.connectProperty(.receiveMaximum, on: upstream.id) == 25)
            #expect(dialogue.connectProperty(.maximumPacketSize, on: upstream.id) == 70_000)
            #expect(dialogue.connectProperty(.topicAliasMaximum, on: upstream.id) == nil)
        }
    }

    @Test("§3.2.2.3.14 A Server Keep Alive is kept to")
    func serverKeepAlive() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue) { $0.append(property: .serverKeepAlive, 10) }
        dialogue.passes(.seconds(9))
        upstream.receivesNothing()
        dialogue.passes(.seconds(1))
        upstream.receives(.pingRequest)
        upstream.sends(.pingResponse)
        // Shorter than what a PINGRESP may take.
        dialogue.passes(.seconds(10))
        upstream.receives(.pingRequest)
        upstream.sends(.pingResponse)
        client.receivesNothing()
    }

    @Test(
        "AMB-17 §3.2.2.2 Reason codes of CONNACK become congestion where they pass, else not supported",
        arguments: [
            (ReasonCode.serverUnavailable, ReturnCode.congestion), (.serverBusy, .congestion),
            (.quotaExceeded, .congestion), (.connectionRateExceeded, .congestion), (.serverMoved, .congestion),
            (.badUserNameOrPassword, .congestion), (.clientIdentifierNotValid, .notSupported),
            (.notAuthorized, .notSupported), (.banned, .notSupported), (.qosNotSupported, .notSupported),
            (.unsupportedProtocolVersion, .notSupported),
        ])
    func refusedConnect(reason: ReasonCode, code: ReturnCode) {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        upstream.sends(
            Packet5(
                .connectAcknowledgement(
                    ConnectAcknowledgement(
                        sessionPresent: false, returnCode: ConnectReturnCode(rawValue: reason.rawValue)))))
        client.receives(.connectAcknowledgement(code))
        upstream.receives(.close)
        dialogue.observes(exactly: .clientRefused(code, because: .broker(code: reason.rawValue)), of: "c1")
    }

    // MARK: What the broker refuses

    @Test(
        "§3.4.2.1 §3.5.2.1 A message that the broker refuses ends its exchange, and the client is told why",
        arguments: [
            (ReasonCode.notAuthorized, ReturnCode.notSupported), (.topicNameInvalid, .notSupported),
            (.quotaExceeded, .congestion),
        ], [DeliveryQoS.atLeastOnce, .exactlyOnce])
    func refusedPublish(verdict: (ReasonCode, ReturnCode), qos: DeliveryQoS) {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue) { _ in }
        client.registers("a", as: 1)
        let isTwo = qos == .exactlyOnce
        client.sends(.publish(1, "x", id: 5, qos: isTwo ? .exactlyOnce : .atLeastOnce))
        upstream.receives(.publish("a", "x", qos: qos, id: 5))
        upstream.sends(
            Packet5(isTwo ? .publishReceived(5) : .publishAcknowledgement(5), AddedFields(reasonCode: verdict.0)))
        client.receives(.publishAcknowledgement(1, 5, verdict.1))
        dialogue.observes(
            exactly: .brokerRefused(isTwo ? .publishReceived : .publishAcknowledgement, verdict.0), of: "c1")
        #expect(dialogue.census.openExchanges == 0)
        // Its id and its number are free.
        client.sends(.publish(1, "y", id: 6, qos: isTwo ? .exactlyOnce : .atLeastOnce))
        upstream.receives(.publish("a", "y", qos: qos, id: 6))
        upstream.sends(isTwo ? .publishReceived(6) : .publishAcknowledgement(6))
        client.receives(isTwo ? .publishReceived(6) : .publishAcknowledgement(1, 6))
    }

    @Test("§3.4.2.1 A message that matches no subscription has arrived")
    func noMatchingSubscribers() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue) { _ in }
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce))
        upstream.receives(.publish("a", "x", qos: .atLeastOnce, id: 5))
        upstream.sends(Packet5(.publishAcknowledgement(5), AddedFields(reasonCode: .noMatchingSubscribers)))
        client.receives(.publishAcknowledgement(1, 5))
    }

    @Test(
        "§3.9.3 A refused subscription is told to the client",
        arguments: [
            (ReasonCode.notAuthorized, ReturnCode.notSupported), (.wildcardSubscriptionsNotSupported, .notSupported),
            (.unspecifiedError, .notSupported), (.quotaExceeded, .congestion),
        ])
    func refusedSubscribe(reason: ReasonCode, code: ReturnCode) {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue) { _ in }
        client.sends(.subscribe(.name("a/+"), id: 2, qos: .atLeastOnce))
        upstream.receives(.subscribe("a/+", id: 2, qos: .atLeastOnce))
        upstream.sends(
            Packet5(.subscribeAcknowledgement(SubscribeAcknowledgement(packetID: 2, returnCodes: 0..<1))),
            from: [reason.rawValue])
        client.receives(.subscribeAcknowledgement(0, 2, code))
        dialogue.observes(exactly: .brokerRefused(.subscribeAcknowledgement, reason), of: "c1")
    }

    // MARK: What the broker does not take

    @Test("§3.2.2.3 What the broker has said it does not take is told 0x03 at once, and never sent")
    func limits() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue) {
            $0.append(property: .maximumQoS, 1)
            $0.append(property: .retainAvailable, 0)
            $0.append(property: .maximumPacketSize, 30)
        }
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce))
        client.receives(.publishAcknowledgement(1, 1, .notSupported))
        dialogue.observes(exactly: .messageExceedsBroker(.qos, octets: 1), of: "c1")
        client.sends(.publish(1, "x", id: 2, qos: .atLeastOnce, retain: true))
        client.receives(.publishAcknowledgement(1, 2, .notSupported))
        client.sends(.publish(1, "x", retain: true))
        client.receives(.publishAcknowledgement(1, 0, .notSupported))
        dialogue.observes(exactly: .messageExceedsBroker(.retain, octets: 1), of: "c1")
        // Fixed header 2, name 3, packet id 2, properties 1: 22 more are 30.
        let longest = String(repeating: "x", count: 22)
        client.sends(.publish(1, longest + "x", id: 3, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 3, .notSupported))
        client.sends(.publish(1, longest, id: 4, qos: .atLeastOnce))
        upstream.receives(.publish("a", longest, qos: .atLeastOnce, id: 4))
        client.sends(.subscribe(.name(String(repeating: "y", count: 30)), id: 5))
        client.receives(.subscribeAcknowledgement(0, 5, .notSupported))
    }

    @Test("§3.2.2.3.3 No more messages are under way than the broker takes; the next one is told to wait")
    func receiveMaximum() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue) { $0.append(property: .receiveMaximum, 2) }
        client.registers("a", as: 1)
        for id in [UInt16(1), 2] {
            client.sends(.publish(1, "x", id: id, qos: .atLeastOnce))
            upstream.receives(.publish("a", "x", qos: .atLeastOnce, id: id))
        }
        client.sends(.publish(1, "x", id: 3, qos: .atLeastOnce))
        client.receives(.publishAcknowledgement(1, 3, .congestion))
        upstream.sends(.publishAcknowledgement(1))
        client.receives(.publishAcknowledgement(1, 1))
        client.sends(.publish(1, "x", id: 3, qos: .atLeastOnce))
        upstream.receives(.publish("a", "x", qos: .atLeastOnce, id: 3))
    }

    @Test("§4.9 The broker's Receive Maximum is for messages: SUBSCRIBE passes, and so does what goes on anew")
    func receiveMaximumIsForMessages() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue, clean: false) { $0.append(property: .receiveMaximum, 1) }
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a", "x", qos: .atLeastOnce, id: 1))
        client.sends(.subscribe(.name("a/+"), id: 2))
        upstream.receives(.subscribe("a/+", id: 2))
        upstream.closes()
        dialogue.passes(.seconds(3))
        let next = client.asksBroker(clean: false)
        next.accepts(present: true) { $0.append(property: .receiveMaximum, 1) }
        // What was cut off waits for its client, and takes none of the new connection's places.
        client.sends(.publish(1, "y", id: 3, qos: .atLeastOnce))
        next.receives(.publish("a", "y", qos: .atLeastOnce, id: 3))
    }

    @Test("§4.9 A held Will for which the broker has no place left goes at QoS 0")
    func heldWillWithoutPlace() {
        let dialogue = dialogue { $0.willUpdate = .gateway }
        let client = dialogue.client("c1")
        client.sends(.connect("c1", will: true, keepAlive: 60))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("w", qos: .atLeastOnce))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("gone"))
        let upstream = client.asksBroker()
        upstream.accepts { $0.append(property: .receiveMaximum, 1) }
        client.receives(.connectAcknowledgement())
        client.registers("a", as: 1)
        client.sends(.publish(1, "x", id: 1, qos: .atLeastOnce))
        upstream.receives(.publish("a", "x", qos: .atLeastOnce, id: 1))
        dialogue.passes(.seconds(90))
        upstream.receives(.publish("w", "gone"), .close)
    }

    @Test("§3.2.2.3 A Will that the broker does not take is refused, and the one that is there stays")
    func willExceeds() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        let will = TestWill(topic: "old", payload: "gone", qos: .atLeastOnce)
        client.sends(.connect("c1", will: true))
        client.receives(.willTopicRequest)
        client.sends(.willTopic("old", qos: .atLeastOnce))
        client.receives(.willMessageRequest)
        client.sends(.willMessage("gone"))
        let upstream = client.asksBroker(will: will)
        upstream.accepts {
            $0.append(property: .maximumQoS, 1)
            $0.append(property: .retainAvailable, 0)
            $0.append(property: .maximumPacketSize, 40)
        }
        client.receives(.connectAcknowledgement())
        for (qos, retain, limit) in [
            (QualityOfService.exactlyOnce, false, BrokerLimit.qos), (.atMostOnce, true, .retain),
        ] {
            client.sends(.willTopicUpdate("new", qos: qos, retain: retain))
            client.receives(.willTopicResponse(.notSupported))
            dialogue.observes(exactly: .messageExceedsBroker(limit, octets: 4), of: "c1")
        }
        client.sends(.willMessageUpdate(String(repeating: "x", count: 40)))
        client.receives(.willMessageResponse(.notSupported))
        upstream.receivesNothing()
        client.sends(.willTopicUpdate("new", qos: .atLeastOnce))
        upstream.receives(.disconnect, .close)
        let next = client.asksBroker(will: TestWill(topic: "new", payload: "gone", qos: .atLeastOnce))
        next.accepts { _ in }
        client.receives(.willTopicResponse(.accepted))
    }

    // MARK: Sessions

    @Test("§3.2.2.3.2 A session that the broker will not keep is not counted on, and not asked for again and again")
    func sessionIsNotKept() {
        for isAsked in [true, false] {
            let dialogue = dialogue { if !isAsked { $0.upstream.sessionExpirySeconds = 0 } }
            let (client, upstream) = connected(dialogue, clean: false) {
                if isAsked { $0.append(property: .sessionExpiryInterval, 0) }
            }
            client.registers("a", as: 1)
            client.sends(.publish(1, "x", id: 1, qos: .exactlyOnce))
            upstream.receives(.publish("a", "x", qos: .exactlyOnce, id: 1))
            upstream.sends(.publishReceived(1))
            client.receives(.publishReceived(1))
            // The broker's memory of the message goes with its connection: nobody can go on.
            upstream.closes()
            client.receives(.disconnect())
            dialogue.observes(.clientDismissed, of: "c1")
        }
    }

    @Test("AMB-02 §3.2.2.3.2 A broker that repeats the 0 of a clean session has said nothing of others")
    func zeroIsRepeated() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue) { $0.append(property: .sessionExpiryInterval, 0) }
        client.fallsAsleep()
        client.sends(.connect("c1", clean: false))
        client.receives(.connectAcknowledgement())
        upstream.receives(.disconnect, .close)
        _ = client.asksBroker(clean: false)
    }

    @Test("§3.9.3 A subscription that the broker puts off when it is restored is asked for again after a pause")
    func resubscriptionIsPutOff() {
        for reason in [ReasonCode.quotaExceeded, .packetIdentifierInUse] {
            let dialogue = dialogue()
            let (client, upstream) = connected(dialogue, clean: false) { _ in }
            client.subscribes("a/b", as: 1, qos: .atLeastOnce, on: upstream)
            upstream.closes()
            dialogue.passes(.seconds(3))
            let second = client.asksBroker(clean: false)
            second.accepts { _ in }
            second.receives(.subscribe("a/b", id: 0x8000, qos: .atLeastOnce))
            second.sends(
                Packet5(
                    .subscribeAcknowledgement(SubscribeAcknowledgement(packetID: 0x8000, returnCodes: 0..<1))),
                from: [reason.rawValue])
            second.receives(.disconnect, .close)
            client.receivesNothing()
            second.ends()
            dialogue.passes(.seconds(10))
            let third = client.asksBroker(clean: false)
            third.accepts(present: true) { _ in }
            third.receives(.subscribe("a/b", id: 0x8001, qos: .atLeastOnce))
            third.sends(.subscribeAcknowledgement(0x8001, 1))
            third.sends(.publish("a/b", "x"))
            client.receives(.publish(1, "x"))
        }
    }

    @Test("§3.2.2.3.6 A subscription that the broker does not take any more ends the session, not its connection")
    func resubscriptionExceeds() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue, clean: false) { _ in }
        let filter = String(repeating: "y", count: 40)
        client.subscribes(filter, as: 1, on: upstream)
        upstream.closes()
        dialogue.passes(.seconds(3))
        let second = client.asksBroker(clean: false)
        second.accepts { $0.append(property: .maximumPacketSize, 40) }
        second.receives(.disconnect, .close)
        client.receives(.disconnect())
        dialogue.observes(exactly: .messageExceedsBroker(.packetSize, octets: 40), of: "c1")
    }

    // MARK: DISCONNECT of the broker

    @Test("§3.14 A broker that says why it goes is come back to")
    func disconnects() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue, clean: false) { _ in }
        upstream.sends(Packet5(.disconnect, AddedFields(reasonCode: .serverShuttingDown)))
        dialogue.observes(exactly: .brokerDisconnected(.serverShuttingDown), of: "c1")
        upstream.receives(.close)
        client.receivesNothing()
        dialogue.passes(.seconds(3))
        let next = client.asksBroker(clean: false)
        next.accepts(present: true) { _ in }
        dialogue.observes(.upstreamRestored, of: "c1")
    }

    @Test("§4.11 Another server that the broker refers to is told with its goodbye, and not gone to")
    func refersElsewhere() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue, clean: false) { _ in }
        var goodbye: [UInt8] = []
        var properties: [UInt8] = []
        properties.append(property: .serverReference, "b.example:1883".octets.span.bytes)
        goodbye.appendPacket(
            Packet5(.disconnect, AddedFields(reasonCode: .serverMoved, properties: properties.indices)),
            from: properties.span.bytes)
        upstream.sends(octets: goodbye)
        dialogue.observes(exactly: .brokerDisconnected(.serverMoved), of: "c1")
        dialogue.observes(exactly: .brokerRefersElsewhere(byteCount: 14), of: "c1")
        upstream.receives(.close)
        dialogue.passes(.seconds(3))
        let next = client.asksBroker(clean: false)
        next.accepts(present: true) { _ in }
        #expect(dialogue.broker(of: next) == 0)
    }

    @Test("§3.2.2.3.16 Another server in a CONNACK is told with the refusal")
    func refersElsewhereAtOnce() {
        let dialogue = dialogue()
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        var properties: [UInt8] = []
        properties.append(property: .serverReference, "b.example".octets.span.bytes)
        var answer: [UInt8] = []
        let code = ConnectReturnCode(rawValue: ReasonCode.useAnotherServer.rawValue)
        answer.appendPacket(
            Packet5(
                .connectAcknowledgement(ConnectAcknowledgement(sessionPresent: false, returnCode: code)),
                AddedFields(reasonCode: .useAnotherServer, properties: properties.indices)),
            from: properties.span.bytes)
        upstream.sends(octets: answer)
        dialogue.observes(exactly: .brokerRefersElsewhere(byteCount: 9), of: "c1")
        client.receives(.connectAcknowledgement(.congestion))
        upstream.receives(.close)
    }

    @Test("§4.13.1 Who has taken a client's session over keeps it: the client is dismissed, and nothing restored")
    func isTakenOver() {
        let dialogue = dialogue()
        let (client, upstream) = connected(dialogue, clean: false) { _ in }
        upstream.sends(Packet5(.disconnect, AddedFields(reasonCode: .sessionTakenOver)))
        upstream.receives(.close)
        client.receives(.disconnect())
        dialogue.observes(.clientDismissed, of: "c1")
        dialogue.passes(.seconds(60))
    }

    @Test("AMB-35 §3.14.2.1 A broker that goes for its own reasons makes nobody's message suspect")
    func goesForItsOwnReasons() {
        for (reason, isSuspect) in [(ReasonCode.serverShuttingDown, false), (.payloadFormatInvalid, true)] {
            let dialogue = dialogue()
            let (client, upstream) = connected(dialogue, clean: false) { _ in }
            client.registers("a", as: 1)
            for round in 0..<2 {
                let upstream = round == 0 ? upstream : client.asksBroker(clean: false)
                if round == 1 { upstream.accepts(present: true) { _ in } }
                client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce, duplicate: round == 1))
                upstream.receives(.publish("a", "x", qos: .atLeastOnce, id: 5, duplicate: round == 1))
                upstream.sends(Packet5(.disconnect, AddedFields(reasonCode: reason)))
                upstream.receives(.close)
                upstream.ends()
                dialogue.passes(.seconds(5))
            }
            let third = client.asksBroker(clean: false)
            third.accepts(present: true) { _ in }
            client.sends(.publish(1, "x", id: 5, qos: .atLeastOnce, duplicate: true))
            if isSuspect {
                client.receives(.publishAcknowledgement(1, 5, .notSupported))
            } else {
                third.receives(.publish("a", "x", qos: .atLeastOnce, id: 5, duplicate: true))
            }
        }
    }

    // MARK: Message Expiry

    @Test("§3.3.2.3.3 A sleeper does not get what has expired while it waited; at QoS 1 and 2 the broker may forget it")
    func expiry() {
        let dialogue = dialogue()
        let (client, upstream) = TestClient.asleep(dialogue)
        for (id, seconds) in [(PacketID(1), 60 as UInt32), (2, 200), (3, 99)] {
            upstream.publishes("a/b", "\(seconds)", qos: .atLeastOnce, id: id) {
                $0.append(property: .messageExpiryInterval, seconds)
            }
        }
        upstream.publishes("a/b", "zero") { $0.append(property: .messageExpiryInterval, 50) }
        upstream.publishes("a/b", "stays") { _ in }
        dialogue.passes(.seconds(99))
        client.wakesUp()
        upstream.receives(.publishAcknowledgement(1))
        dialogue.observes(exactly: .messageExpired(.atLeastOnce, octets: 2), of: "c1")
        client.receives(.publish(1, "200", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(2), .publishAcknowledgement(3))
        client.receives(.publish(1, "stays"), .pingResponse)
    }

    @Test("§3.3.2.3.3 What the broker repeats may have expired as well; at QoS 2 the client may know of it")
    func repeatedExpires() {
        let dialogue = dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        for (id, qos) in [(PacketID(1), DeliveryQoS.atLeastOnce), (2, .exactlyOnce)] {
            upstream.publishes("a/b", "\(id)", qos: qos, id: id, duplicate: true) {
                $0.append(property: .messageExpiryInterval, 50)
            }
        }
        dialogue.passes(.seconds(60))
        client.wakesUp()
        upstream.receives(.publishAcknowledgement(1))
        dialogue.observes(exactly: .messageExpired(.atLeastOnce, octets: 1), of: "c1")
        client.receives(.publish(1, "2", id: 2, qos: .exactlyOnce, duplicate: true))
    }

    @Test("§3.3.2.3.3 What is read late, as there was no room for it, has waited all the same")
    func keptExpires() {
        let dialogue = dialogue { $0.limits.queuedMessagesPerClient = 1 }
        let (client, upstream) = TestClient.asleep(dialogue)
        for (id, seconds) in [(PacketID(1), UInt32(500)), (2, 50)] {
            upstream.publishes("a/b", "\(id)", qos: .atLeastOnce, id: id) {
                $0.append(property: .messageExpiryInterval, seconds)
            }
            if id == 1 { upstream.receives(.pause) }
        }
        dialogue.passes(.seconds(50))
        client.wakesUp()
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1), .resume, .pause, .publishAcknowledgement(2), .resume)
        dialogue.observes(exactly: .messageExpired(.atLeastOnce, octets: 1), of: "c1")
        client.receives(.pingResponse)
    }

    @Test("§3.3.2.3.3 What is read late goes to nobody when its time is up, though nothing waits before it")
    func keptExpiresAtMostOnce() {
        let dialogue = dialogue { $0.limits.queuedMessagesPerClient = 1 }
        let (client, upstream) = connected(dialogue) { _ in }
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        upstream.publishes("a/b", "1", qos: .atLeastOnce, id: 1) { _ in }
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        upstream.receives(.pause)
        for seconds in [2, 200] as [UInt32] {
            upstream.publishes("a/b", "\(seconds)") { $0.append(property: .messageExpiryInterval, seconds) }
        }
        dialogue.passes(.seconds(2))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(1), .resume)
        dialogue.observes(exactly: .messageExpired(.atMostOnce, octets: 1), of: "c1")
        client.receives(.publish(1, "200"))
    }

    @Test(
        "§3.3.2.3.3 A QoS 2 message that was left to the broker expires, unless the client may have heard of it",
        arguments: [true, false])
    func leftExpires(isHeardOf: Bool) {
        let dialogue = dialogue()
        let (client, first) = connected(dialogue, clean: false) { _ in }
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: first)
        if !isHeardOf {
            first.publishes("a/b", "1", qos: .atLeastOnce, id: 1) { _ in }
            client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        }
        first.publishes("a/b", "2", qos: .exactlyOnce, id: 2) { $0.append(property: .messageExpiryInterval, 50) }
        if isHeardOf { client.receives(.publish(1, "2", id: 2, qos: .exactlyOnce)) }
        client.leaves(first)
        client.sends(.connect("c1", clean: false))
        let second = client.asksBroker(clean: false)
        second.accepts(present: true) { _ in }
        client.receives(.connectAcknowledgement())
        second.publishes("a/b", "1", qos: .atLeastOnce, id: 1, duplicate: !isHeardOf) { _ in }
        client.receives(.register(1, 1, "a/b"))
        client.sends(.registerAcknowledgement(1, 1))
        let number: MessageID = isHeardOf ? 1 : 2
        client.receives(.publish(1, "1", id: number, qos: .atLeastOnce, duplicate: !isHeardOf))
        second.publishes("a/b", "2", qos: .exactlyOnce, id: 2, duplicate: true) {
            $0.append(property: .messageExpiryInterval, 5)
        }
        dialogue.passes(.seconds(5))
        client.sends(.publishAcknowledgement(1, number))
        if isHeardOf {
            second.receives(.publishAcknowledgement(1))
            client.receives(.publish(1, "2", id: 2, qos: .exactlyOnce, duplicate: true))
        } else {
            second.receives(.publishAcknowledgement(1), .publishReceived(2))
            dialogue.observes(exactly: .messageExpired(.exactlyOnce, octets: 1), of: "c1")
        }
    }

    @Test(
        "§3.3.2.3.3 A message that was long on its way expires when the broker says so on sending it again",
        arguments: [5, 500])
    func repetitionTellsExpiry(secondsLeft: UInt32) {
        let dialogue = dialogue()
        let (client, first) = connected(dialogue, clean: false) { _ in }
        first.publishes("ab", "1", qos: .atLeastOnce, id: 1) { _ in }
        client.receives(.publish(.short("ab"), "1", id: 1, qos: .atLeastOnce))
        first.publishes("ab", "2", qos: .atLeastOnce, id: 2) { $0.append(property: .messageExpiryInterval, 500) }
        first.closes()
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: false)
        second.accepts(present: true) { _ in }
        second.publishes("ab", "1", qos: .atLeastOnce, id: 1, duplicate: true) { _ in }
        second.publishes("ab", "2", qos: .atLeastOnce, id: 2, duplicate: true) {
            $0.append(property: .messageExpiryInterval, secondsLeft)
        }
        dialogue.passes(.seconds(5))
        client.sends(.publishAcknowledgement(Topic.short("ab").topicID, 1))
        guard secondsLeft == 5 else {
            second.receives(.publishAcknowledgement(1))
            return client.receives(.publish(.short("ab"), "2", id: 2, qos: .atLeastOnce))
        }
        second.receives(.publishAcknowledgement(1), .publishAcknowledgement(2))
        dialogue.observes(exactly: .messageExpired(.atLeastOnce, octets: 1), of: "c1")
    }

    @Test("§3.3.2.3.3 What a client had not heard of when the gateway ended expires, when the broker sends it again")
    func unheardOutlivesTheProcess() {
        let dialogue = dialogue()
        let (client, first) = connected(dialogue, clean: false) { _ in }
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: first)
        first.publishes("a/b", "1", qos: .atLeastOnce, id: 1) { _ in }
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        first.publishes("a/b", "2", qos: .exactlyOnce, id: 2) { $0.append(property: .messageExpiryInterval, 50) }
        dialogue.restarts(knowingAddresses: true, age: .zero)
        dialogue.passes(.seconds(1))
        let second = client.asksBroker(clean: false)
        second.accepts(present: true) { _ in }
        second.publishes("a/b", "1", qos: .atLeastOnce, id: 1, duplicate: true) { _ in }
        client.receives(.publish(1, "1", id: 256, qos: .atLeastOnce, duplicate: true))
        second.publishes("a/b", "2", qos: .exactlyOnce, id: 2, duplicate: true) {
            $0.append(property: .messageExpiryInterval, 5)
        }
        dialogue.passes(.seconds(5))
        client.sends(.publishAcknowledgement(1, 256))
        second.receives(.publishAcknowledgement(1), .publishReceived(2))
        dialogue.observes(exactly: .messageExpired(.exactlyOnce, octets: 1), of: "c1")
    }

    @Test("§3.3.2.3.3 GW-86 What expires while the broker's session is in doubt does not come again behind later ones")
    func expiredInDoubt() {
        let dialogue = dialogue()
        let (client, first) = connected(dialogue, clean: false) { _ in }
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: first)
        first.publishes("a/b", "1", qos: .atLeastOnce, id: 1) { _ in }
        client.receives(.publish(1, "1", id: 1, qos: .atLeastOnce))
        first.publishes("a/b", "2", qos: .exactlyOnce, id: 2) { $0.append(property: .messageExpiryInterval, 5) }
        first.closes()
        dialogue.passes(.seconds(1))
        client.asksBroker(clean: false).closes()
        dialogue.passes(.seconds(2))
        let third = client.asksBroker(clean: false)
        dialogue.passes(.seconds(3))
        client.sends(.publishAcknowledgement(1, 1))
        dialogue.observes(exactly: .messageExpired(.exactlyOnce, octets: 1), of: "c1")
        third.accepts(present: true) { _ in }
        third.receives(.subscribe("a/b", id: 0x8000, qos: .exactlyOnce))
        third.publishes("a/b", "2", qos: .exactlyOnce, id: 2, duplicate: true) { _ in }
        third.receives(.publishReceived(2))
        third.sends(.publishRelease(2))
        third.receives(.publishComplete(2))
        client.receivesNothing()
    }

    @Test("AMB-15 §3.3.2.3.3 What has expired keeps nothing fresh out of a full buffer that drops the newest")
    func expiredGivesWay() {
        let dialogue = dialogue {
            $0.queuePolicy = .dropNewest
            $0.limits.queuedMessagesPerClient = 2
        }
        let (client, upstream) = TestClient.asleep(dialogue)
        for (payload, seconds) in [("old", UInt32(50)), ("lasts", 500)] {
            upstream.publishes("a/b", payload) { $0.append(property: .messageExpiryInterval, seconds) }
        }
        dialogue.passes(.seconds(49))
        upstream.publishes("a/b", "early") { _ in }
        dialogue.observes(exactly: .messageDroppedQueueFull(octets: 5), of: "c1")
        dialogue.passes(.seconds(1))
        upstream.publishes("a/b", "new") { _ in }
        dialogue.observes(exactly: .messageExpired(.atMostOnce, octets: 3), of: "c1")
        client.wakesUp()
        client.receives(.publish(1, "lasts"), .publish(1, "new"), .pingResponse)
    }

    @Test("§3.3.2.3.3 The time that a message has goes on over the end of the gateway", arguments: [100, 101])
    func expiryOutlivesTheProcess(seconds: UInt32) throws {
        let dialogue = dialogue()
        let (client, upstream) = TestClient.asleep(dialogue, clean: false)
        upstream.publishes("a/b", "x", qos: .atLeastOnce, id: 1) {
            $0.append(property: .messageExpiryInterval, seconds)
        }
        dialogue.passes(.seconds(40))
        let record = try #require(dialogue.record(of: client))
        var octets: [UInt8] = []
        record.encode(into: &octets)
        #expect(octets.first == 2)
        #expect(try SessionRecord.decode(octets.span.bytes) == record)
        dialogue.restarts(age: .seconds(60))
        client.wakesUp()
        guard seconds > 100 else { return client.receives(.pingResponse) }
        client.receives(.publish(1, "x", id: 256, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 256))
        client.receives(.pingResponse)
    }
}

extension TestUpstream {
    /// A packet of 5.0 that needs more than a `BrokerPacket` says.
    func sends(_ packet: Packet5, from source: [UInt8] = [], at location: SourceLocation = #_sourceLocation) {
        var octets: [UInt8] = []
        octets.appendPacket(packet, from: source.span.bytes)
        sends(octets: octets, at: location)
    }

    /// CONNACK with these properties.
    func accepts(
        present: Bool = false, at location: SourceLocation = #_sourceLocation, _ properties: (inout [UInt8]) -> Void
    ) {
        var octets: [UInt8] = []
        properties(&octets)
        let answer = ConnectAcknowledgement(sessionPresent: present, returnCode: .accepted)
        sends(
            Packet5(.connectAcknowledgement(answer), AddedFields(properties: octets.indices)), from: octets,
            at: location)
    }

    /// PUBLISH with these properties.
    func publishes(
        _ topic: String, _ payload: String, qos: DeliveryQoS = .atMostOnce, id: PacketID = 0, duplicate: Bool = false,
        at location: SourceLocation = #_sourceLocation, _ properties: (inout [UInt8]) -> Void
    ) {
        var octets: [UInt8] = []
        properties(&octets)
        let propertyRange = octets.indices
        octets += topic.utf8
        let topicRange = propertyRange.upperBound..<octets.count
        octets += payload.utf8
        sends(
            Packet5(
                .publish(
                    Publish(
                        duplicate: duplicate, qos: qos, retain: false, topicName: topicRange, packetID: id,
                        payload: topicRange.upperBound..<octets.count)), AddedFields(properties: propertyRange)),
            from: octets, at: location)
    }
}
