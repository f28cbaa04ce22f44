import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Who has a session where there are not enough for all, and how long the silent keep theirs (GW-87, GW-21, GW-62).
@Suite struct PlacesTests {
    private static func dialogue(clients: Int = 2, setUps: Int = 2) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.limits.clients = clients
                $0.limits.setUps = setUps
            })
    }

    /// A client that has done more than connect.
    @discardableResult
    private func busy(_ clientID: String, _ dialogue: Dialogue) -> (TestClient, TestUpstream) {
        let client = dialogue.client(clientID)
        let upstream = client.connects(clean: false)
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        return (client, upstream)
    }

    // MARK: Places

    @Test("GW-87 GW-21 Where every place is taken by a client that does something, CONNECT is congestion")
    func clientLimit() {
        let dialogue = Self.dialogue()
        let (first, upstream) = busy("c1", dialogue)
        busy("c2", dialogue)
        let third = dialogue.client("c3")
        third.sends(.connect("c3"))
        third.receives(.connectAcknowledgement(.congestion))
        #expect(!third.isKnown)
        first.sends(.disconnect())
        first.receives(.disconnect())
        upstream.receives(.disconnect, .close)
        third.connects()
    }

    @Test("GW-87 The session whose client has been away longest gives its place, once it is needed")
    func absentGoes() {
        let dialogue = Self.dialogue()
        let (first, upstream1) = busy("c1", dialogue)
        let (second, upstream2) = busy("c2", dialogue)
        second.leaves(upstream2)
        first.leaves(upstream1)
        let third = dialogue.client("c3")
        third.sends(.connect("c3"))
        dialogue.doesNotObserve(.sessionEvicted)
        let upstream3 = third.asksBroker()
        upstream3.sends(.connectAcknowledgement(present: false))
        dialogue.observes(.sessionEvicted, of: "c2")
        third.receives(.connectAcknowledgement())
        #expect(dialogue.sessionCount == 2)
        first.connects(clean: false, present: true)
    }

    /// What a client leaves open that would come twice, or be published twice, if its session were forgotten.
    enum Open: CaseIterable {
        /// A publish of QoS 2 of its own, which the broker may have.
        case publish
        /// One that has come to its end just now, of which a copy may still be under way.
        case finished
        /// A message of QoS 2 that it may have under a number of the gateway's own.
        case delivery
    }

    @Test("GW-87 AMB-23 AMB-24 A session whose end would double a message keeps its place", arguments: Open.allCases)
    func neededStays(open: Open) {
        let dialogue = Self.dialogue()
        let (first, upstream1) = busy("c1", dialogue)
        let (second, upstream2) = busy("c2", dialogue)
        switch open {
        case .publish:
            first.sends(.publish(.short("ab"), "x", id: 3, qos: .exactlyOnce))
            upstream1.receives(.publish("ab", "x", qos: .exactlyOnce, id: 3))
        case .finished:
            first.sends(.publish(.short("ab"), "x", id: 3, qos: .exactlyOnce))
            upstream1.receives(.publish("ab", "x", qos: .exactlyOnce, id: 3))
            upstream1.sends(.publishReceived(3))
            first.receives(.publishReceived(3))
            first.releases(id: 3, on: upstream1)
        case .delivery:
            first.subscribes("a/b", as: 1, qos: .exactlyOnce, on: upstream1)
            // The number of the second message ended under the first just now.
            upstream1.sends(.publish("a/b", "x", qos: .exactlyOnce, id: 7))
            first.receives(.publish(1, "x", id: 7, qos: .exactlyOnce))
            first.sends(.publishReceived(7))
            upstream1.receives(.publishReceived(7))
            upstream1.sends(.publishRelease(7))
            first.receives(.publishRelease(7))
            first.sends(.publishComplete(7))
            upstream1.receives(.publishComplete(7))
            upstream1.sends(.publish("a/b", "y", qos: .exactlyOnce, id: 7))
            first.receives(.publish(1, "y", id: 0x4001, qos: .exactlyOnce))
        }
        first.leaves(upstream1)
        second.leaves(upstream2)
        // It has been away longer than the other.
        let third = dialogue.client("c3")
        third.sends(.connect("c3"))
        let upstream3 = third.asksBroker()
        upstream3.sends(.connectAcknowledgement(present: false))
        dialogue.observes(.sessionEvicted, of: "c2")
        third.receives(.connectAcknowledgement())
    }

    @Test("GW-87 Who has done nothing but connect goes first, the oldest of them, and is told")
    func idlerGoes() {
        let dialogue = Self.dialogue(clients: 3)
        let (absent, upstream) = busy("c1", dialogue)
        absent.leaves(upstream)
        let idler = dialogue.client("c2")
        let idlersUpstream = idler.connects(clean: false)
        dialogue.client("c3").connects()
        let newcomer = dialogue.client("c4")
        newcomer.sends(.connect("c4"))
        let newcomersUpstream = newcomer.asksBroker()
        newcomersUpstream.sends(.connectAcknowledgement(present: false))
        dialogue.observes(.sessionEvicted, of: "c2")
        idler.receives(.disconnect())
        idlersUpstream.receives(.disconnect, .close)
        newcomer.receives(.connectAcknowledgement())
        #expect(dialogue.sessionCount == 3)
        // The absent client has lost nothing.
        absent.sends(.connect("c1", clean: false))
        _ = absent.connectsUpstream(clean: false, present: true)
    }

    @Test("GW-87 A client that has said anything since its CONNECT does not give way")
    func busyStays() {
        let dialogue = Self.dialogue(clients: 1)
        busy("c1", dialogue)
        let newcomer = dialogue.client("c2")
        newcomer.sends(.connect("c2"))
        newcomer.receives(.connectAcknowledgement(.congestion))
    }

    @Test("GW-87 The last place is one newcomer's: the other is told congestion, and leaves the broker")
    func lastPlace() {
        let dialogue = Self.dialogue()
        busy("c1", dialogue)
        let (second, third) = (dialogue.client("c2"), dialogue.client("c3"))
        second.sends(.connect("c2"))
        let upstream2 = second.asksBroker()
        third.sends(.connect("c3"))
        let upstream3 = third.asksBroker()
        upstream2.sends(.connectAcknowledgement(present: false))
        second.receives(.connectAcknowledgement())
        second.sends(.pingRequest())
        second.receives(.pingResponse)
        upstream3.sends(.connectAcknowledgement(present: false))
        third.receives(.connectAcknowledgement(.congestion))
        upstream3.receives(.disconnect, .close)
        #expect(dialogue.sessionCount == 2)
    }

    // MARK: Set-ups

    @Test("GW-87 CONNECTs of invented names make the gateway forget nobody: the oldest that owes an answer goes")
    func setUps() {
        let dialogue = Self.dialogue(clients: 3, setUps: 3)
        let (absent, upstream) = busy("c1", dialogue)
        absent.leaves(upstream)
        busy("c2", dialogue)
        for number in 0..<20 {
            let stranger = dialogue.client("stranger\(number)")
            stranger.sends(.connect("stranger\(number)", will: true))
            if number >= 3 { dialogue.observes(.clientSetUpAbandoned, of: "stranger\(number - 3)") }
            dialogue.doesNotObserve(.sessionEvicted)
            stranger.receives(.willTopicRequest)
        }
        #expect(dialogue.sessionCount == 5)
        absent.connects(clean: false, present: true)
        // Who means it answers before so many others have come.
        let newcomer = dialogue.client("c3")
        newcomer.sends(.connect("c3", will: true))
        newcomer.receives(.willTopicRequest)
        newcomer.sends(.willTopic(""))
        _ = newcomer.connectsUpstream()
    }

    @Test("GW-87 A set-up that waits for the broker does not give way: the next CONNECT is congestion")
    func waitingForBroker() {
        let dialogue = Self.dialogue(setUps: 1)
        let first = dialogue.client("c1")
        first.sends(.connect("c1"))
        let upstream = first.asksBroker()
        let second = dialogue.client("c2")
        second.sends(.connect("c2"))
        second.receives(.connectAcknowledgement(.congestion))
        upstream.sends(.connectAcknowledgement(present: false))
        first.receives(.connectAcknowledgement())
        second.connects()
    }

    @Test("GW-87 A set-up that waits for the broker does not keep those behind it from giving way")
    func behindBroker() {
        let dialogue = Self.dialogue(setUps: 2)
        let first = dialogue.client("c1")
        first.sends(.connect("c1"))
        _ = first.asksBroker()
        for number in 0..<5 {
            let stranger = dialogue.client("stranger\(number)")
            stranger.sends(.connect("stranger\(number)", will: true))
            stranger.receives(.willTopicRequest)
        }
    }

    @Test("GW-87 Who has a session needs none of the set-ups for its CONNECT")
    func knownClient() {
        let dialogue = Self.dialogue(setUps: 1)
        let (known, upstream) = busy("c1", dialogue)
        known.leaves(upstream)
        let stranger = dialogue.client("c2")
        stranger.sends(.connect("c2"))
        _ = stranger.asksBroker()
        known.sends(.connect("c1", clean: false))
        _ = known.connectsUpstream(clean: false, present: true)
    }

    // MARK: Silence

    @Test("GW-62 AMB-09 A client with keep-alive 0 is lost after the longest silence that the owner allows")
    func longestSilence() {
        let dialogue = Dialogue(.dialogue { $0.supervision.longestSilence = .seconds(1_000) })
        let client = dialogue.client("c1")
        let upstream = client.connects(prompted: TestWill(topic: "w", payload: "gone"), keepAlive: 0)
        dialogue.passes(.seconds(999))
        client.sends(.pingRequest())
        client.receives(.pingResponse)
        dialogue.passes(.milliseconds(999_999))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        dialogue.observes(.clientLost, of: "c1")
        upstream.receives(.close)
    }

    @Test("GW-62 AMB-09 That is a day, or no time at all where the owner says 0", arguments: [true, false])
    func longestSilenceByDefault(isLimited: Bool) {
        let dialogue = Dialogue(.dialogue { if !isLimited { $0.supervision.longestSilence = .zero } })
        dialogue.ignoresAdvertisements = true
        let upstream = dialogue.client("c1").connects(keepAlive: 0)
        dialogue.passes(.seconds(Int(Dialogue.upstreamKeepAlive)))
        upstream.receives(.pingRequest)
        dialogue.shared?.receives(.pingRequest)
        upstream.sends(.pingResponse)
        dialogue.shared?.sends(.pingResponse)
        dialogue.passes(.milliseconds((86_400 - Int(Dialogue.upstreamKeepAlive)) * 1_000 - 1))
        upstream.receivesNothing()
        dialogue.passes(.milliseconds(1))
        if isLimited { upstream.receives(.close) } else { upstream.receivesNothing() }
    }
}
