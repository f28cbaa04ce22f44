// Brokers that are spoken to by WebSocket.

extension EndpointParser {
    /// Longer ones say nothing that a broker wants to know.
    private static let maximumPathByteCount = 1_024

    /// `ws://HOST[:PORT][/PATH]`, or `wss://` for TLS (RFC 6455 §3); the port is 80 or 443 and the path `/mqtt` when
    /// they are left out. Nil for anything else.
    static func webSocket(_ text: String) -> Result<BrokerEndpoint, EndpointError>? {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard scheme == "ws" || scheme == "wss" else { return nil }
        return Result { () throws(EndpointError) in
            let rest = try afterScheme(scheme, of: text, example: "\(scheme)://broker.example/mqtt")
            let place = rest.prefix { !"/?#".utf8.contains($0) }
            let (host, port) = try hostAndPort(of: Array(place), smallestPort: 1)
            let path = try webSocketPath(rest.dropFirst(place.count))
            var endpoint = BrokerEndpoint(host: host, port: 0, isEncrypted: scheme == "wss", webSocketPath: path)
            endpoint.port = port ?? endpoint.usualPort
            return endpoint
        }
    }

    private static func webSocketPath(_ rest: ArraySlice<UInt8>) throws(EndpointError) -> String {
        guard !rest.isEmpty else { return BrokerEndpoint.defaultWebSocketPath }
        // What stands there is often a secret, and the URL is in the log.
        if rest.contains(UInt8(ascii: "?")) { throw EndpointError(message: "must end after the path, without a '?'") }
        if rest.contains(UInt8(ascii: "#")) { throw EndpointError(message: "must end after the path, without a '#'") }
        guard rest.count <= maximumPathByteCount else {
            throw EndpointError(message: "has a path of \(rest.count) bytes; it has at most \(maximumPathByteCount)")
        }
        let path = String(decoding: rest, as: UTF8.self)
        guard rest.allSatisfy(isInPath), hasWholeEscapes(rest) else {
            throw EndpointError(
                message: "must have a path of letters, digits and signs such as '/', others as %XX; found"
                    + " \(quoted(path))")
        }
        return path
    }

    /// RFC 3986 §3.3.
    private static func isInPath(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || "-._~!$&'()*+,;=:@/%".utf8.contains(byte)
    }

    /// Whether two hexadecimal digits follow each percent sign.
    private static func hasWholeEscapes(_ path: ArraySlice<UInt8>) -> Bool {
        path.indices.allSatisfy { index in
            guard path[index] == UInt8(ascii: "%") else { return true }
            let digits = path[(index + 1)...].prefix(2)
            return digits.count == 2 && digits.allSatisfy { UInt8(String(UnicodeScalar($0)), radix: 16) != nil }
        }
    }
}
