import GatewayCore
import MQTT
import MQTTSN
import Testing
import Time

/// Subscriptions of kinds that a broker of MQTT 5.0 may have none of, by its own word.
struct SubscriptionKindTests {
    @Test(
        "§3.2.2.3.11 §3.2.2.3.13 A subscription of a kind that the broker has none of is told 0x03 at once",
        arguments: [
            (PropertyIdentifier.sharedSubscriptionAvailable, "$share/group/a", BrokerLimit.share, "a/+"),
            (.wildcardSubscriptionAvailable, "a/+", .wildcards, "$share/group/a"),
        ])
    func missingKinds(property: PropertyIdentifier, filter: String, limit: BrokerLimit, other: String) {
        let dialogue = Dialogue(.dialogue { $0.upstream.version = .v5_0 })
        let client = dialogue.client("c1")
        client.sends(.connect("c1"))
        let upstream = client.asksBroker()
        upstream.accepts { $0.append(property: property, 0) }
        client.receives(.connectAcknowledgement())
        client.sends(.subscribe(.name(filter), id: 1))
        client.receives(.subscribeAcknowledgement(0, 1, .notSupported))
        dialogue.observes(exactly: .messageExceedsBroker(limit, octets: filter.utf8.count), of: "c1")
        upstream.receivesNothing()
        client.sends(.subscribe(.name(other), id: 2))
        upstream.receives(.subscribe(other, id: 2))
    }

    @Test("GW-26 GW-55 §3.2.2.3.11 What is restored at a broker that has none of the kind ends, and its client once")
    func lostKind() {
        let dialogue = Dialogue(.dialogue { $0.upstream.version = .v5_0 })
        let client = dialogue.client("c1")
        client.sends(.connect("c1", clean: false))
        let before = client.asksBroker(clean: false)
        before.accepts { _ in }
        client.receives(.connectAcknowledgement())
        client.sends(.subscribe(.name("a/+"), id: 1))
        before.receives(.subscribe("a/+", id: 1))
        before.sends(.subscribeAcknowledgement(1, 1))
        client.receives(.subscribeAcknowledgement(0, 1, qos: .atLeastOnce, .accepted))
        before.closes()
        dialogue.passes(.seconds(1))
        let after = client.asksBroker(clean: false)
        after.accepts { $0.append(property: .wildcardSubscriptionAvailable, 0) }
        client.receives(.disconnect())
        after.receives(.disconnect, .close)
        client.sends(.connect("c1", clean: false))
        let again = client.asksBroker(clean: false)
        again.accepts { $0.append(property: .wildcardSubscriptionAvailable, 0) }
        client.receives(.connectAcknowledgement())
        client.sends(.unsubscribe(.name("a/+"), id: 2))
        client.receives(.unsubscribeAcknowledgement(2))
        again.receivesNothing()
    }
}
