/// Why a text is not an endpoint, as a predicate: a message puts the name of what was read before it.
package struct EndpointError: Error, Equatable, Sendable {
    /// Such as `asks for TLS, which is not supported yet`.
    package var message: String

    package init(message: String) { self.message = message }
}

/// Reads the addresses that an owner writes in the configuration and on the command line.
package enum EndpointParser {
    /// `udp://ADDRESS[:PORT]`; the port is 1884 when it is left out, and 0 lets the system choose.
    package static func udp(_ text: String) -> Result<UDPListener, EndpointError> {
        Result { () throws(EndpointError) in
            let rest = try afterScheme("udp", of: text, example: "udp://0.0.0.0:1884")
            let (host, port) = try hostAndPort(of: rest, smallestPort: 0)
            guard AddressFamily(ofHost: host) != nil else {
                throw EndpointError(
                    message: "holds the name \(quoted(host)), and a listener needs an address: one of this machine's,"
                        + " or 0.0.0.0 or [::] for all")
            }
            // RFC 4007 §6: each interface has its own.
            if isLinkLocal(host), !host.contains("%") {
                throw EndpointError(message: "must name the interface, as in [fe80::1%eth0]; found \(quoted(host))")
            }
            return UDPListener(host: host, port: port ?? UDPListener.defaultPort)
        }
    }

    /// `mqtt://HOST[:PORT]`, or `mqtts://` for TLS; the port is 1883 or 8883 when it is left out. `ws://` and `wss://`
    /// may have a path, and have other ports (`EndpointParser+WebSocket`).
    package static func broker(_ text: String) -> Result<BrokerEndpoint, EndpointError> {
        if let found = webSocket(text) { return found }
        return Result { () throws(EndpointError) in
            let isEncrypted = text.prefix(8).lowercased() == "mqtts://"
            let scheme = isEncrypted ? "mqtts" : "mqtt"
            let rest = try afterScheme(scheme, of: text, example: "mqtt://127.0.0.1:1883")
            let (host, port) = try hostAndPort(of: rest, smallestPort: 1)
            let usualPort = isEncrypted ? BrokerEndpoint.defaultEncryptedPort : BrokerEndpoint.defaultPort
            return BrokerEndpoint(host: host, port: port ?? usualPort, isEncrypted: isEncrypted)
        }
    }

    static func afterScheme(
        _ scheme: String, of text: String, example: String
    ) throws(EndpointError) -> [UInt8] {
        let bytes = Array(text.utf8)
        let separator = Array("://".utf8)
        let nameLength = bytes.firstIndex(of: UInt8(ascii: ":")) ?? 0
        let found = String(decoding: bytes[..<nameLength], as: UTF8.self).lowercased()
        guard bytes[nameLength...].starts(with: separator), !found.isEmpty else {
            throw EndpointError(message: "must start with '\(scheme)://', as in \(example)")
        }
        switch found {
        case scheme: return Array(bytes[(nameLength + separator.count)...])
        case "ssl" where scheme == "mqtt", "tls" where scheme == "mqtt":
            throw EndpointError(message: "must start with 'mqtts://' for TLS; found \(quoted(found))")
        case "dtls", "udps": throw EndpointError(message: "asks for DTLS, which is not supported yet")
        default:
            throw EndpointError(message: "must start with '\(scheme)://', as in \(example); found \(quoted(found))")
        }
    }

    static func hostAndPort(
        of rest: [UInt8], smallestPort: UInt16
    ) throws(EndpointError) -> (host: String, port: UInt16?) {
        if rest.contains(UInt8(ascii: "@")) {
            throw EndpointError(message: "must not hold a user name; there are keys for that and the password")
        }
        if rest.contains(where: { "/?#".utf8.contains($0) }) {
            throw EndpointError(message: "must end after the host and the port")
        }
        let hostEnd: Int
        let host: String
        if rest.first == UInt8(ascii: "[") {
            guard let bracket = rest.firstIndex(of: UInt8(ascii: "]")) else {
                throw EndpointError(message: "lacks the ']' after the IPv6 address")
            }
            host = String(decoding: rest[1..<bracket], as: UTF8.self)
            guard isIPv6Address(rest[1..<bracket]) else {
                throw EndpointError(message: "holds \(quoted(host)), which is not an IPv6 address")
            }
            hostEnd = bracket + 1
        } else {
            hostEnd = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.count
            guard !rest.dropFirst(hostEnd + 1).contains(UInt8(ascii: ":")) else {
                throw EndpointError(message: "must have an IPv6 address in brackets, as in [::1]")
            }
            host = String(decoding: rest[..<hostEnd], as: UTF8.self)
            try checkHost(rest[..<hostEnd])
        }
        return (host, try port(of: rest[hostEnd...], smallest: smallestPort))
    }

    /// The port after its colon; nil when there is nothing.
    private static func port(of rest: ArraySlice<UInt8>, smallest: UInt16) throws(EndpointError) -> UInt16? {
        guard let colon = rest.first else { return nil }
        let digits = rest.dropFirst()
        let text = String(decoding: digits, as: UTF8.self)
        guard colon == UInt8(ascii: ":"), digits.allSatisfy(isDigit), let port = UInt16(text), port >= smallest else {
            let found = colon == UInt8(ascii: ":") ? text : String(decoding: rest, as: UTF8.self)
            throw EndpointError(message: "must have a port from \(smallest) to 65535 or none; found \(quoted(found))")
        }
        return port
    }

    private static func checkHost(_ host: ArraySlice<UInt8>) throws(EndpointError) {
        guard !host.isEmpty else { throw EndpointError(message: "lacks the host") }
        let text = String(decoding: host, as: UTF8.self)
        if host.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") }) {
            guard isIPv4Address(host) else {
                throw EndpointError(message: "holds \(quoted(text)), which is not an IPv4 address")
            }
            return
        }
        // RFC 1123 names, and the underscore that container networks use.
        let isName = host.allSatisfy { isLetter($0) || isDigit($0) || "-._".utf8.contains($0) }
        guard isName, host.count <= 253, host.first != UInt8(ascii: ".") else {
            throw EndpointError(message: "holds \(quoted(text)), which is not a host name")
        }
    }
}

