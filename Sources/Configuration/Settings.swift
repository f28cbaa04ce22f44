package import GatewayCore

/// Everything that `swiftlet run` needs to know; `Settings()` is what holds without a configuration file.
package struct Settings: Equatable, Sendable {
    /// `links` has one entry for each of `host.listeners`, then one for each of `host.serialPorts`, in their order.
    package var gateway = GatewayConfiguration()
    package var host = HostSettings()

    /// UDP port 1884 on all addresses, and an MQTT broker on this machine.
    package init() {
        gateway.links = host.listeners.map { _ in LinkConfiguration() }
    }
}

/// What the host decides outside the core: sockets and the log.
package struct HostSettings: Equatable, Sendable {
    /// At most `maximumListenerCount`, none only where there are serial ports; each is the link whose `LinkID` is its
    /// index.
    package var listeners = [
        UDPListener(host: "0.0.0.0", port: UDPListener.defaultPort),
        UDPListener(host: "::", port: UDPListener.defaultPort),
    ]
    /// At most `maximumSerialPortCount`; their links follow those of the listeners.
    package var serialPorts: [SerialPort] = []
    /// The one that is preferred.
    package var broker = BrokerEndpoint(host: "127.0.0.1", port: BrokerEndpoint.defaultPort)
    /// Those where connections go while it cannot be reached, in the order of preference.
    package var otherBrokers: [BrokerEndpoint] = []
    /// Client identifier of the gateway's own broker connection, 1 to 65,535 octets; nil: one that the machine makes.
    package var sharedClientID: [UInt8]?
    package var logLevel = LogLevel.info
    package var logFormat = LogFormat.auto
    /// Lines per second about senders the gateway does not know; further ones are only counted.
    package var strangerLogLinesPerSecond = 10
    /// Lines per second about clients with which something is wrong; further ones are only counted.
    package var clientLogLinesPerSecond = 50
    /// Lines per minute about clients that come and go as they should; where there would be more, one line each minute
    /// says how many did what.
    package var clientLogLinesPerMinute = 60
    /// Broker connections that the core is done with and whose end is still awaited; beyond it the oldest are left to
    /// the system. A client has one at the most, as its next connection waits for that.
    package var closingConnectionCount = 1_000
    /// How long nothing may come back through the network from where a broker connection goes: no acknowledgement of
    /// what was written, and none of the probes that TCP sends when all is silent. Seconds, 4 to 3,600.
    package var networkTimeoutSeconds = 20
    /// Octets read at once from a broker connection: so many are kept of each whose client has no room for them.
    package var readByteCountPerConnection = 4_096
    /// The files that secrets were read from, in the order of the keys.
    package var secretFiles: [String] = []
    /// Whether a secret stands in the configuration itself.
    package var hasSecretInTheOpen = false

    /// Where the gateway shows what it does.
    package var http = HTTPSettings()
    package var status = StatusSettings()
    /// What lies on the way to the broker.
    package var proxy = ProxySettings()
    /// For a broker at `mqtts://` or `wss://`.
    package var tls = TLSSettings()
    /// Where the clients are that the rules are for, one for each of `gateway.clientRules`.
    package var clientPlaces: [ClientPlace] = []
    /// What the keys of the certificates are encrypted with that the rules name, one for each of them, as in `tls`.
    package var clientKeyPassphrases: [[UInt8]?] = []
    /// Certificates of clients, each with its key, that are held at once. Beyond it that goes which no connection uses,
    /// and has not for the longest; where all are used, there is none for a client.
    package var clientCertificateCount = 1_000
    /// What the file's owner should know of it although the gateway can run with it, with the places.
    package var fileWarnings: [ConfigurationError] = []
    /// Where its sessions are kept.
    package var store = StoreSettings()

    /// That of the rule at `index`; nil where it has none.
    package func keyPassphrase(ofRule index: Int) -> [UInt8]? {
        clientKeyPassphrases.indices.contains(index) ? clientKeyPassphrases[index] : nil
    }

    /// Whether a gateway does without the listener where the system has no IPv6: the usual one for it, with the other.
    package static func isOptional(_ listener: UDPListener, among listeners: [UDPListener]) -> Bool {
        listener.host == "::" && listeners == HostSettings().listeners
    }

    /// All of them, at least one.
    package var brokers: [BrokerEndpoint] { [broker] + otherBrokers }

    /// Whether one of them is spoken to by TLS.
    package var isAnyBrokerEncrypted: Bool { brokers.contains { $0.isEncrypted } }

    /// The same with the broker at that place as the only one; the preferred one where there is none.
    package func at(broker place: Int) -> HostSettings {
        guard !otherBrokers.isEmpty else { return self }
        var settings = self
        settings.broker = brokers.indices.contains(place) ? brokers[place] : broker
        settings.otherBrokers = []
        return settings
    }

    package static let maximumListenerCount = 64
    package static let maximumSerialPortCount = 16

    package init() {}
}

