import Configuration
import Transports

/// Who on a link may send encapsulated messages (MQTT-SN 1.2 §5.5, AMB-26), in the form in which each datagram asks.
struct ForwarderList {
    private let hosts: [String]
    private let isOpenToAll: Bool
    /// With port 0, since a forwarder may send from any port.
    private var addresses: Set<SocketAddress> = []
    /// Those whose interface is not there.
    private(set) var missing: [String] = []

    /// Throws where a forwarder's address is none.
    init(_ forwarders: [Forwarder]) throws(HostError) {
        var hosts: [String] = []
        for case .address(let host) in forwarders {
            guard SocketAddress.isNumeric(host) else { throw .notAForwarder(host) }
            hosts.append(host)
        }
        self.hosts = hosts
        isOpenToAll = forwarders.contains(.any)
        resolve()
    }

    /// Link-local addresses belong to an interface, which may be another one than before.
    mutating func followInterfaces() {
        if hosts.contains(where: { $0.contains("%") }) { resolve() }
    }

    private mutating func resolve() {
        (addresses, missing) = ([], [])
        for host in hosts {
            if let address = SocketAddress(numeric: host, port: 0) {
                addresses.insert(address)
            } else {
                missing.append(host)
            }
        }
    }

    func allows(_ sender: SocketAddress) -> Bool {
        guard !isOpenToAll else { return true }
        guard !addresses.isEmpty else { return false }
        var address = sender
        address.port = 0
        return addresses.contains(address)
    }
}
