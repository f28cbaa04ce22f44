import GatewayCore
import LinkFraming
import Time

/// One of the gateway's links in a world, as its host sees it.
struct WorldLink {
    /// Whether nothing leaves on it, and nothing comes.
    var isLost = false
    /// When it came back last.
    var returnedAt = Instant(nanoseconds: 0)
}

// Links of the gateway that go away and return: the interface of its UDP socket, and the line to its radio module.

extension World {
    static let udpLink = LinkID(0)
    static let radioModuleLink = LinkID(1)

    /// The link by which the gateway reaches a place; a node behind a forwarder is where that is.
    func link(to place: Int) -> LinkID {
        guard let client = clientByAddress[place], clients[client].isBehindRadio, nodeByPlace[place] == nil else {
            return Self.udpLink
        }
        return Self.radioModuleLink
    }

    func isLinkLost(to place: Int) -> Bool { links[Int(link(to: place).rawValue)].isLost }

    /// Since when the gateway could have heard a client, as far as its link goes.
    func linkReturned(to place: Int) -> Instant { links[Int(link(to: place).rawValue)].returnedAt }

    /// The interface is deleted, and made anew after a while.
    func loseInterface() {
        guard isGatewayUp, !links[0].isLost else { return }
        rudeness.note(.lostLink)
        change(Self.udpLink, isLost: true)
        queue.insert(.interfaceReturns, at: now + rudeMilliseconds(1_000...180_000))
    }

    func interfaceReturns() { change(Self.udpLink, isLost: false) }

    /// The radio module has found its network, or lost it, or its line is gone.
    func radioModuleChanged() {
        change(Self.radioModuleLink, isLost: !radioSite.isPluggedIn || radioLink.state != .ready)
    }

    private func change(_ link: LinkID, isLost: Bool) {
        let index = Int(link.rawValue)
        guard links[index].isLost != isLost else { return }
        chronicle?.note("link \(index) \(isLost ? "is lost" : "returns")", at: now)
        links[index].isLost = isLost
        if isLost {
            dropDatagrams { self.link(to: $0.address) == link }
        } else {
            links[index].returnedAt = now
            if link == Self.udpLink { discovery.linkReturned() }
        }
        gatewayHandles(isLost ? .linkLost(link) : .linkReturned(link))
    }

    /// A gateway that starts learns which of its links are not there.
    func tellLostLinks() {
        for (index, link) in links.enumerated() where link.isLost {
            gatewayHandles(.linkLost(LinkID(UInt16(index))))
        }
    }
}
