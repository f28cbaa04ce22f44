// Other settings for a host that runs: what is new is opened before what goes is closed, unless that is in its way, and
// an error changes nothing.

package import Configuration
import GatewayCore

extension Host {
    /// Goes on with `new`, without touching a session; what only a start can change stays as it is, and is named.
    ///
    /// Listeners are told apart by their addresses, serial lines by their devices. Clients of a listener that is gone
    /// keep their sessions for their keep-alive time, as those that are silent, and may come by another.
    /// Throws where an address cannot be had, and then everything is as before.
    package func reload(_ new: Settings) throws(HostError) -> SettingsChanges {
        let changes = SettingsChanges(from: settings, to: new)
        let wanted = new.keepingStart(of: settings)
        let forwarders = try forwarderLists(of: wanted)
        let tls = try makeTLSClients(ofEach: wanted.host)
        let (former, formerLinks) = (settings, links)
        let udpPlaces = try openListeners(wanted.host.listeners)
        do throws(HostError) {
            try showItself(wanted.host.http)
        } catch {
            takeBack(formerLinks, former.host.listeners)
            throw error
        }
        let places = udpPlaces + openSerialLines(wanted.host.serialPorts, wanted)
        settings = wanted
        for (index, place) in udpPlaces.enumerated() {
            (links[place] as? UDPLink)?.reconfigure(wanted.host.listeners[index], forwarders[index])
        }
        for (place, port) in zip(places.dropFirst(udpPlaces.count), wanted.host.serialPorts) {
            (links[place] as? SerialLink)?.reconfigure(port)
        }
        for place in formerLinks.indices where !places.contains(place) { takeAway(place) }
        reconfigureCore(wanted, places)
        reconfigureStatus()
        streams.reconfigure(wanted, tls)
        warnOfMissingVerification()
        reporter.reconfigure(wanted.host)
        if (wanted.host.logLevel, wanted.host.logFormat) != (former.host.logLevel, former.host.logFormat) {
            reporter.log.follow(level: wanted.host.logLevel, format: wanted.host.logFormat)
        }
        return changes
    }

    private func forwarderLists(of wanted: Settings) throws(HostError) -> [ForwarderList] {
        var lists: [ForwarderList] = []
        for listener in wanted.host.listeners { lists.append(try ForwarderList(listener.forwarders)) }
        return lists
    }

    /// The place of each listener among the links; those that are not there yet are opened.
    private func openListeners(_ wanted: [UDPListener]) throws(HostError) -> [Int] {
        let (former, formerListeners) = (links, settings.host.listeners)
        settings.host.listeners = wanted
        var places: [Int] = []
        do throws(HostError) {
            for listener in wanted {
                let known = links.indices.first { index in
                    guard !places.contains(index), let link = links[index] as? UDPLink else { return false }
                    return (link.listener.host, link.listener.port) == (listener.host, listener.port)
                }
                let place = known ?? freePlace
                places.append(place)
                guard known == nil else { continue }
                put(try openLink(listener, at: place, besides: wanted), at: place)
                statistics.begin(.udp, at: place)
            }
        } catch {
            takeBack(former, formerListeners)
            throw error
        }
        return places
    }

    /// Where an address is still held by a listener that goes, that one gives way first.
    private func openLink(
        _ listener: UDPListener, at place: Int, besides wanted: [UDPListener]
    ) throws(HostError) -> UDPLink {
        let id = LinkID(UInt16(place))
        do throws(HostError) {
            return try UDPLink(listener, id: id, host: self)
        } catch {
            guard error.isAddressInUse else { throw error }
            let holders = links.compactMap { $0 as? UDPLink }.filter { link in
                link.isInTheWay(of: listener)
                    && !wanted.contains { ($0.host, $0.port) == (link.listener.host, link.listener.port) }
            }
            guard !holders.isEmpty else { throw error }
            for holder in holders { holder.giveWay() }
            return try UDPLink(listener, id: id, host: self)
        }
    }

    /// Everything is as it was before listeners were opened; those that gave way are there again.
    private func takeBack(_ former: [any Link], _ listeners: [UDPListener]) {
        for link in links where !former.contains(where: { $0 === link }) { link.close() }
        (links, settings.host.listeners) = (former, listeners)
        statistics.keep(former.map { !($0 is ClosedLink) })
        for link in links { (link as? UDPLink)?.comeBack() }
    }

    /// The place of each serial line among the links; those that are not there yet are opened or waited for.
    private func openSerialLines(_ wanted: [SerialPort], _ settings: Settings) -> [Int] {
        var places: [Int] = []
        for port in wanted {
            let known = links.indices.first { index in
                !places.contains(index) && (links[index] as? SerialLink)?.port.device == port.device
            }
            let place = known ?? freePlace
            places.append(place)
            guard known == nil else { continue }
            let maximum = port.initialMaximumDatagramByteCount
            put(SerialLink(port, id: LinkID(UInt16(place)), knownMaximumByteCount: maximum, host: self), at: place)
            statistics.begin(.serial, at: place)
        }
        return places
    }

    /// A place whose link is gone and of which the core knows nobody any more, else a new one.
    private var freePlace: Int {
        links.firstIndex { ($0 as? ClosedLink)?.peerCount == 0 } ?? links.count
    }

    private func put(_ link: any Link, at place: Int) {
        if place == links.count { links.append(link) } else { links[place] = link }
    }

    private func takeAway(_ place: Int) {
        guard !(links[place] is ClosedLink) else { return }
        let link = links[place]
        link.flush()
        link.close()
        links[place] = ClosedLink(peerCount: link.peerCount)
        statistics.takeAway(place)
        // Clients behind it are judged again, even if it could send nothing before.
        handle(.linkReturned(LinkID(UInt16(place))))
    }

    /// Gives the core its part, with each link's numbers at its place.
    private func reconfigureCore(_ wanted: Settings, _ places: [Int]) {
        var next = wanted.gateway
        next.upstream.sharedClientID = configuration.upstream.sharedClientID
        next.links = links.indices.map { configuration.link(LinkID(UInt16($0))) }
        for (place, link) in zip(places, wanted.gateway.links) {
            next.links[place] = link
            // A module that has said what it carries says it only once.
            if let line = links[place] as? SerialLink {
                next.links[place].maximumDatagramByteCount = line.knownMaximumByteCount
            }
        }
        next.clientRules = settings.clientRules(withLinks: links.map(\.title))
        configuration = next
        let now = now
        recorder?.willReconfigure(next, at: now)
        gateway.reconfigure(next, at: now, into: &effects)
        recorder?.hasHandled(effects, at: now)
        runEffects()
    }
}
