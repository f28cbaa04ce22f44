import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// The end of the gateway, asked for by its owner.
@Suite struct ShutdownTests {
    @Test("GW-86 At shutdown every client is told, and the broker is left without a Will being published")
    func everybodyIsTold() {
        let dialogue = Dialogue()
        let clean = dialogue.client("c1")
        let persistent = dialogue.client("c2")
        let upstream1 = clean.connects(prompted: TestWill(topic: "w", payload: "gone"))
        let upstream2 = persistent.connects(clean: false)
        dialogue.shutsDown()
        clean.receives(.disconnect())
        persistent.receives(.disconnect())
        upstream1.receives(.disconnect, .close)
        upstream2.receives(.disconnect, .close)
        dialogue.shared?.receives(.disconnect, .close)
        #expect(!clean.isKnown)
        #expect(!persistent.isKnown)
    }

    @Test("GW-69 At shutdown an asleep client is not disturbed, and its broker connection ends in good order")
    func asleep() {
        let dialogue = Dialogue()
        let client = dialogue.client("c1")
        let upstream = client.connects()
        client.sends(.disconnect(100))
        client.receives(.disconnect())
        dialogue.shutsDown()
        client.receivesNothing()
        upstream.receives(.disconnect, .close)
        dialogue.shared?.receives(.disconnect, .close)
    }

    @Test("GW-21 After shutdown nobody is let in and nothing is opened")
    func closedForGood() {
        let dialogue = Dialogue()
        let settingUp = dialogue.client("c1")
        settingUp.sends(.connect("c1"))
        let upstream = dialogue.opensStream()
        dialogue.shutsDown()
        upstream.receives(.close)
        dialogue.shared?.receives(.disconnect, .close)
        let client = dialogue.client("c2")
        client.sends(.connect("c2"))
        client.receives(.connectAcknowledgement(.congestion))
        dialogue.passes(.seconds(1_000))
        #expect(dialogue.nextDeadline == nil)
        #expect(dialogue.sessionCount == 0)
    }

    @Test("GW-86 Shutdown while the broker is away, or said twice, does no harm")
    func twice() {
        let dialogue = Dialogue(isBrokerReachable: false)
        dialogue.shutsDown()
        dialogue.shutsDown()
        dialogue.passes(.seconds(1_000))
    }
}