/// A local UDP address on which clients reach the gateway.
package struct UDPListener: Equatable, Sendable {
    /// An IP address without brackets; an IPv6 scope follows `%`.
    package var host: String
    /// 0 lets the system choose.
    package var port: UInt16
    /// SO_RCVBUF: octets the system keeps for the gateway while it is busy.
    package var receiveBufferByteCount: Int
    /// Where the gateway makes itself known and is searched for (MQTT-SN 1.2 §6.1); at most `maximumGroupCount`.
    package var groups: [UDPGroup] = []
    /// The network interface of the multicast groups, by name; nil lets the system choose.
    package var interface: String?
    /// Who may send encapsulated messages (MQTT-SN 1.2 §5.5); at most `maximumForwarderCount`.
    package var forwarders: [Forwarder] = []

    package static let maximumGroupCount = 16
    package static let maximumForwarderCount = 1_000

    /// The port that MQTT-SN gateways commonly listen on; MQTT-SN 1.2 names none.
    package static let defaultPort: UInt16 = 1884

    package init(host: String, port: UInt16, receiveBufferByteCount: Int = 4_194_304) {
        self.host = host
        self.port = port
        self.receiveBufferByteCount = receiveBufferByteCount
    }

    /// As written in the configuration: `udp://0.0.0.0:1884`, `udp://[::]:1884`.
    package var name: String { "udp://" + authority(host, port) }

    /// Whether the system gives only one of the two listeners its socket: both have one port, and one of them has it at
    /// all addresses.
    func coversOrIsCovered(by other: UDPListener) -> Bool {
        guard port == other.port, AddressFamily(ofHost: host) == AddressFamily(ofHost: other.host) else { return false }
        return [host, other.host].contains { $0 == "0.0.0.0" || $0 == "::" }
    }

    /// The interface of all its groups, by name; nil lets the system choose.
    package var interfaceOfGroups: String? { interface ?? groups.lazy.compactMap(\.interface).first }

    /// The interface that its own address belongs to; nil when it names none.
    package var interfaceOfAddress: String? { interfaceName(in: host) }
}

/// What reaches every node of a network: a multicast group, or an IPv4 broadcast address.
package struct UDPGroup: Equatable, Sendable {
    /// An IP address without brackets; an IPv6 scope follows `%`.
    package var host: String
    /// 1…65535.
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// The interface after `%`; nil when there is none.
    package var interface: String? { interfaceName(in: host) }

    /// As written in the configuration: `udp://239.255.18.84:1884`, `udp://[ff02::1%eth0]:1884`.
    package var name: String { "udp://" + authority(host, port) }
}

/// Who may forward other nodes' messages.
package enum Forwarder: Equatable, Sendable {
    /// Everybody who can send a datagram.
    case any
    /// An IP address without brackets, from any port; a link-local one with its interface after `%`.
    case address(String)

    /// As written in the configuration: `any`, `192.0.2.1`.
    package var name: String {
        switch self {
        case .any: "any"
        case .address(let host): host
        }
    }
}

/// Where the MQTT broker listens for TCP connections, and what lies between these and MQTT.
package struct BrokerEndpoint: Equatable, Sendable {
    /// A name or an IP address without brackets; an IPv6 scope follows `%`.
    package var host: String
    /// 1…65535.
    package var port: UInt16

    /// Whether it is spoken to by TLS.
    package var isEncrypted: Bool

    /// The path at which it is spoken to by WebSocket, which begins with `/`, percent-encoded; nil for plain MQTT.
    package var webSocketPath: String?

    /// The port registered for MQTT without TLS.
    package static let defaultPort: UInt16 = 1883
    /// The port registered for MQTT over TLS.
    package static let defaultEncryptedPort: UInt16 = 8883
    /// The ports of WebSocket without and with TLS (RFC 6455 §3).
    package static let defaultWebSocketPort: UInt16 = 80
    package static let defaultEncryptedWebSocketPort: UInt16 = 443
    /// The path that brokers commonly have.
    package static let defaultWebSocketPath = "/mqtt"

    package init(host: String, port: UInt16, isEncrypted: Bool = false, webSocketPath: String? = nil) {
        self.host = host
        self.port = port
        self.isEncrypted = isEncrypted
        self.webSocketPath = webSocketPath
    }

    /// The port where none is written.
    package var usualPort: UInt16 {
        switch (webSocketPath != nil, isEncrypted) {
        case (false, false): Self.defaultPort
        case (false, true): Self.defaultEncryptedPort
        case (true, false): Self.defaultWebSocketPort
        case (true, true): Self.defaultEncryptedWebSocketPort
        }
    }

    /// What the URL begins with, or would with or without TLS.
    package func scheme(isEncrypted: Bool) -> String {
        (webSocketPath == nil ? "mqtt" : "ws") + (isEncrypted ? "s" : "")
    }

    /// As written in the configuration: `mqtt://127.0.0.1:1883`, `wss://broker.example:443/mqtt`.
    package var name: String {
        "\(scheme(isEncrypted: isEncrypted))://\(authority(host, port))\(webSocketPath ?? "")"
    }

    /// As Host names it (RFC 9110 §7.2): without a port that is the usual one, and without an interface.
    package var authorityInHTTP: String {
        let name = host.firstIndex(of: "%").map { String(host[..<$0]) } ?? host
        let whole = authority(name, port)
        return port == usualPort ? String(whole.dropLast("\(port)".count + 1)) : whole
    }
}

/// What stands after `%`.
private func interfaceName(in host: String) -> String? {
    host.firstIndex(of: "%").map { String(host[host.index(after: $0)...]) }
}

func authority(_ host: String, _ port: UInt16) -> String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
}
