import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// What forwarders may not do, and what the gateway keeps of them (MQTT-SN 1.2 §5.5).
@Suite struct ForwarderLimitTests {
    private func dialogue(_ configuration: GatewayConfiguration = .dialogue()) -> Dialogue {
        let dialogue = Dialogue(configuration)
        dialogue.allowsForwarders = true
        return dialogue
    }

    // MARK: What is dropped

    @Test("GW-83 An encapsulation from a sender that may not forward is dropped and counted", arguments: [true, false])
    func notAllowed(isClient: Bool) {
        let dialogue = Dialogue()
        let forwarder = dialogue.client("f")
        if isClient { forwarder.connects() }
        let node = dialogue.client("n1", node: [1], behind: forwarder)
        node.sends(.connect("n1"), .pingRequest(), .searchGateway(radius: 0))
        dialogue.observes(.forwarderRefused)
        node.receives()
        #expect(forwarder.isKnown == isClient)
        #expect(dialogue.sessionCount == (isClient ? 1 : 0))
    }

    @Test(
        "GW-83 GW-03 Broken, nested and long-form encapsulations are dropped, whoever is connected there",
        arguments: [
            [0x03, 0xFE, 0x00, 0x02, 0x16],  // no node id
            [0x04, 0xFE, 0x00, 0x05],  // no inner message
            [0x04, 0xFE, 0x00],  // cut off
            [0x09, 0xFE, 0x00, 0x05, 0x02, 0x16],  // Length beyond the end
            [0x04, 0xFE, 0x00, 0x05, 0x03, 0x16],  // the inner Length is too great
            [0x04, 0xFE, 0x00, 0x05, 0x02, 0x16, 0x00],  // the inner Length is too small
            [0x04, 0xFE, 0x00, 0x05, 0x02, 0x19],  // a reserved inner type
            [0x04, 0xFE, 0x00, 0x05, 0x04, 0xFE, 0x00, 0x05, 0x02, 0x16],  // nested
            [0x01, 0x00, 0x06, 0xFE, 0x00, 0x05, 0x02, 0x16],  // long form
        ] as [[UInt8]])
    func broken(octets: [UInt8]) {
        let dialogue = dialogue()
        let forwarder = dialogue.client("f")
        forwarder.connects()
        let node = dialogue.client("n1", node: [0x05], behind: forwarder)
        node.connects()
        forwarder.sends(octets: octets)
        dialogue.observes(.malformedDatagram)
        forwarder.receivesNothing()
        node.sends(.pingRequest())
        node.receives(.pingResponse)
        forwarder.sends(.pingRequest())
        forwarder.receives(.pingResponse)
    }

    @Test("GW-06 GW-83 What only a gateway says is ignored in an envelope too")
    func gatewayMessages() {
        let dialogue = dialogue()
        let forwarder = dialogue.client("")
        let node = dialogue.client("", node: [1], behind: forwarder)
        node.sends(.connectAcknowledgement(), .willTopicRequest, .subscribeAcknowledgement(1, 1))
        node.receives()
        #expect(!forwarder.isKnown)
    }

    // MARK: The link's maximum

    @Test("GW-08 GW-59 The envelope counts towards the link's maximum", arguments: [true, false])
    func maximum(fits: Bool) {
        let dialogue = dialogue(.dialogue { $0.links[0].maximumDatagramByteCount = 60 })
        let node = dialogue.client("n1", node: Array(repeating: 1, count: 20), behind: dialogue.client(""))
        let upstream = node.connects()
        node.subscribes("a", as: 1, on: upstream)
        let payload = String(repeating: "x", count: 60 - 23 - 7 + (fits ? 0 : 1))
        upstream.sends(.publish("a", payload))
        if fits { node.receives(.publish(1, payload)) } else { dialogue.observes(.messageDroppedTooLong) }
    }

    @Test("GW-08 GW-59 A REGISTER that does not fit behind the envelope is given up")
    func registerMaximum() {
        let dialogue = dialogue(.dialogue { $0.links[0].maximumDatagramByteCount = 60 })
        let node = dialogue.client("n1", node: Array(repeating: 1, count: 20), behind: dialogue.client(""))
        let upstream = node.connects()
        upstream.sends(.publish(String(repeating: "t", count: 32), "x", qos: .atLeastOnce, id: 5))
        upstream.receives(.publishAcknowledgement(5))
        dialogue.observes(.messageDroppedTooLong)
        upstream.sends(.publish(String(repeating: "t", count: 31), "x"))
        node.receives(.register(1, 1, String(repeating: "t", count: 31)))
    }

