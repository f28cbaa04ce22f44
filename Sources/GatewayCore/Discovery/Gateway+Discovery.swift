import Bytes
import MQTTSN
import Time

// ADVERTISE, SEARCHGW and GWINFO (MQTT-SN 1.2 §6.1).

extension Gateway {
    /// GW-12, GW-13: at once, to the group with the radius of the search, and to whoever asked.
    mutating func searched(radius: UInt8, from route: Route) {
        // GW-10: a gateway without a broker does not offer itself.
        guard environment.broker == .reachable, !isShuttingDown, advertiser.isActive(at: environment.now)
        else { return }
        // An answer goes to everybody on the link: it has a measure of its own, which strangers do not use up.
        guard searchReplies.take(at: environment.now) else { return }
        let info = Message.gatewayInfo(gatewayID: environment.configuration.gatewayID, address: 0..<0)
        broadcast(info, radius: radius, on: route.peer.link)
        environment.send(info, to: route)
        environment.observe(.searchAnswered, peer: route.peer)
    }

    /// Sends the ADVERTISE that is due, on every link that reaches all its nodes (GW-09). Without a broker it stays due
    /// until there is one (GW-10).
    mutating func advertiseIfDue() {
        let due = advertiser.nextAdvertise(at: environment.now)
        guard environment.broker == .reachable, !isShuttingDown else { return }
        guard due <= environment.now else { return environment.deadlines.schedule(.gateway, noLaterThan: due) }
        for index in environment.configuration.links.indices { advertise(on: LinkID(UInt16(index))) }
        environment.observe(.advertised)
        advertiser.hasAdvertised(at: environment.now)
        environment.deadlines.schedule(.gateway, noLaterThan: advertiser.nextAdvertise(at: environment.now))
    }

    /// The link is there again: nobody on it has heard the ADVERTISE that went out meanwhile, if one did.
    mutating func advertiseAgain(on link: LinkID, lostSince since: Instant) {
        guard environment.broker == .reachable, !isShuttingDown, advertiser.isActive(at: environment.now),
            advertiser.hasAdvertised(since: since)
        else { return }
        advertise(on: link)
    }

    private mutating func advertise(on link: LinkID) {
        let configuration = environment.configuration
        let message = Message.advertise(
            gatewayID: configuration.gatewayID, duration: configuration.discovery.advertiseIntervalSeconds)
        broadcast(message, radius: 0, on: link)
    }

    /// Another gateway: the host keeps this one's own messages to itself when a group gives them back.
    mutating func advertiseReceived(gatewayID: UInt8, duration: UInt16, from peer: PeerID) {
        advertiser.heardAdvertise(gatewayID: gatewayID, seconds: duration, at: environment.now)
        noteGatewayID(gatewayID, of: peer)
        advertiseIfDue()
    }

    /// A client answers for a gateway that it knows and says where that is; what says no address is a gateway's own
    /// (MQTT-SN 1.2 §5.4.3).
    mutating func gatewayInfoReceived(gatewayID: UInt8, isOfClient: Bool, from peer: PeerID) {
        environment.observe(.unexpectedMessage(.gatewayInfo), peer: peer)
        if !isOfClient { noteGatewayID(gatewayID, of: peer) }
    }

    /// Clients tell gateways apart by their numbers (§5.3.8).
    private mutating func noteGatewayID(_ gatewayID: UInt8, of peer: PeerID) {
        guard gatewayID == environment.configuration.gatewayID else { return }
        environment.observe(.gatewayIDTaken(gatewayID), peer: peer)
    }

    private mutating func broadcast(_ message: Message, radius: UInt8, on link: LinkID) {
        let start = environment.effects.bytes.count
        environment.effects.bytes.appendMessage(message)
        environment.effects.list.append(
            .broadcastDatagram(start..<environment.effects.bytes.count, radius: radius, on: link))
    }
}
