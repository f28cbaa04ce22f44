// The keys of `[http]` and `[control]`.

extension Schema {
    static let http: [Key<Settings>] = [
        .endpoint(
            "http.listen", "http://ADDRESS[:PORT]", parse: EndpointParser.http,
            write: { $1.host.http.listener = $0 }, read: { $0.host.http.listener?.name },
            "Where the page, the metrics and the health checks are; without the key nowhere."),
        .optionalText(
            "http.token", \.host.http.token, 1...4_096,
            "What requests must bring as 'Authorization: Bearer'; the page asks for it. Not on the control socket."
        ).secret,
        .list(
            "http.names", \.host.http.names, upTo: HTTPSettings.maximumNameCount, "host names",
            parse: EndpointParser.hostName, write: { $0 },
            "Names under which browsers find the gateway, besides addresses and localhost; others are refused."),
        .integer(
            "http.connections", \.host.http.connectionCount, 2...1_000, "connections",
            "At once, here and at the control socket each; half of them may follow what goes on."),
        .integer(
            "http.request_bytes", \.host.http.requestByteCount, 256...65_536, "bytes",
            "Longest request."),
        .seconds(
            "http.timeout_seconds", \.host.http.timeout, 1...3_600,
            "How long a request may take to come, and what is answered to be read; after that the connection is cut."),
        .integer(
            "http.queued_bytes", \.host.http.queuedByteCount, 262_144...1_073_741_824, "bytes",
            "Octets waiting for one reader; whoever lets more wait is cut off."),
        .integer(
            "http.recent_messages", \.host.http.recentMessageCount, 0...10_000_000, "messages",
            "The last ones of all clients that the page tells of, without payloads; each takes 128 bytes."),

        // [control]
        .endpoint(
            "control.socket", "PATH", parse: EndpointParser.socketPath,
            write: { $1.host.http.controlSocket = $0 }, read: { $0.host.http.controlSocket },
            "Where the commands of this machine reach the gateway; without the key where systemd says, or nowhere."),
    ]
}
