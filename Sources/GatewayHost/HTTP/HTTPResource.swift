import HTTP

/// What can be asked for, by its path.
enum HTTPResource: String, CaseIterable {
    case page = "/"
    case metrics = "/metrics"
    case live = "/health/live"
    case ready = "/health/ready"
    case status = "/status.json"
    case clients = "/clients.json"
    case client = "/client.json"
    case events = "/events"
    /// Every datagram, packet and event as it comes; at the control socket only.
    case watch = "/watch"
    /// The configuration is read anew; at the control socket only.
    case reload = "/reload"

    init?(path: [UInt8], at kind: HTTPDoor.Kind) {
        guard let found = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(path) }),
            kind == .control || !found.isForControl
        else { return nil }
        self = found
    }

    private var isForControl: Bool { self == .watch || self == .reload }

    /// Whether the token is asked for: the page holds nothing and asks for it, and what looks after health has none.
    var needsToken: Bool { self != .page && self != .live && self != .ready }

    func takes(_ method: HTTPRequest.Method) -> Bool {
        switch method {
        case .get, .head: self != .reload
        case .post: self == .reload
        case .other: false
        }
    }

    /// The value of Allow (RFC 9110 §10.2.1).
    var allowedMethods: String { self == .reload ? "POST" : "GET, HEAD" }
}
