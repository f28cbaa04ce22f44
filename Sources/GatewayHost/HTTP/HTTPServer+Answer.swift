import Configuration
import HTTP
import StatusPage

// What is answered to each request.

extension HTTPServer {
    private static let plainText = "text/plain; charset=utf-8"
    private static let json = "application/json"
    private static let pageFields = [(name: "Content-Security-Policy", value: PagePolicy.value)]

    func answer(_ request: HTTPRequest, on connection: HTTPConnection) {
        if connection.kind == .tcp, let host = request.host, !isOwn(host) {
            return refuse(Self.foreignHost, on: connection)
        }
        guard let resource = HTTPResource(path: request.path, at: connection.kind) else {
            let known = HTTPResource.allCases.filter {
                HTTPResource(path: Array($0.rawValue.utf8), at: connection.kind) != nil
            }
            let list = known.map(\.rawValue).joined(separator: " ")
            return refuse(HTTPRefusal(.notFound, "there is nothing here; there are \(list)"), on: connection)
        }
        guard isAllowed(request, to: resource, at: connection.kind) else { return askForToken(connection) }
        guard resource.takes(request.method) else {
            let allowed = resource.allowedMethods
            return refuse(
                HTTPRefusal(.methodNotAllowed, "only \(allowed) is taken here"), on: connection,
                fields: [("Allow", allowed)])
        }
        answer(request, resource, Reply(connection: connection, isHead: request.method == .head))
    }

    /// Against DNS rebinding: a name that a stranger's page was loaded from may lead here, and says whose it is.
    private func isOwn(_ host: HTTPHost) -> Bool {
        host.isAddress || host.isLocalhost || settings.names.contains(host.name)
    }

    private static let foreignHost = HTTPRefusal(
        .misdirectedRequest, "this is not the host that was asked for; http.names lists names that are")

    private func isAllowed(_ request: HTTPRequest, to resource: HTTPResource, at kind: HTTPDoor.Kind) -> Bool {
        guard let token = settings.token, kind == .tcp, resource.needsToken else { return true }
        return request.bearerToken.map { BearerToken.matches($0, token) } ?? false
    }

    private func askForToken(_ connection: HTTPConnection) {
        refuse(
            HTTPRefusal(.unauthorized, "this needs 'Authorization: Bearer' with the token of http.token"),
            on: connection, fields: [("WWW-Authenticate", "Bearer")])
    }

    func refuse(
        _ refusal: HTTPRefusal, on connection: HTTPConnection, fields: [(name: String, value: String)] = []
    ) {
        host.statistics.http.noteRefusal(refusal.status)
        let response = HTTPResponse(refusal.status, contentType: Self.plainText, fields: fields)
        connection.respond(response, Array((refusal.sentence + "\n").utf8))
    }

    /// Where an answer goes, and whether all of it.
    private struct Reply {
        let connection: HTTPConnection
        let isHead: Bool
    }

    private func answer(_ request: HTTPRequest, _ resource: HTTPResource, _ reply: Reply) {
        switch resource {
        case .page: send(StatusPage.bytes, "text/html; charset=utf-8", reply, fields: Self.pageFields)
        case .metrics: sendMetrics(request, reply)
        case .live: send(Array("live\n".utf8), Self.plainText, reply)
        case .ready: sendReadiness(reply)
        case .status: send(host.statusJSON(), Self.json, reply)
        case .clients: sendClients(request, reply)
        case .client: sendClient(request, reply)
        case .events: follow(events, .untilClose, reply) { self.events.add($0) }
        case .watch: follow(watch, .chunked, reply) { self.watch.add($0, WatchWish(request)) }
        case .reload: reload(reply)
        }
    }

    private func send(
        _ content: [UInt8], _ type: String, _ reply: Reply, _ status: HTTPStatus = .ok,
        fields: [(name: String, value: String)] = []
    ) {
        guard content.count + 4_096 <= settings.queuedByteCount else {
            let sentence = "the answer has \(content.count) octets, more than http.queued_bytes lets wait; ask for less"
            return refuse(HTTPRefusal(.internalServerError, sentence), on: reply.connection)
        }
        let response = HTTPResponse(status, contentType: type, fields: fields)
        reply.connection.respond(response, content)
    }

    /// OpenMetrics for those who like it no less than plain text.
    private func sendMetrics(_ request: HTTPRequest, _ reply: Reply) {
        let open = MediaPreference.weight(of: "application/openmetrics-text", in: request.accept) ?? 0
        let plain = MediaPreference.weight(of: "text/plain", in: request.accept) ?? 0
        let isOpen = open > 0 && open >= plain
        send(
            host.metricsText(openMetrics: isOpen),
            isOpen
                ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                : "text/plain; version=0.0.4; charset=utf-8", reply)
    }

    private func sendReadiness(_ reply: Reply) {
        let readiness = host.readiness
        send(
            Array((readiness.sentence + "\n").utf8), Self.plainText, reply,
            readiness.ready ? .ok : .serviceUnavailable)
    }

    // MARK: Clients

    /// Clients in one answer, unless the request says otherwise, and at most.
    private static let (usualClientCount, maximumClientCount) = (100, 1_000)

    private func sendClients(_ request: HTTPRequest, _ reply: Reply) {
        let limit =
            request.parameter("limit").map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
            ?? Self.usualClientCount
        guard 1...Self.maximumClientCount ~= limit else {
            let sentence = "limit must be a number from 1 to \(Self.maximumClientCount)"
            return refuse(HTTPRefusal(.badRequest, sentence), on: reply.connection)
        }
        let content = host.clientsJSON(
            after: Self.text(request, "after"), limit: limit, search: Self.text(request, "search"))
        send(content, Self.json, reply)
    }

    private func sendClient(_ request: HTTPRequest, _ reply: Reply) {
        guard let id = Self.text(request, "id") else {
            return refuse(HTTPRefusal(.badRequest, "the client is named with ?id=CLIENTID"), on: reply.connection)
        }
        guard let content = host.clientJSON(id: id) else {
            return refuse(HTTPRefusal(.notFound, "no client of that name is known"), on: reply.connection)
        }
        send(content, Self.json, reply)
    }

    /// A parameter's value; what is no UTF-8 in it is no text of ours, and finds nothing.
    private static func text(_ request: HTTPRequest, _ name: String) -> String? {
        request.parameter(name).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: What does not end, and what changes something

    private func follow(
        _ feed: some Feed, _ length: HTTPResponse.Length, _ reply: Reply, _ add: (HTTPConnection) -> Void
    ) {
        let response = HTTPResponse(.ok, contentType: feed.contentType)
        if reply.isHead { return reply.connection.respond(response, []) }
        guard reply.connection.mayFollow else {
            let count = max(1, settings.connectionCount / 2)
            let sentence = "\(count) connections follow what goes on, half of http.connections"
            return refuse(HTTPRefusal(.serviceUnavailable, sentence), on: reply.connection)
        }
        reply.connection.beginFollowing(response, length)
        add(reply.connection)
    }

    private func reload(_ reply: Reply) {
        switch host.askForReload() {
        case .success(let changes): send(Array(changes.utf8), Self.plainText, reply)
        case .failure(let refusal): send(Array(refusal.errors.utf8), Self.plainText, reply, .conflict)
        case nil:
            let sentence = "this gateway cannot read its configuration anew"
            refuse(HTTPRefusal(.notImplemented, sentence), on: reply.connection)
        }
    }
}
