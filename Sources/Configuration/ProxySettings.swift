/// A proxy of HTTP through which the broker is reached.
package struct ProxySettings: Equatable, Sendable {
    /// Nil: the broker is reached without one.
    package var endpoint: ProxyEndpoint?
    /// Whom the proxy is told that asks, 1 to 1,024 octets without a colon; nil: nobody.
    package var username: [UInt8]?
    /// What goes with that, at most 1,024 octets.
    package var password: [UInt8]?

    package init() {}
}

/// Where a proxy listens.
package struct ProxyEndpoint: Equatable, Sendable {
    /// A name or an IP address without brackets; an IPv6 scope follows `%`.
    package var host: String
    /// 1…65535.
    package var port: UInt16

    package init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

    /// As written in the configuration: `http://proxy.example:3128`.
    package var name: String { "http://" + authority(host, port) }
}

extension HostSettings {
    /// Where connections to the broker go first: to the proxy, where there is one, which finds the broker by itself.
    package var firstHop: (host: String, port: UInt16) {
        proxy.endpoint.map { ($0.host, $0.port) } ?? (broker.host, broker.port)
    }
}

extension BrokerEndpoint {
    /// As a proxy is told (RFC 9110 §9.3.6).
    package var target: String { authority(host, port) }
}

extension EndpointParser {
    /// `http://HOST:PORT`, with a slash behind it or without.
    static func proxy(_ text: String) -> Result<ProxyEndpoint, EndpointError> {
        Result { () throws(EndpointError) in
            let rest = try afterScheme("http", of: text, example: "http://proxy.example:3128")
            let place = rest.last == UInt8(ascii: "/") ? rest.dropLast() : rest
            let (host, port) = try hostAndPort(of: place, smallestPort: 1)
            guard let port else { throw EndpointError(message: "must have the proxy's port, as in \(host):3128") }
            return ProxyEndpoint(host: host, port: port)
        }
    }
}
