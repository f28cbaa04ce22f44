import GatewayCore
import Testing

@testable import Configuration

/// The `[[client]]` rules of a configuration file: what they say, and what is wrong with them.
@Suite struct ClientRuleFileTests {
    @Test func aRuleSaysAllOfIt() throws {
        let rule = try #require(
            settings(
                """
                [[client]]
                id = "pump-*"
                broker_client_id = "plant-${gateway_id}-${client_id}"
                username = "${client_id}"
                password = "s3cret-${node}"
                publish = ["pumps/${client_id}/#"]
                subscribe = []
                maximum_qos = 1
                retain = false
                deny = true
                """
            ).get().gateway.clientRules.first)
        var expected = ClientRule()
        expected.clientID = Array("pump-*".utf8)
        expected.brokerClientID = Array("plant-${gateway_id}-${client_id}".utf8)
        expected.username = Array("${client_id}".utf8)
        expected.password = Array("s3cret-${node}".utf8)
        (expected.publish, expected.subscribe) = ([Array("pumps/${client_id}/#".utf8)], [])
        (expected.maximumQoS, expected.passesRetain, expected.isDenied) = (1, false, true)
        #expect(rule == expected)
    }

    @Test(arguments: [
        ("password = 'x'", "'client.password' needs 'client.username'"),
        ("links = ['udp://127.0.0.1:9']", "no [[udp]] listens at 'udp://127.0.0.1:9', and no [[serial]] is there"),
        ("links = ['/dev/ttyUSB7']", "no [[udp]] listens at '/dev/ttyUSB7', and no [[serial]] is there"),
        ("broker_client_id = 'one'", "'client.broker_client_id' must hold ${client_id} or ${node}"),
        (
            "broker_client_id = '${clientid}'",
            "'client.broker_client_id' holds '${', and the variables are ${client_id}"
        ),
        ("publish = ['a/#/b']", "an element of 'client.publish' must be a topic filter"),
        ("publish = ['${client_id}${']", "an element of 'client.publish' holds '${', and the variables are"),
        ("subscribe = ['$share/g/a']", "an element of 'client.subscribe' must not begin with '$share/'"),
        ("networks = ['10.0.0.1/8']", "an element of 'client.networks' must be a network, as 10.0.0.0/8 is"),
        ("networks = ['10.0.0.0/33']", "an element of 'client.networks' must have 0 to 32 bits"),
        ("networks = ['plant']", "an element of 'client.networks' must be an IP address or network"),
        ("maximum_qos = 3", "'client.maximum_qos' must be an integer from 0 to 2"),
    ])
    func whatIsWrongIsSaid(line: String, message: String) {
        #expect(errors("[[client]]\n\(line)\n").contains(message), "\(errors("[[client]]\n\(line)\n"))")
    }

    /// One identifier for one client is what it is for.
    @Test func aRuleForOneClientMayNameItAtTheBroker() throws {
        #expect(errors("[[client]]\nid = 'pump-1'\nbroker_client_id = 'one'") == "")
    }

    /// Not even where it is taken for a template (`${`).
    @Test func noErrorTellsAPassword() {
        let text = errors("[[client]]\nusername = 'u'\npassword = 'hu${sh'")
        #expect(text.contains("'client.password' holds '${', and the variables are"))
        #expect(!text.contains("hu$") && !text.contains("sh'"))
    }

    // MARK: Networks

    /// The smallest one stands for an address, and rules for larger ones hold for it too.
    @Test func networksLieInEachOther() throws {
        let settings = try settings(
            """
            [[client]]
            networks = ["10.0.0.0/8", "2001:db8::/32"]
            [[client]]
            networks = ["10.1.0.0/16"]
            [[client]]
            networks = ["0.0.0.0/0", "::ffff:10.1.2.3"]
            [[client]]
            """
        ).get()
        #expect(settings.gateway.clientRules.map(\.networks) == [[1, 2, 3], [3], [1, 3, 4, 5], nil])
        let networks = ClientNetworks(settings.host.clientPlaces)
        func number(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) -> UInt16 {
            networks.number(isIPv6: false, high: 0, low: a << 24 | b << 16 | c << 8 | d)
        }
        #expect([number(10, 1, 2, 3), number(10, 2, 2, 3), number(11, 1, 2, 3)] == [3, 1, 4])
        #expect(networks.number(isIPv6: true, high: 0x2001_0DB8_0000_0000, low: 7) == 2)
        #expect(networks.number(isIPv6: true, high: 0x2001_0DB9_0000_0000, low: 7) == 0)
        #expect(networks.number(isIPv6: true, high: 0, low: 0xFFFF_0A01_0203) == 5)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("192.0.2.7", "192.0.2.7/32"), ("::/0", "0:0:0:0:0:0:0:0/0"),
        ("::1", "0:0:0:0:0:0:0:1/128"), ("2001:db8::/32", "2001:db8:0:0:0:0:0:0/32"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8/128"), ("fe80::a:0:0:0/80", "fe80:0:0:0:a:0:0:0/80"),
    ])
    func aNetworkIsReadAsItIsWritten(text: String, name: String) throws {
        let network = try EndpointParser.network(text).get()
        #expect(network.name == name)
        #expect(try EndpointParser.network(name).get() == network)
    }
}
