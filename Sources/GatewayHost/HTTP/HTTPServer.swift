import Configuration
import GatewayCore
import HTTP
import Transports

/// What the gateway shows of itself: its doors, what is answered at them, and who follows what goes on.
///
/// Nothing here waits for anybody: everything is on the gateway's own loop, what is to be read is bounded, and who does
/// not read it in time is cut off.
final class HTTPServer {
    unowned let host: Host
    private(set) var settings: HTTPSettings
    private var doors: [HTTPDoor] = []
    let events: EventFeed
    let watch: WatchFeed
    var recent: RecentMessages
    private var slowReaders = Recurrence()
    private var failures = Recurrence()
    /// Whether the door over TCP is closed for one that takes its place.
    private var hasGivenWay = false
    /// Who sent the datagram that is being handled.
    private var senderPeer: PeerID?
    private var senderID: [UInt8]?

    /// Opens the doors that the settings want; nothing is answered before the first turn.
    init(_ settings: HTTPSettings, host: Host) throws(HostError) {
        (self.settings, self.host) = (settings, host)
        events = EventFeed(host: host)
        watch = WatchFeed(host: host)
        recent = RecentMessages(count: settings.recentMessageCount)
        doors = try openDoors(of: settings, besides: HTTPSettings())
    }

    /// Goes on with other settings: new doors are opened before those are closed that are not wanted any more. Where
    /// one cannot be opened, everything stays as it was.
    func apply(_ new: HTTPSettings) throws(HostError) {
        let opened = try openDoors(of: new, besides: settings)
        for door in doors where !door.isWanted(by: new, insteadOf: settings) { door.close() }
        doors.removeAll { !$0.isWanted(by: new, insteadOf: settings) }
        // Who came without the new token, or with the old one, has to show it.
        if new.token != settings.token { doors.filter { $0.kind == .tcp }.forEach { $0.cutConnections() } }
        doors += opened
        hasGivenWay = false
        if new.recentMessageCount != settings.recentMessageCount {
            recent = RecentMessages(count: new.recentMessageCount)
        }
        settings = new
    }

    /// The doors that `new` wants and `old` has not.
    private func openDoors(of new: HTTPSettings, besides old: HTTPSettings) throws(HostError) -> [HTTPDoor] {
        var opened: [HTTPDoor] = []
        do throws(HostError) {
            if let endpoint = new.listener, endpoint != old.listener {
                opened.append(try openTCPAfterAll(endpoint))
            }
            if let path = new.controlSocket, path != old.controlSocket { opened.append(try openControl(path)) }
        } catch {
            for door in opened { door.close() }
            comeBack()
            throw error
        }
        if let endpoint = new.listener, !endpoint.isLoopback, new.token == nil,
            endpoint != old.listener || old.token != nil
        {
            host.reporter.servesEverybody(endpoint.name)
        }
        return opened
    }

    private func openTCP(_ endpoint: HTTPEndpoint) throws(HostError) -> HTTPDoor {
        guard let address = SocketAddress(numeric: endpoint.host, port: endpoint.port) else {
            throw .cannotServe(endpoint.name, .noInterface(operation: "listen"))
        }
        do throws(IOError) {
            let listener = try StreamListener(at: address, loop: host.loop)
            host.reporter.servesHTTP(at: listener.localAddress ?? address)
            return HTTPDoor(.tcp, listener, server: self)
        } catch {
            throw .cannotServe(endpoint.name, error)
        }
    }

    /// Where the address is still held by the door that goes, that one gives way first.
    private func openTCPAfterAll(_ endpoint: HTTPEndpoint) throws(HostError) -> HTTPDoor {
        do throws(HostError) {
            return try openTCP(endpoint)
        } catch {
            guard error.isAddressInUse, let door = doors.first(where: { $0.address?.port == endpoint.port }) else {
                throw error
            }
            door.giveWay()
            hasGivenWay = true
            return try openTCP(endpoint)
        }
    }

    /// The door that gave way to one that could not be opened is there again.
    private func comeBack() {
        guard hasGivenWay, let door = doors.first(where: { $0.kind == .tcp }), let address = door.address
        else { return }
        hasGivenWay = false
        do throws(IOError) {
            door.comeBack(try StreamListener(at: address, loop: host.loop))
            host.reporter.servesHTTP(at: address)
        } catch {
            host.reporter.failed(error, &failures, at: host.loop.now)
        }
    }

    private func openControl(_ path: String) throws(HostError) -> HTTPDoor {
        do throws(IOError) {
            return HTTPDoor(.control, try StreamListener(atPath: path, loop: host.loop), server: self)
        } catch {
            throw .cannotServe(path, error)
        }
    }

    /// Where HTTP is answered over TCP, with its real port; nil where it is not.
    var address: SocketAddress? { doors.lazy.compactMap(\.address).first }

    /// Connections at the door that has the most.
    var mostConnections: Int { doors.map(\.connectionCount).max() ?? 0 }

    /// Whether somebody wants every datagram and packet.
    var isWatched: Bool { watch.hasReaders }

    /// Whether somebody wants what is observed.
    var hasFollowers: Bool { events.hasReaders || watch.hasReaders }

    func close() {
        for door in doors { door.close() }
        doors = []
    }

    /// A follower was cut off.
    func readTooSlowly() {
        host.statistics.http.note(.slowReader)
        host.reporter.followerCutOff(&slowReaders, at: host.loop.now)
    }

    // MARK: What goes on

    /// At the end of a turn: what followers are to hear leaves together.
    func flush() {
        events.flush()
        watch.flush()
    }

    /// What is handled now came from a client at `peer`, or from elsewhere.
    func noteSender(_ peer: PeerID?, _ clientID: [UInt8]?) { (senderPeer, senderID) = (peer, clientID) }

    /// The ClientId of whoever sent from `peer` what is handled now.
    func sender(at peer: PeerID) -> [UInt8]? { peer == senderPeer ? senderID : nil }

    /// Takes note of a datagram that was received or is sent; `bytes` are only borrowed.
    func noteDatagram(_ bytes: RawSpan, _ way: RecentMessages.Way, of clientID: [UInt8]?, peer: PeerID) {
        if let clientID { recent.append(bytes, way, of: clientID, at: host.loop.now) }
        if isWatched { watch.datagram(bytes, way, of: clientID, peer: peer) }
    }

    func note(_ observation: Observation, _ clientID: RawSpan, address: String?) {
        if events.hasReaders { events.observed(observation, clientID, address: address) }
        if isWatched { watch.observed(observation, clientID, address: address) }
    }
}
