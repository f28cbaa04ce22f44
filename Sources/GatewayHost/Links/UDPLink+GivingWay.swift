// How a UDP link that is about to go lets another have its address, and has it again where that was in vain.

import Configuration
import Transports

extension UDPLink {
    /// Whether the link's socket may be what keeps `other` from being opened: it has the same port, and one of both is
    /// bound to every address.
    func isInTheWay(of other: UDPListener) -> Bool {
        guard let own = listeningAddress, let address = SocketAddress(numeric: other.host, port: other.port) else {
            return false
        }
        return own.port == address.port && own.isIPv6 == address.isIPv6
            && (own.isUnspecified || address.isUnspecified || own == address)
    }

    /// Sends what waits, and closes the sockets; the senders stay known.
    func giveWay() {
        flush()
        closeSockets()
        hasGivenWay = true
    }

    /// Opens the sockets again that were closed to give way; where the address is taken meanwhile, it is waited for.
    func comeBack() {
        guard hasGivenWay else { return }
        hasGivenWay = false
        networkChanged()
    }
}
