import Configuration
import Transports

/// The machine's network as the links see it: what changes, which addresses are its own.
final class HostNetwork: NetworkMonitorDelegate {
    /// nil where the system does not tell of changes.
    private var monitor: NetworkMonitor?
    /// This machine's addresses by interface, as of the last change; nil where they must be asked for.
    private var knownAddresses: [SocketAddress: UInt32]?
    /// When all addresses were asked for as one was not known; as senders cause it, at most once in the interval.
    private var askedAt: UInt64 = 0
    private static let askingInterval: UInt64 = 100_000_000
    /// The addresses of the gateway's main sockets.
    private var sockets: [SocketAddress] = []
    private unowned let host: Host

    /// Watches the network; without the right to, links look for themselves each second.
    init(_ host: Host) {
        self.host = host
        do throws(IOError) {
            monitor = try NetworkMonitor(loop: host.loop)
            monitor?.delegate = self
        } catch {
            host.reporter.cannotWatch(error)
        }
    }

    /// Whether changes are told.
    var isTold: Bool { monitor != nil }

    /// This machine's addresses with the numbers of their interfaces; nil where the system does not tell.
    var addresses: [SocketAddress: UInt32]? {
        // Where nobody tells of changes, what was true before may not be now.
        if knownAddresses == nil || !isTold { knownAddresses = SocketAddress.ofThisMachine() }
        return knownAddresses
    }

    func opened(_ socket: SocketAddress) { sockets.append(socket) }

    func closed(_ socket: SocketAddress) { sockets.removeAll { $0 == socket } }

    /// Whether a datagram from `source` was sent by this gateway, as groups give back what is sent to them.
    func isOwn(_ source: SocketAddress) -> Bool {
        for socket in sockets where socket.port == source.port && socket.isIPv6 == source.isIPv6 {
            if socket == source || socket.isUnspecified && has(source) { return true }
        }
        return false
    }

    /// Whether `address` is one of this machine's; its port does not matter.
    private func has(_ address: SocketAddress) -> Bool {
        var host = address
        host.port = 0
        if host.isLoopbackIPv4 { return true }
        if addresses?[host] != nil { return true }
        // A datagram from an address that is quite new may come before the word that there is one.
        let now = self.host.loop.now
        guard isTold, now &- askedAt >= Self.askingInterval else { return false }
        askedAt = now
        knownAddresses = nil
        return addresses?[host] != nil
    }

    func networkChanged() {
        knownAddresses = nil
        for link in host.links { link.networkChanged() }
    }

    func networkMonitorFailed(_ error: IOError) {
        monitor = nil
        host.reporter.cannotWatch(error)
        networkChanged()
    }

    func close() {
        monitor?.close()
        monitor = nil
    }
}
