// What is told of listeners, groups and interfaces that are there, go away and come back.

import Configuration
import Transports

extension Reporter {
    func listening(on transport: UDPTransport, asked: Int) {
        let granted = transport.grantedReceiveBufferByteCount
        var line = "listening on udp://\(transport.localAddress) receive_buffer=\(granted)"
        if granted < asked { line += " (asked for \(asked); raise net.core.rmem_max for more)" }
        log.write(.info, line)
    }

    /// The forwarders of a listener, which its nodes depend on.
    func forwarders(_ listener: UDPListener, _ list: ForwarderList, on address: SocketAddress) {
        guard !listener.forwarders.isEmpty else { return }
        let isOpenToAll = listener.forwarders.contains(.any)
        var line = "forwarders of udp://\(address): \(isOpenToAll ? "any" : "\(listener.forwarders.count)")"
        if !list.missing.isEmpty { line += ", waiting for the interface of \(list.missing.joined(separator: " "))" }
        log.write(.info, line)
    }

    /// What a listener needs is not there yet, or no more.
    func waits(for error: HostError, isNew: Bool) {
        log.write(isNew ? .warning : .debug, "\(error); waiting for it, and trying again and again")
    }

    /// A kernel without IPv6 is not a mistake of the owner's, who has not asked for it.
    func doesWithout(_ listener: UDPListener) {
        log.write(.info, "not listening on \(listener.name): this system has no IPv6")
    }

    // MARK: Groups

    func joined(_ membership: UDPGroupMembership, of link: UDPLink, isAgain: Bool) {
        guard let address = membership.address else { return }
        let kind = address.isMulticast ? "multicast group" : "broadcast address"
        // An IPv6 group names its interface itself; broadcasts go where the routing table says.
        let isNamed = address.isMulticast && !address.isIPv6
        let interface = isNamed ? membership.interface.map { " interface=" + $0 } : nil
        log.write(
            .info, "\(kind) udp://\(address) of \(link.listener.name)" + (interface ?? "") + (isAgain ? " again" : ""))
    }

    func notJoined(_ membership: UDPGroupMembership, of link: UDPLink, _ trouble: String, wasJoined: Bool) {
        let awaited = membership.interface.map { "the interface " + $0 } ?? "an interface that leads there"
        log.write(
            .warning,
            "group \(membership.group.name) of \(link.listener.name) \(wasJoined ? "lost" : "not joined"): \(trouble);"
                + " waiting for \(awaited)")
    }

    // MARK: Links

    /// In `recurrence`'s measure; whether a line was due.
    func lost(
        _ link: UDPLink, _ obstacle: LinkPresence.Obstacle, _ recurrence: inout Recurrence, at now: UInt64
    ) -> Bool {
        guard let count = recurrence.happened(at: now) else { return false }
        let reason =
            switch obstacle {
            case .notOpen: "its address is not there"
            case .interfaces(let names):
                "\(names.joined(separator: " and ")) \(names.count == 1 ? "is" : "are") gone, down or without a carrier"
            case .noWay(let peer): "there is no way to \(peer) or to anybody else"
            }
        log.write(
            .warning,
            "nothing can be sent on \(link.listener.name): \(reason); its clients keep their sessions meanwhile"
                + Recurrence.suffix(count))
        return true
    }

    func returned(_ link: UDPLink) { log.write(.info, "\(link.listener.name) can send again") }

    /// Interfaces are looked at each second then.
    func cannotWatch(_ error: IOError) {
        log.write(.info, "interfaces that come and go are looked for each second: \(error)")
    }
}