/// Four numbers from 0 to 255 without leading zeros, which some systems would read as octal.
func isIPv4Address(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
        && parts.allSatisfy { part in
            part.allSatisfy(isDigit) && (part.count == 1 || part.first != UInt8(ascii: "0"))
                && UInt8(String(decoding: part, as: UTF8.self)) != nil
        }
}

/// RFC 4291 §2.2, with an optional scope after `%` (RFC 4007 §11).
func isIPv6Address(_ bytes: ArraySlice<UInt8>) -> Bool {
    let scoped = bytes.split(separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = scoped.first else { return false }
    if scoped.count > 1 {
        guard isInterfaceName(scoped[1]) else { return false }
    }
    if address.elementsEqual("::".utf8) { return true }
    var parts = address.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count > 2 else { return false }
    // At either end `::` leaves two empty parts, of which one goes; a single colon there is wrong.
    if parts[0].isEmpty {
        guard parts[1].isEmpty else { return false }
        parts.removeFirst()
    }
    if let last = parts.last, last.isEmpty, parts.count > 2 {
        guard parts[parts.count - 2].isEmpty else { return false }
        parts.removeLast()
    }
    var groupCount = 0
    var gapCount = 0
    for (index, part) in parts.enumerated() {
        if part.isEmpty {
            gapCount += 1
        } else if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
            guard isIPv4Address(part) else { return false }
            groupCount += 2
        } else {
            guard part.count <= 4, part.allSatisfy(isHexadecimalDigit) else { return false }
            groupCount += 1
        }
    }
    return gapCount == 0 ? groupCount == 8 : gapCount == 1 && groupCount < 8
}

/// Interface names have at most 15 characters on Linux.
func isInterfaceName(_ bytes: ArraySlice<UInt8>) -> Bool {
    1...15 ~= bytes.count && bytes.allSatisfy { isLetter($0) || isDigit($0) || "-._".utf8.contains($0) }
}

private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

private func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 }

private func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
}
