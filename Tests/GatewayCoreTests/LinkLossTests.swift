import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// A link on which the gateway itself cannot send costs nobody his session: what it would repeat, and what it judges
/// clients by, stands still (GW-62, GW-70, GW-78).
@Suite struct LinkLossTests {
    private let dialogue = Dialogue()
    private let will = TestWill(topic: "w", payload: "gone")

    private func loses(_ link: UInt16 = 0, at location: SourceLocation = #_sourceLocation) {
        dialogue.happens(.linkLost(LinkID(link)), at: location)
    }

    private func returns(_ link: UInt16 = 0, at location: SourceLocation = #_sourceLocation) {
        dialogue.happens(.linkReturned(LinkID(link)), at: location)
    }

    /// A client with a Will that has subscribed to "a/b" and knows it as 1; it is lost after 1.5 × `keepAlive`.
    private func active(keepAlive: UInt16 = 20, link: UInt16 = 0) -> (TestClient, TestUpstream) {
        let client = dialogue.client("c\(link)", link: link)
        let upstream = client.connects(prompted: will, keepAlive: keepAlive)
        client.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream)
        return (client, upstream)
    }

    @Test("GW-62 Keep-alive stands still, and after the return the client has all of its time again")
    func keepAlive() {
        let (_, upstream) = active()
        dialogue.passes(.seconds(29))
        loses()
        dialogue.passes(.seconds(1_000))
        upstream.receivesNothing()
        returns()
        dialogue.passes(.milliseconds(29_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c0")
        upstream.receives(.close)
    }

    @Test("GW-78 A repetition stands still, with what is left of its Tretry and its Nretry")
    func repetition() {
        let (client, upstream) = active(keepAlive: 1_000)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.seconds(10))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        dialogue.passes(.seconds(4))
        loses()
        dialogue.passes(.seconds(1_000))
        client.receivesNothing()
        returns()
        dialogue.passes(.milliseconds(5_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        dialogue.passes(.seconds(10))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
    }

    @Test("GW-78 Who answers nothing after the return is lost when a keep-alive time has passed, not before")
    func judgedAfterTheReturn() {
        let (client, upstream) = active(keepAlive: 60)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        dialogue.passes(.milliseconds(39_999))
        let copy = SNMessage.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true)
        client.receives(copy, copy, copy)
        loses()
        dialogue.passes(.seconds(60))
        returns()
        dialogue.passes(.milliseconds(89_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c0")
        upstream.receives(.close)
    }

    @Test("GW-70 A sleeper's Duration begins anew, and its messages wait")
    func sleeper() {
        let (client, upstream) = active()
        client.fallsAsleep(60)
        loses()
        dialogue.passes(.seconds(1_000))
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        returns()
        dialogue.passes(.milliseconds(89_999))
        upstream.receivesNothing()
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
    }

    @Test("GW-71 A wake-up that the loss interrupted goes on")
    func wakeUp() {
        let (client, upstream) = active()
        client.fallsAsleep(60)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        upstream.sends(.publish("a/b", "y"))
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        loses()
        dialogue.passes(.seconds(1_000))
        client.receivesNothing()
        returns()
        dialogue.passes(.seconds(10))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce, duplicate: true))
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
        client.receives(.publish(1, "y"), .pingResponse)
    }

    @Test("What comes from the broker meanwhile waits, at every QoS and in its order")
    func messagesWait() {
        let (client, upstream) = active()
        loses()
        upstream.sends(.publish("a/b", "0"))
        upstream.sends(.publish("a/b", "1", qos: .atLeastOnce, id: 7))
        upstream.sends(.publish("a/b", "2"))
        dialogue.passes(.seconds(100))
        client.receivesNothing()
        upstream.receivesNothing()
        returns()
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.publish(1, "0"), .publish(1, "1", id: 1, qos: .atLeastOnce))
        client.sends(.publishAcknowledgement(1, 1))
        client.receives(.publish(1, "2"))
    }

    @Test("GW-73 A wake-up that waits for the broker ends after the return, though its time ran out meanwhile")
    func wakeUpAwaitsBroker() {
        let (client, upstream) = active()
        client.fallsAsleep(60)
        upstream.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 7))
        client.wakesUp()
        client.receives(.publish(1, "x", id: 7, qos: .exactlyOnce))
        client.sends(.publishReceived(7))
        upstream.receives(.publishReceived(7))
        loses()
        dialogue.passes(.seconds(1_000))
        returns()
        dialogue.passes(.milliseconds(9_999))
        client.receivesNothing()
        dialogue.passes(.milliseconds(1))
        client.receives(.pingResponse)
    }

    @Test("GW-71 A wake-up that has nothing to bring ends a moment after the return")
    func emptyWakeUp() {
        let (client, upstream) = active()
        client.fallsAsleep(60)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.wakesUp()
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        loses()
        client.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(7))
        client.receivesNothing()
        returns()
        dialogue.passes(.milliseconds(1))
        client.receives(.pingResponse)
    }

    @Test("GW-78 The refusal of a first copy is none of a repetition, though its link was lost between")
    func refusalOfFirstCopy() {
        let (client, upstream) = active(keepAlive: 1_000)
        upstream.sends(.publish("a/b", "x", qos: .atLeastOnce, id: 7))
        client.receives(.publish(1, "x", id: 1, qos: .atLeastOnce))
        loses()
        dialogue.passes(.seconds(60))
        returns()
        client.sends(.publishAcknowledgement(1, 1, .notSupported))
        upstream.receives(.publishAcknowledgement(7))
        client.receivesNothing()
    }

    @Test("GW-78 A set-up is not abandoned: WILLTOPICREQ is asked again after the return")
    func setUp() {
        let client = dialogue.client("c0")
        client.sends(.connect("c0", will: true))
        client.receives(.willTopicRequest)
        dialogue.passes(.seconds(9))
        loses()
        dialogue.passes(.seconds(1_000))
        client.receivesNothing()
        returns()
        dialogue.passes(.seconds(1))
        client.receives(.willTopicRequest)
        #expect(dialogue.sessionCount == 1)
    }

    @Test("Links are judged each by itself")
    func otherLink() {
        let (_, lost) = active()
        let (_, other) = active(link: 1)
        loses()
        dialogue.passes(.seconds(30))
        lost.receivesNothing()
        dialogue.observes(.clientLost, of: "c1")
        other.receives(.close)
    }

    @Test("AMB-11 A sleeper that wakes up on another link is served there")
    func moves() {
        let (client, upstream) = active()
        client.fallsAsleep(60)
        upstream.sends(.publish("a/b", "x"))
        loses()
        let moved = dialogue.client("c0", link: 1)
        moved.wakesUp()
        moved.receives(.publish(1, "x"), .pingResponse)
        dialogue.passes(.seconds(90))
        dialogue.observes(.clientLost, of: "c0")
        upstream.receives(.close)
    }

    @Test("GW-71 A wake-up that begins where the link is lost goes on where the client says that it is")
    func wakesUpTwice() {
        let (client, upstream) = active()
        client.fallsAsleep(60)
        upstream.sends(.publish("a/b", "x"))
        loses()
        client.wakesUp()
        client.receivesNothing()
        let moved = dialogue.client("c0", link: 1)
        moved.wakesUp()
        dialogue.passes(.milliseconds(1))
        moved.receives(.publish(1, "x"), .pingResponse)
    }

    @Test("GW-24 Who says CONNECT on a link that is lost is served when it is back")
    func connectsOnALostLink() {
        loses()
        let (client, upstream) = active()
        upstream.sends(.publish("a/b", "x"))
        client.receivesNothing()
        dialogue.passes(.seconds(100))
        returns()
        dialogue.passes(.milliseconds(1))
        client.receives(.publish(1, "x"))
    }

    @Test("GW-86 A broker that is away for too long is no matter of the link")
    func brokerLost() {
        let (client, upstream) = active()
        loses()
        upstream.closes()
        dialogue.passes(.seconds(31))
        dialogue.observes(.clientDismissed, of: "c0")
        client.receives(.disconnect())
    }

    // MARK: ADVERTISE

    @Test("GW-09 An ADVERTISE that went out while the link was lost is said there again when it is back")
    func advertisesAgain() {
        let dialogue = Dialogue(
            .dialogue {
                $0.discovery.advertiseIntervalSeconds = 100
                $0.links = [LinkConfiguration(), LinkConfiguration()]
            }, hearsAdvertise: true)
        let advertise = SNMessage.advertise(gatewayID: dialogue.configuration.gatewayID, seconds: 100)
        _ = dialogue.takeBroadcasts()
        dialogue.passes(.seconds(1))
        dialogue.happens(.linkLost(LinkID(1)), at: #_sourceLocation)
        dialogue.happens(.linkReturned(LinkID(1)), at: #_sourceLocation)
        dialogue.broadcasts()
        dialogue.happens(.linkLost(LinkID(1)), at: #_sourceLocation)
        dialogue.passes(.seconds(100))
        _ = dialogue.takeBroadcasts()
        dialogue.happens(.linkReturned(LinkID(1)), at: #_sourceLocation)
        dialogue.broadcasts(advertise, link: 1)
    }
}
