import Configuration
import Transports

/// Who on a link may send encapsulated messages (MQTT-SN 1.2 §5.5, AMB-26), in the form in which each datagram asks.
enum ForwarderList {
    case nobody
    case everybody
    /// Addresses with port 0, since a forwarder may send from any port.
    case listed(Set<SocketAddress>)

    init(_ forwarders: [Forwarder]) throws(HostError) {
        var addresses: Set<SocketAddress> = []
        var isOpenToAll = false
        for forwarder in forwarders {
            switch forwarder {
            case .any: isOpenToAll = true
            case .address(let host):
                guard let address = SocketAddress(numeric: host, port: 0) else { throw .notAForwarder(host) }
                addresses.insert(address)
            }
        }
        if isOpenToAll {
            self = .everybody
        } else {
            self = addresses.isEmpty ? .nobody : .listed(addresses)
        }
    }

    func allows(_ sender: SocketAddress) -> Bool {
        switch self {
        case .nobody: return false
        case .everybody: return true
        case .listed(let addresses):
            var address = sender
            address.port = 0
            return addresses.contains(address)
        }
    }
}
