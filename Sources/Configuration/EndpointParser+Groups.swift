// Reads what an owner writes about discovery and forwarders: numeric addresses, which need no name server.

extension EndpointParser {
    /// `udp://ADDRESS[:PORT]` of a multicast group or an IPv4 broadcast address; the port is 1884 when it is left out.
    ///
    /// Which IPv4 addresses are for broadcast depends on the network; only those that cannot be are refused.
    package static func group(_ text: String) -> Result<UDPGroup, EndpointError> {
        Result { () throws(EndpointError) in
            let rest = try afterScheme("udp", of: text, example: "udp://239.255.18.84:1884")
            let (host, port) = try hostAndPort(of: rest, smallestPort: 1)
            switch AddressFamily(ofHost: host) {
            case .ipv4: try checkIPv4Group(host)
            case .ipv6: try checkIPv6Group(host)
            case nil: throw EndpointError(message: "must have an IP address; found \(quoted(host))")
            }
            return UDPGroup(host: host, port: port ?? UDPListener.defaultPort)
        }
    }

    private static func checkIPv4Group(_ host: String) throws(EndpointError) {
        let first = UInt8(host.prefix { $0 != "." }) ?? 0
        // RFC 1112 §4: class E is reserved, except for the limited broadcast address.
        guard first > 0, first < 240 || host == "255.255.255.255" else {
            throw EndpointError(message: "holds \(quoted(host)), which is no multicast group or broadcast address")
        }
    }

    private static func checkIPv6Group(_ host: String) throws(EndpointError) {
        // RFC 4291 §2.7: ff00::/8.
        guard host.prefix(2).lowercased() == "ff", host.prefix(while: { $0 != ":" }).count == 4 else {
            throw EndpointError(message: "holds \(quoted(host)), which is no multicast group, as ff02::1%eth0 is")
        }
    }

    /// `any`, or the IP address that a forwarder sends from.
    package static func forwarder(_ text: String) -> Result<Forwarder, EndpointError> {
        Result { () throws(EndpointError) in
            if text == "any" { return .any }
            let bytes = Array(text.utf8)[...]
            guard isIPv4Address(bytes) || isIPv6Address(bytes) else {
                throw EndpointError(message: "must be an IP address or 'any'; found \(quoted(text))")
            }
            // RFC 4007 §6: only these belong to one interface; the system tells the interface of no others.
            if text.contains(":"), isLinkLocal(text) != text.contains("%") {
                throw EndpointError(
                    message: isLinkLocal(text)
                        ? "must name the interface, as in fe80::1%eth0; found \(quoted(text))"
                        : "must not name an interface, as its address is not link-local; found \(quoted(text))")
            }
            return .address(text)
        }
    }

    /// fe80::/10.
    static func isLinkLocal(_ address: String) -> Bool {
        let first = UInt16(address.prefix { $0 != ":" }, radix: 16) ?? 0
        return first & 0xFFC0 == 0xFE80
    }

    /// The name of a network interface.
    package static func interface(_ text: String) -> Result<String, EndpointError> {
        isInterfaceName(Array(text.utf8)[...])
            ? .success(text)
            : .failure(EndpointError(message: "must be the name of a network interface; found \(quoted(text))"))
    }
}

/// Which of the two versions of the Internet Protocol an address belongs to.
enum AddressFamily {
    case ipv4
    case ipv6

    /// The family of an address that `EndpointParser` has accepted; nil when it is a name.
    init?(ofHost host: String) {
        if host.contains(":") {
            self = .ipv6
        } else if isIPv4Address(Array(host.utf8)[...]) {
            self = .ipv4
        } else {
            return nil
        }
    }

    /// Such as `IPv4`.
    var name: String {
        switch self {
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        }
    }
}
