/// Where a gateway listens, for those who speak to it.
package struct GatewayEndpoint: Equatable, Sendable {
    /// A name or an IP address without brackets; an IPv6 scope follows `%`.
    package var host: String
    /// 1…65535.
    package var port: UInt16
}

extension EndpointParser {
    /// `udp://HOST[:PORT]`, or without the scheme; the port is 1884 when it is left out.
    package static func gateway(_ text: String) -> Result<GatewayEndpoint, EndpointError> {
        Result { () throws(EndpointError) in
            let whole = text.contains("://") ? text : "udp://" + text
            let rest = try afterScheme("udp", of: whole, example: "udp://192.0.2.1:1884")
            let (host, port) = try hostAndPort(of: rest, smallestPort: 1)
            return GatewayEndpoint(host: host, port: port ?? UDPListener.defaultPort)
        }
    }
}
