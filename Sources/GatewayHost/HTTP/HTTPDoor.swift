import Configuration
import GatewayCore
import HTTP
import Transports

/// One socket at which HTTP is answered, with the connections that came through it.
final class HTTPDoor: StreamListenerDelegate {
    enum Kind {
        /// For browsers and scrapers, wherever they are.
        case tcp
        /// For programs of this machine that may open its file: nothing else is asked of them.
        case control
    }

    let kind: Kind
    unowned let server: HTTPServer
    private var listener: StreamListener
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var failures = Recurrence()
    private var crowds = Recurrence()

    init(_ kind: Kind, _ listener: StreamListener, server: HTTPServer) {
        (self.kind, self.listener, self.server) = (kind, listener, server)
        listener.delegate = self
    }

    var connectionCount: Int { connections.count }

    var address: SocketAddress? { listener.localAddress }

    /// Whether the door stays where it is with other settings.
    func isWanted(by new: HTTPSettings, insteadOf old: HTTPSettings) -> Bool {
        switch kind {
        case .tcp: new.listener == old.listener
        case .control: new.controlSocket == old.controlSocket
        }
    }

    func listener(
        _ listener: StreamListener, accepted descriptor: consuming OwnedDescriptor, from address: SocketAddress
    ) {
        let now = server.host.loop.now
        guard connections.count < server.settings.connectionCount else {
            server.host.statistics.http.note(.tooMany)
            // Closed at once: whoever fills the door must not fill the system's queue before it too.
            server.host.reporter.tooManyHTTPConnections(limit: server.settings.connectionCount, &crowds, at: now)
            return
        }
        do throws(IOError) {
            let connection = try HTTPConnection(descriptor, from: address, door: self)
            connections[ObjectIdentifier(connection)] = connection
        } catch {
            server.host.reporter.failed(error, &failures, at: now)
        }
    }

    func listener(_ listener: StreamListener, failed error: IOError) {
        server.host.reporter.failed(error, &failures, at: server.host.loop.now)
    }

    func hasEnded(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// Whether one more connection may stay to follow what goes on: others must find a place.
    var hasRoomForReader: Bool {
        connections.values.count(where: \.isFollowing) < max(1, server.settings.connectionCount / 2)
    }

    /// Lets another door have the address; who is inside stays.
    func giveWay() { listener.close() }

    /// Opens again after it gave way.
    func comeBack(_ listener: StreamListener) {
        self.listener = listener
        listener.delegate = self
    }

    func close() {
        listener.close()
        cutConnections()
    }

    /// Ends what goes on here: who follows has to come again.
    func cutConnections() {
        for connection in connections.values { connection.cut() }
        connections = [:]
    }
}
