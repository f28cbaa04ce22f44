import Configuration
import GatewayCore
import PahoConversion
import Testing

/// Five configurations as they are found in the field, and files that are none.
@Suite struct PahoConversionTests {
    /// What a conversion means; it must be accepted.
    private static func settings(_ conversion: PahoConversion) throws -> Settings {
        switch SettingsReader.read(Array(conversion.toml.utf8), file: "converted") {
        case .success(let settings): return settings
        case .failure(let errors):
            Issue.record("\(errors)\n\(conversion.toml)")
            throw errors
        }
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// As it is shipped: everything switched off, and all kinds of links side by side.
    @Test func theShippedFile() throws {
        let conversion = PahoConversion(gateway: PahoExamples.shipped, others: [], link: .udp)
        let settings = try Self.settings(conversion)
        #expect(settings.gateway.gatewayID == 1)
        #expect(settings.gateway.limits.clients == 30)
        #expect(settings.gateway.qosMinusOne == .off)
        #expect(settings.gateway.upstream.keepAliveSeconds == 60)
        #expect(settings.gateway.isLenient)
        #expect(settings.host.broker.name == "mqtt://mqtt.example:1883")
        #expect(settings.host.listeners.map(\.name) == ["udp://0.0.0.0:10000"])
        #expect(settings.host.listeners[0].groups.map(\.name) == ["udp://225.1.1.1:1883"])
        #expect(
            conversion.toml.contains("# no counterpart: BrokerSecurePortNo=8883: for TLS write mqtts://"))
        #expect(conversion.toml.contains("# no counterpart: GatewayName=PahoGateway-01"))
        // What is for another build is nothing to think about.
        #expect(!conversion.toml.contains("Baudrate="))
    }

    /// The same for IPv6: another port key, a group of global scope on a named interface.
    @Test func ipv6() throws {
        let settings = try Self.settings(PahoConversion(gateway: PahoExamples.shipped, others: [], link: .udp6))
        #expect(settings.host.listeners.map(\.name) == ["udp://[::]:10000"])
        #expect(settings.host.listeners[0].interface == "wlp4s0")
        #expect(settings.host.listeners[0].groups.map(\.name) == ["udp://[ff1e:feed:caca:dead::1]:1883"])
    }

    /// A radio with credentials at the broker, TLS, and a monitor.
    @Test func xbee() throws {
        let conversion = PahoConversion(gateway: PahoExamples.radio, others: [], link: .xbee)
        let settings = try Self.settings(conversion)
        #expect(settings.host.listeners.isEmpty)
        let port = try #require(settings.host.serialPorts.first)
        #expect(port.device == "/dev/ttyUSB0" && port.speeds == [38_400] && port.xbee.apiMode == 2)
        #expect(port.allowsForwarding)
        #expect(settings.gateway.upstream.username == Self.bytes("farm"))
        #expect(settings.gateway.upstream.password == Self.bytes(#"p"a\ss=word#1"#))
        for part in ["RootCAfile=", "PrivateKey=", "ShearedMemory=YES: 'swiftlet watch'"] {
            #expect(conversion.toml.contains("# no counterpart: \(part)"), "\(part)")
        }
    }

    /// All lists: forwarders by address, QoS −1 clients, topics for all and for one, a client that may not be missed.
    @Test func withAllLists() throws {
        let conversion = PahoConversion(
            gateway: PahoExamples.lists, others: [PahoExamples.clients, PahoExamples.topics], link: .udp)
        let settings = try Self.settings(conversion)
        #expect(settings.gateway.qosMinusOne == .on)
        #expect(settings.gateway.limits.clientIDByteCount == "GatewayTestClientWithALongName".utf8.count)
        #expect(settings.host.listeners[0].forwarders.map(\.name) == ["172.16.1.11", "172.16.1.12"])
        let topics = settings.gateway.predefinedTopics.entries
        #expect(topics.map(\.topicID) == [1, 2, 1])
        #expect(
            topics.map(\.clientID) == [nil, Self.bytes("GatewayTestClientWithALongName"), Self.bytes("QoS-1_Client03")])
        #expect(topics[0].topicName == Self.bytes("ty4tw/predefinedTopic1"))
        for part in [
            "ClientAuthentication=YES", "AggregatingGateway=YES", "MulticastTTL=3", "*,again,1: the client has this id",
            "*,bad/#,4", "*,zero,0", "QoS-1_Client03 QoS-1", "Client02 secureConnection", "BrokerPortNo=99999",
        ] {
            #expect(conversion.toml.contains("# no counterpart: \(part)"), "\(part)\n\(conversion.toml)")
        }
    }

    /// The older form of the file: other spellings, a semicolon at the end, CRLF, tabs.
    @Test func theOlderForm() throws {
        let conversion = PahoConversion(gateway: PahoExamples.older, others: [PahoExamples.topics], link: .udp)
        let settings = try Self.settings(conversion)
        #expect(settings.gateway.gatewayID == 7)
        #expect(settings.gateway.limits.clients == 50)
        #expect(settings.host.broker.name == "mqtt://192.0.2.1:1884")
        #expect(settings.gateway.predefinedTopics.entries.isEmpty)
        for part in ["OoS-1ProxyName=Proxy007", "ForwardersList=", "Forwarder=YES", "PredefinedTopic=NO"] {
            #expect(conversion.toml.contains("# no counterpart: \(part)"), "\(part)\n\(conversion.toml)")
        }
    }

    /// Whatever the file holds, the outcome is a configuration.
    @Test(
        arguments: [
            "", "=\n==\n,,,\n", "GatewayID=999999999999999999999999\nKeepAlive=-1\nBrokerName=a b c\nBrokerPortNo=0\n",
            "BrokerName=::1\nLoginID=\nPassword=x\nMulticastIP=10.0.0.1:5\nGatewayPortNo=65536",
            "MulticastIP=ff02::1\nMulticastIPv6=ff02::1\nSerialDevice=tty\nGatewayName=a\u{1}\u{2028}\u{7F}b",
            "LoginID=\u{0}\nLoginID=x\nMulticastIPv6If=this-name-is-much-too-long\nMulticastIPv6=ff02::1",
        ], PahoConversion.Link.allCases)
    func anythingIsAConfiguration(text: String, link: PahoConversion.Link) throws {
        let others = ["*,\u{0},1\n,,\n*,a/b\n\"x\",a\"b\\c,5,more\n", "a\na,b,c\n,fe80::1:5,forwarder\n"]
        _ = try Self.settings(PahoConversion(gateway: text, others: others, link: link))
    }

    @Test func aFileOfAnotherKindIsNone() {
        #expect(!PahoConversion(gateway: "[gateway]\nid = 1\n", others: [], link: .udp).hasFoundAnything)
        #expect(PahoConversion(gateway: "GatewayID=1", others: [], link: .udp).hasFoundAnything)
    }
}
