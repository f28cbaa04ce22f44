package import Time

/// Where the gateway shows what it does: HTTP over TCP, the control socket, and what both may use.
package struct HTTPSettings: Equatable, Sendable {
    /// Where HTTP is answered over TCP; nil: nowhere.
    package var listener: HTTPEndpoint?
    /// What `Authorization: Bearer` must hold over TCP, 1 to 4,096 octets; nil: nothing.
    package var token: [UInt8]?
    /// Names, in lower case, that a browser may know the gateway by; at most `maximumNameCount`.
    package var names: [String] = []
    /// The path of the control socket; nil: none.
    package var controlSocket: String?
    /// Connections at once, at each of the two doors; half of them, and one at least, may listen to what goes on.
    package var connectionCount = 16
    /// The longest head of a request, in octets.
    package var requestByteCount = 8_192
    /// How long a request may take to come, and a response to be taken.
    package var timeout = TimeSpan.seconds(5)
    /// Octets waiting for one reader; whoever lets more wait is cut off.
    package var queuedByteCount = 1_048_576
    /// Datagrams of which the page tells, for all clients together, 128 octets each.
    package var recentMessageCount = 10_000

    package static let maximumNameCount = 64

    package init() {}

    /// Whether there is any door at all.
    package var isOn: Bool { listener != nil || controlSocket != nil }
}

/// A local address on which HTTP is answered.
package struct HTTPEndpoint: Equatable, Sendable {
    /// An IP address without brackets; an IPv6 scope follows `%`.
    package var host: String
    /// 0 lets the system choose.
    package var port: UInt16

    /// The port that Swiftlet answers at unless told otherwise: beside those of Prometheus exporters (9100 on).
    package static let defaultPort: UInt16 = 9884

    package init(host: String, port: UInt16 = defaultPort) { (self.host, self.port) = (host, port) }

    /// As written in the configuration: `http://127.0.0.1:9884`.
    package var name: String { "http://" + authority(host, port) }

    /// Whether only this machine can reach it.
    package var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }
}
