import Bytes
import GatewayCore
import MQTTSN

// Devices that know no gateway, and what the gateway says to everybody (MQTT-SN 1.2 §6.1).

extension World {
    /// Whether the device may connect; where it knows no gateway it begins to look for one.
    func knowsGateway(_ index: Int) -> Bool {
        guard clients[index].isSearcher, !clients[index].hasFoundGateway else { return true }
        guard !clients[index].search.isSearching else { return false }
        var datagram: [UInt8] = []
        clients[index].search.begin(at: now, into: &datagram)
        search(index, datagram)
        return false
    }

    private func search(_ index: Int, _ datagram: [UInt8]) {
        chronicle?.noteSent(datagram, by: index, at: now)
        if !clients[index].isMute { sendFromClient(index, datagram) }
        if let deadline = clients[index].search.nextDeadline { queue.insert(.clientSearches(index), at: deadline) }
    }

    func clientSearches(_ index: Int) {
        guard let deadline = clients[index].search.nextDeadline, deadline <= now, !clients[index].isDead else { return }
        var datagram: [UInt8] = []
        if clients[index].search.deadlineReached(at: now, into: &datagram) { search(index, datagram) }
    }

    /// A device that searches hears a datagram, whoever it is for.
    func searcherHears(_ index: Int, _ datagram: [UInt8]) {
        guard clients[index].isSearcher, !clients[index].hasFoundGateway else { return }
        switch clients[index].search.receive(datagram.span.bytes) {
        case .answered(let gatewayID), .advertised(let gatewayID, _):
            clients[index].hasFoundGateway = true
            if gatewayID != plan.gateway.gatewayID { fail("client \(index) has found gateway \(gatewayID)") }
        case .searched, .nothing: break
        }
    }

    /// The gateway speaks to everybody on the link; nodes behind forwarders are on another one.
    func broadcast(_ bytes: [UInt8], radius: UInt8, on link: LinkID) {
        let message = try? Message.decode(bytes.span.bytes)
        // To each link the same.
        if case .advertise? = message, link != Self.udpLink {
        } else {
            discovery.broadcast(message, radius: radius, at: now)
        }
        departures.append(.broadcast(bytes, radius: radius, link))
    }

    /// What the gateway says to everybody leaves its process.
    func takeOff(_ bytes: [UInt8], radius: UInt8, on link: LinkID) {
        guard !links[Int(link.rawValue)].isLost else { return }
        if link == Self.radioModuleLink { return broadcastThroughRadio(bytes, radius: radius) }
        for index in clients.indices where self.link(to: clients[index].address) == link {
            guard nodeByPlace[clients[index].address] == nil else { continue }
            let datagram = Datagram(
                client: index, address: clients[index].address, bytes: bytes, sentAt: now,
                connection: clients[index].connection)
            fly(of: index) { .datagramReachedClient(datagram) }
        }
    }
}
