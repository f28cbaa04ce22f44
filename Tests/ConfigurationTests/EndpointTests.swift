import GatewayCore
import Testing

@testable import Configuration

/// Proves which addresses the owner may write, and what is said about the others.
@Suite struct EndpointTests {
    @Test("broker.url is one URL or a list in the order of preference, which a single one does not change")
    func listOfBrokers() throws {
        let read = try settings("broker.url = ['mqtts://a', 'ws://b/x']").get()
        #expect(read.host.brokers.map(\.name) == ["mqtts://a:8883", "ws://b:80/x"])
        #expect(read.gateway.upstream.brokerCount == 2)
        #expect(read.host.at(broker: 1).broker.name == "ws://b:80/x" && read.host.at(broker: 1).brokers.count == 1)
        #expect(read.host.isAnyBrokerEncrypted)
        #expect(try settings("broker.url = ['mqtt://a']").get() == settings("broker.url = 'mqtt://a'").get())
    }

    @Test(arguments: [
        ("udp://0.0.0.0:1884", "0.0.0.0", 1884), ("udp://[::]", "::", 1884), ("UDP://10.0.0.1:7", "10.0.0.1", 7),
        ("udp://[fe80::1%eth0]:65535", "fe80::1%eth0", 65_535), ("udp://127.0.0.1:0", "127.0.0.1", 0),
        ("udp://[::ffff:10.0.0.1]:1", "::ffff:10.0.0.1", 1), ("udp://[1:2:3:4:5:6:7:8]:1", "1:2:3:4:5:6:7:8", 1),
        ("udp://[1::]:1", "1::", 1), ("udp://[1:2:3:4:5:6:7::]:1", "1:2:3:4:5:6:7::", 1),
    ])
    func udp(text: String, host: String, port: UInt16) {
        #expect(EndpointParser.udp(text) == .success(UDPListener(host: host, port: port)))
    }

    @Test(arguments: [
        ("mqtt://127.0.0.1:1883", "127.0.0.1", 1883), ("mqtt://broker", "broker", 1883),
        ("mqtt://[::1]", "::1", 1883), ("mqtt://[::1]:1", "::1", 1), ("mqtt://my_broker.local:1", "my_broker.local", 1),
    ])
    func broker(text: String, host: String, port: UInt16) {
        #expect(EndpointParser.broker(text) == .success(BrokerEndpoint(host: host, port: port)))
    }

    @Test(arguments: [("mqtts://broker", "broker", 8883), ("MQTTS://[::1]:1", "::1", 1)]) func encryptedBroker(
        text: String, host: String, port: UInt16
    ) {
        #expect(EndpointParser.broker(text) == .success(BrokerEndpoint(host: host, port: port, isEncrypted: true)))
    }

    @Test(arguments: [
        ("ws://broker", "broker", 80, false, "/mqtt", "ws://broker:80/mqtt", "broker"),
        ("wss://broker", "broker", 443, true, "/mqtt", "wss://broker:443/mqtt", "broker"),
        ("WSS://[::1]:8084/", "::1", 8084, true, "/", "wss://[::1]:8084/", "[::1]:8084"),
        ("ws://b:9001/a%20b/c;d@e", "b", 9001, false, "/a%20b/c;d@e", "ws://b:9001/a%20b/c;d@e", "b:9001"),
        ("ws://[fe80::1%eth0]/ws", "fe80::1%eth0", 80, false, "/ws", "ws://[fe80::1%eth0]:80/ws", "[fe80::1]"),
    ]) func webSocketBroker(
        text: String, host: String, port: UInt16, isEncrypted: Bool, path: String, name: String, authority: String
    ) throws {
        let endpoint = BrokerEndpoint(host: host, port: port, isEncrypted: isEncrypted, webSocketPath: path)
        #expect(EndpointParser.broker(text) == .success(endpoint))
        #expect(endpoint.name == name && endpoint.authorityInHTTP == authority)
        #expect(EndpointParser.broker(name) == .success(endpoint), "what is shown can be written")
    }

    @Test func aPathHasABound() {
        let path = "/" + String(repeating: "p", count: 1_023)
        #expect(throws: Never.self) { try EndpointParser.broker("ws://h" + path).get() }
        let error = EndpointError(message: "has a path of 1025 bytes; it has at most 1024")
        #expect(EndpointParser.broker("ws://h" + path + "p") == .failure(error))
    }

