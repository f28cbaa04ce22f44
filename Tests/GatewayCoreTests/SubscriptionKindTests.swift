import GatewayCore
import MQTT
import MQTTSN
import Testing

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
}
