import Configuration
import Transports

/// The way to one of the owner's brokers: where it is, and what lies between that and MQTT.
struct BrokerWay {
    let address: BrokerAddress
    /// What lies there from now on.
    private(set) var route: BrokerRoute
    /// Makes what is protected; nil where nothing is.
    private(set) var tls: TLSClients?

    /// To the only broker of these settings.
    init(_ settings: HostSettings, loop: EventLoop) {
        address = BrokerAddress(settings, loop: loop)
        route = BrokerRoute(settings, tls: nil, loop: loop)
    }

    /// What holds for connections from now on.
    mutating func reconfigure(_ settings: HostSettings, _ tls: TLSClients?, loop: EventLoop) {
        self.tls = tls
        tls?.limit = settings.clientCertificateCount
        route = BrokerRoute(settings, tls: tls, loop: loop)
    }
}