    @Test(arguments: [
        ("", "must start with 'mqtt://', as in mqtt://127.0.0.1:1883"),
        ("localhost:1883", "must start with 'mqtt://', as in mqtt://127.0.0.1:1883"),
        ("://host", "must start with 'mqtt://', as in mqtt://127.0.0.1:1883"),
        ("http://host", "must start with 'mqtt://', as in mqtt://127.0.0.1:1883; found 'http'"),
        ("ssl://host", "must start with 'mqtts://' for TLS; found 'ssl'"),
        ("mqtts://", "lacks the host"), ("mqtts://host:0", "must have a port from 1 to 65535 or none; found '0'"),
        ("ws://", "lacks the host"), ("wss://host:0/mqtt", "must have a port from 1 to 65535 or none; found '0'"),
        ("ws:/host", "must start with 'ws://', as in ws://broker.example/mqtt"),
        ("wss://me:secret@host/", "must not hold a user name; there are keys for that and the password"),
        ("ws://host/mqtt?token=x", "must end after the path, without a '?'"),
        ("ws://host?token=x", "must end after the path, without a '?'"),
        ("ws://host/mqtt#x", "must end after the path, without a '#'"),
        (
            "ws://host/a b", "must have a path of letters, digits and signs such as '/', others as %XX; found '/a b'"
        ),
        (
            "ws://host/%4", "must have a path of letters, digits and signs such as '/', others as %XX; found '/%4'"
        ),
        (
            "ws://host/%g0", "must have a path of letters, digits and signs such as '/', others as %XX; found '/%g0'"
        ),
        ("mqtt://", "lacks the host"), ("mqtt://:1883", "lacks the host"),
        ("mqtt://me:secret@host", "must not hold a user name; there are keys for that and the password"),
        ("mqtt://host/", "must end after the host and the port"),
        ("mqtt://::1", "must have an IPv6 address in brackets, as in [::1]"),
        ("mqtt://[::1", "lacks the ']' after the IPv6 address"),
        ("mqtt://[::1]1883", "must have a port from 1 to 65535 or none; found '1883'"),
        ("mqtt://host:", "must have a port from 1 to 65535 or none; found ''"),
        ("mqtt://host:0", "must have a port from 1 to 65535 or none; found '0'"),
        ("mqtt://host:65536", "must have a port from 1 to 65535 or none; found '65536'"),
        ("mqtt://host:+1", "must have a port from 1 to 65535 or none; found '+1'"),
        ("mqtt://1.2.3", "holds '1.2.3', which is not an IPv4 address"),
        ("mqtt://1.2.3.256", "holds '1.2.3.256', which is not an IPv4 address"),
        ("mqtt://1.2.3.04", "holds '1.2.3.04', which is not an IPv4 address"),
        ("mqtt://a b", "holds 'a b', which is not a host name"),
    ])
    func wrongBrokers(text: String, message: String) {
        #expect(EndpointParser.broker(text) == .failure(EndpointError(message: message)))
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
        "12345::", "g::", "::1.2.3", "1.2.3.4::", "::1%", "::1%0123456789abcdef", "%eth0", "1:2:3:4:5:6:7:8::",
    ])
    func wrongIPv6Addresses(address: String) {
        let message = "holds '\(address)', which is not an IPv6 address"
        #expect(EndpointParser.udp("udp://[\(address)]:1") == .failure(EndpointError(message: message)))
    }

    @Test(arguments: [
        ("http://proxy:3128", "proxy", 3_128), ("HTTP://[::1]:1/", "::1", 1),
        ("http://10.0.0.1:65535", "10.0.0.1", 65_535),
    ])
    func proxy(text: String, host: String, port: UInt16) throws {
        let endpoint = try EndpointParser.proxy(text).get()
        #expect(endpoint == ProxyEndpoint(host: host, port: port))
        #expect(try EndpointParser.proxy(endpoint.name).get() == endpoint, "what is shown can be written")
    }

    @Test(arguments: [
        ("proxy:3128", "must start with 'http://', as in http://proxy.example:3128"),
        ("https://proxy:1", "must start with 'http://', as in http://proxy.example:3128; found 'https'"),
        ("socks5://proxy:1", "must start with 'http://', as in http://proxy.example:3128; found 'socks5'"),
        ("http://proxy", "must have the proxy's port, as in proxy:3128"), ("http://", "lacks the host"),
        ("http://proxy:0", "must have a port from 1 to 65535 or none; found '0'"),
        ("http://proxy:1/x", "must end after the host and the port"),
        ("http://me:secret@proxy:1", "must not hold a user name; there are keys for that and the password"),
    ])
    func wrongProxies(text: String, message: String) {
        #expect(EndpointParser.proxy(text) == .failure(EndpointError(message: message)))
    }

    /// RFC 9110 §9.3.6: a proxy is told the port in any case.
    @Test func aProxyIsToldNameAndPort() throws {
        #expect(try EndpointParser.broker("wss://b/x").get().target == "b:443")
        #expect(try EndpointParser.broker("mqtt://[::1]").get().target == "[::1]:1883")
        var settings = HostSettings()
        settings.broker = BrokerEndpoint(host: "b", port: 1)
        #expect(settings.firstHop == ("b", 1))
        settings.proxy.endpoint = ProxyEndpoint(host: "p", port: 2)
        #expect(settings.firstHop == ("p", 2))
    }

    @Test func dtlsIsNamed() {
        let error = EndpointError(message: "asks for DTLS, which is not supported yet")
        #expect(EndpointParser.udp("dtls://host") == .failure(error))
    }

    /// What would end the gateway's start is found by whoever only checks the file.
    @Test(arguments: [
        (
            "udp://localhost:1884",
            "holds the name 'localhost', and a listener needs an address: one of this machine's, or 0.0.0.0 or [::] for"
                + " all"
        ),
        ("udp://[fe80::1]:1884", "must name the interface, as in [fe80::1%eth0]; found 'fe80::1'"),
    ])
    func aListenerNeedsAnAddressOfOneMachine(text: String, message: String) {
        #expect(EndpointParser.udp(text) == .failure(EndpointError(message: message)))
    }

    @Test(arguments: ["udp://0.0.0.0:1884", "udp://[::]:1884", "udp://[fe80::1%eth0]:1"])
    func aListenerIsNamedAsItWasWritten(text: String) throws {
        #expect(try EndpointParser.udp(text).get().name == text)
    }

    @Test(arguments: [
        ("udp://239.255.18.84:7", "239.255.18.84", 7), ("udp://224.0.0.1", "224.0.0.1", 1884),
        ("udp://255.255.255.255", "255.255.255.255", 1884), ("udp://192.168.1.255:1", "192.168.1.255", 1),
        ("udp://[ff02::1%eth0]", "ff02::1%eth0", 1884), ("udp://[FF05::1]:65535", "FF05::1", 65_535),
    ])
    func group(text: String, host: String, port: UInt16) throws {
        let group = try EndpointParser.group(text).get()
        #expect(group == UDPGroup(host: host, port: port))
        #expect(try EndpointParser.group(group.name).get() == group)
    }

    @Test(arguments: [
        ("239.255.18.84", "must start with 'udp://', as in udp://239.255.18.84:1884"),
        ("udp://all-nodes:1", "must have an IP address; found 'all-nodes'"),
        ("udp://0.0.0.0:1", "holds '0.0.0.0', which is no multicast group or broadcast address"),
        ("udp://240.0.0.1:1", "holds '240.0.0.1', which is no multicast group or broadcast address"),
        ("udp://[::1]:1", "holds '::1', which is no multicast group, as ff02::1%eth0 is"),
        ("udp://[ff::1]:1", "holds 'ff::1', which is no multicast group, as ff02::1%eth0 is"),
        ("udp://239.1.1.1:0", "must have a port from 1 to 65535 or none; found '0'"),
    ])
    func wrongGroups(text: String, message: String) {
        #expect(EndpointParser.group(text) == .failure(EndpointError(message: message)))
    }

    @Test func forwarders() {
        #expect(EndpointParser.forwarder("any") == .success(.any))
        for address in ["192.0.2.1", "2001:db8::1", "fe80::1%eth0", "febf::1%2"] {
            #expect(EndpointParser.forwarder(address) == .success(.address(address)))
        }
    }

    @Test(arguments: [
        ("", "must be an IP address or 'any'; found ''"),
        ("192.0.2.1:1884", "must be an IP address or 'any'; found '192.0.2.1:1884'"),
        ("[::1]", "must be an IP address or 'any'; found '[::1]'"),
        ("fe80::1", "must name the interface, as in fe80::1%eth0; found 'fe80::1'"),
        ("::1%lo", "must not name an interface, as its address is not link-local; found '::1%lo'"),
    ])
    func wrongForwarders(text: String, message: String) {
        #expect(EndpointParser.forwarder(text) == .failure(EndpointError(message: message)))
    }

    @Test(arguments: ["mqtt://127.0.0.1:1883", "mqtt://[::1]:1"])
    func aBrokerIsNamedAsItWasWritten(text: String) throws {
        #expect(try EndpointParser.broker(text).get().name == text)
    }
}