    @Test("GW-08 A node whose envelope leaves no room for any answer cannot be served", arguments: [52, 49])
    func noRoom(count: Int) {
        let dialogue = dialogue(.dialogue { $0.links[0].maximumDatagramByteCount = 60 })
        let forwarder = dialogue.client("")
        let node = dialogue.client("n1", node: Array(repeating: 1, count: count), behind: forwarder)
        if count <= 49 {
            let upstream = node.connects()
            node.subscribes("a", as: 1, on: upstream)
        } else {
            node.sends(.connect("n1"), .pingRequest())
            dialogue.observes(.messageDroppedTooLong)
            node.receives()
            #expect(!forwarder.isKnown)
            #expect(dialogue.sessionCount == 0)
        }
    }

    @Test("GW-08 What waited for a client that wakes up behind a forwarder is measured with the envelope")
    func wakesBehindForwarder() {
        let dialogue = dialogue(.dialogue { $0.links[0].maximumDatagramByteCount = 60 })
        let client = dialogue.client("c1")
        let upstream = client.connects(clean: false)
        client.subscribes("a", as: 1, on: upstream)
        client.sends(.disconnect(600))
        client.receives(.disconnect())
        upstream.sends(
            .publish("a", String(repeating: "x", count: 53), qos: .atLeastOnce, id: 5),
            .publish("a", "short", qos: .atLeastOnce, id: 6))
        let node = dialogue.client("c1", node: [1], behind: dialogue.client(""))
        node.sends(.pingRequest("c1"))
        upstream.receives(.publishAcknowledgement(5))
        dialogue.observes(.messageDroppedTooLong)
        node.receives(.publish(1, "short", id: 1, qos: .atLeastOnce))
        node.sends(.publishAcknowledgement(1, 1))
        upstream.receives(.publishAcknowledgement(6))
        node.receives(.pingResponse)
    }

    // MARK: What is kept

    @Test("GW-87 GW-80 100,000 node ids that send garbage or PINGREQ leave nothing behind")
    func noGrowth() {
        var gateway = Gateway(configuration: .dialogue(), seed: 1)
        var effects = Effects()
        var now = Instant(nanoseconds: 0)
        gateway.handle(.deadlineReached, [UInt8]().span.bytes, at: now, into: &effects)
        let forwarder = PeerID(link: LinkID(0), number: 1)
        var forgotten = 0
        for number in 0..<100_000 as Range<UInt32> {
            let nodeID = withUnsafeBytes(of: number.bigEndian) { Array($0) }
            let inner: [UInt8] = number % 2 == 0 ? [0x02, 0x16] : [0x03, 0x0B, 0xFF]
            let datagram = [0x07, 0xFE, 0x00] + nodeID + inner
            now = now + .milliseconds(1)
            effects.removeAll()
            gateway.handle(
                .datagramReceived(from: forwarder, mayForward: true), datagram.span.bytes, at: now, into: &effects)
            forgotten += effects.list.contains(.forgetPeer(forwarder)) ? 1 : 0
            while let deadline = gateway.nextDeadline, deadline <= now {
                gateway.handle(.deadlineReached, [UInt8]().span.bytes, at: now, into: &effects)
            }
        }
        let limit = gateway.environment.limits.recentDepartures
        let kept = gateway.environment.forwarders.count
        let places = gateway.environment.forwarders.placeCount
        #expect(kept <= limit)
        #expect(kept > 0)
        #expect(places <= limit + 2)
        #expect(gateway.sessionCount == 0)
        // Those that were answered are forgotten too.
        gateway.handle(.deadlineReached, [UInt8]().span.bytes, at: now + .seconds(41), into: &effects)
        let rest = gateway.environment.forwarders.count
        #expect(rest == 0)
        #expect(effects.list.contains(.forgetPeer(forwarder)))
    }

    @Test("GW-80 A node's number is used again once nothing leads to the node, and stays with it until then")
    func numbers() {
        var table = ForwarderTable()
        let peer = PeerID(link: LinkID(0), number: 1)
        let (one, two, three): ([UInt8], [UInt8], [UInt8]) = ([1], [2], [3])
        let first = table.use(one.span.bytes, behind: peer)
        table.use(first)
        let second = table.use(two.span.bytes, behind: peer)
        table.release(first)
        let again = table.use(one.span.bytes, behind: peer)
        #expect(again == first)
        table.release(second)
        let third = table.use(three.span.bytes, behind: peer)
        #expect(third == second)
        let elsewhere = table.use(three.span.bytes, behind: PeerID(link: LinkID(1), number: 1))
        #expect(elsewhere != third, "two forwarders may have a node of the same id")
        table.release(elsewhere)
        #expect(table.nodeID(third) == [3])
        #expect(table.nodeID(first) == [1])
        #expect(table.nodeID(0) == [])
        #expect(table.placeCount == 3)
        #expect(table.count == 2)
    }
}
