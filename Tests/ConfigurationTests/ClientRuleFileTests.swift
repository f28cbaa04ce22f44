import GatewayCore
import Testing

@testable import Configuration

/// The `[[client]]` rules of a configuration file: what they say, and what is wrong with them.
@Suite struct ClientRuleFileTests {
    @Test func aRuleSaysAllOfIt() throws {
        let settings = try #require(
            try? settings(
                """
                broker.url = "mqtts://broker"
                [[client]]
                id = "pump-*"
                broker_client_id = "plant-${gateway_id}-${client_id}"
                username = "${client_id}"
                password = "s3cret-${node}"
                certificate_file = "/c/${gateway_id}/${client_id}.pem"
                key_file = "/c/${node}.key"
                key_passphrase = "hush"
                topic_prefix = "plant/${gateway_id}/${client_id}/"
                publish = ["pumps/${client_id}/#"]
                subscribe = []
                maximum_qos = 1
                retain = false
                deny = true
                """
            ).get())
        let rule = try #require(settings.gateway.clientRules.first)
        #expect(settings.host.clientKeyPassphrases == [Array("hush".utf8)])
        var expected = ClientRule()
        expected.clientID = Array("pump-*".utf8)
        expected.brokerClientID = Array("plant-${gateway_id}-${client_id}".utf8)
        expected.username = Array("${client_id}".utf8)
        expected.password = Array("s3cret-${node}".utf8)
        expected.certificateFile = Array("/c/${gateway_id}/${client_id}.pem".utf8)
        expected.keyFile = Array("/c/${node}.key".utf8)
        expected.topicPrefix = Array("plant/${gateway_id}/${client_id}/".utf8)
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
        ("topic_prefix = 'plant'", "2:16: 'client.topic_prefix' must be topic levels with '/' behind each"),
        ("topic_prefix = 'a/+/'", "2:16: 'client.topic_prefix' must be topic levels with '/' behind each"),
        ("topic_prefix = 'a/#/'", "'client.topic_prefix' must be topic levels with '/' behind each"),
        ("topic_prefix = '$share/g/'", "and not begin with '$share/'; found '$share/g/'"),
        ("topic_prefix = 'a/${clientid}/'", "2:16: 'client.topic_prefix' holds '${', and the variables are"),
        ("topic_prefix = ''", "'client.topic_prefix' must"),
        ("networks = ['10.0.0.1/8']", "an element of 'client.networks' must be a network, as 10.0.0.0/8 is"),
        ("networks = ['10.0.0.0/33']", "an element of 'client.networks' must have 0 to 32 bits"),
        ("networks = ['plant']", "an element of 'client.networks' must be an IP address or network"),
        ("maximum_qos = 3", "'client.maximum_qos' must be an integer from 0 to 2"),
    ])
    func whatIsWrongIsSaid(line: String, message: String) {
        #expect(errors("[[client]]\n\(line)\n").contains(message), "\(errors("[[client]]\n\(line)\n"))")
    }

    /// It is as below `[tls]`: what belongs together, and what is of no use.
    @Test(arguments: [
        ("mqtts", "certificate_file = '/c'", "3:20: 'client.certificate_file' needs 'client.key_file'"),
        ("mqtts", "key_file = '/k'", "3:12: 'client.key_file' needs 'client.certificate_file'"),
        ("wss", "key_passphrase = 'hush'", "3:18: 'client.key_passphrase' needs 'client.key_file'"),
        (
            "mqtts", "certificate_file = 'c'\nkey_file = '/k'",
            "3:20: 'client.certificate_file' must be the path of a file that begins with '/'; found 'c'"
        ),
        (
            "mqtts", "certificate_file = '/${clientid}'\nkey_file = '/k'",
            "3:20: 'client.certificate_file' names the variable 'clientid', which is not set; those of clients are"
                + " ${client_id}, ${gateway_id}, ${node}"
        ),
        (
            "mqtt", "certificate_file = '/c'\nkey_file = '/k'",
            "3:20: 'client.certificate_file' is for a broker.url that begins with mqtts:// or wss://; this one is"
        ),
        ("ws", "certificate_file = '/c'\nkey_file = '/k'", "4:12: 'client.key_file' is for a broker.url that begins"),
    ])
    func certificates(scheme: String, lines: String, message: String) {
        let text = errors("broker.url = '\(scheme)://h'\n[[client]]\n\(lines)")
        #expect(text.contains("f.toml:\(message)"), "\(text)")
        #expect(!text.contains("hush"))
    }

    /// systemd's directory of credentials has another name at each start.
    @Test func aPathMayHoldVariablesOfTheProcess() throws {
        let secrets = SecretSource {
            $0 == "CREDENTIALS_DIRECTORY" ? "/run/c" : nil
        } file: { _ in
            .success([])
        }
        let text = """
            broker.url = "mqtts://h"
            [[client]]
            certificate_file = "/c/${client_id}.pem"
            key_file = "${CREDENTIALS_DIRECTORY}/${client_id}.key"
            """
        let rule = try SettingsReader.read(Array(text.utf8), file: "f.toml", secrets: secrets).get().gateway
            .clientRules[0]
        #expect(rule.keyFile == Array("/run/c/${client_id}.key".utf8))
    }

    /// What was found in a rule's files stands at its own keys.
    @Test func findingsAreToldAtTheirRules() throws {
        let text = """
            broker.url = "mqtts://h"
            [[client]]
            id = "a"
            [[client]]
            certificate_file = "/c"
            key_file = "/k"
            """
        func read(isWarning: Bool) -> Result<Settings, ConfigurationErrors> {
            SettingsReader.read(Array(text.utf8), file: "f.toml") { _ in
                [TLSFinding(key: "client.key_file", message: "is strange", isWarning: isWarning, rule: 1)]
            }
        }
        guard case .failure(let errors) = read(isWarning: false) else {
            Issue.record("the finding is no error")
            return
        }
        #expect(errors.description == "f.toml:6:12: 'client.key_file' is strange")
        #expect(try read(isWarning: true).get().host.fileWarnings.map(\.description) == [errors.description])
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
