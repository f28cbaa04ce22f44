/// Whom a request is for: `host[:port]` (RFC 9110 §7.2).
package struct HTTPHost: Equatable, Sendable {
    /// In lower case and without a final dot; an IPv6 address without its brackets.
    package var name: String

    /// Nil where none is given.
    package var port: UInt16?

    /// Whether the name is an address in numbers, which no name server can point elsewhere.
    package var isAddress: Bool

    /// Reads the value of Host; nil when it is none. An empty one names nobody.
    package init?(_ text: some Collection<UInt8>) {
        let bytes = Array(text)
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let address = bytes[1..<end]
            guard address.contains(UInt8(ascii: ":")), address.allSatisfy(Self.isInIPv6Address) else { return nil }
            self.init(name: address, isAddress: true, rest: bytes[(end + 1)...])
        } else {
            let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            let name = bytes[..<end]
            guard name.allSatisfy(Self.isInName) else { return nil }
            self.init(name: name, isAddress: Self.isIPv4Address(name), rest: bytes[end...])
        }
    }

    private init?(name: ArraySlice<UInt8>, isAddress: Bool, rest: ArraySlice<UInt8>) {
        var name = name
        if name.last == UInt8(ascii: "."), !isAddress { name.removeLast() }
        self.name = String(decoding: name, as: UTF8.self).lowercased()
        self.isAddress = isAddress
        guard let colon = rest.first else { return }
        guard colon == UInt8(ascii: ":") else { return nil }
        let digits = rest.dropFirst()
        // A colon without a port is the default one (RFC 3986 §3.2.3).
        guard !digits.isEmpty else { return }
        guard digits.count <= 5, digits.allSatisfy(isDigit),
            let port = UInt16(String(decoding: digits, as: UTF8.self))
        else { return nil }
        self.port = port
    }

    /// Whether the name means the machine itself wherever it is resolved: `localhost` and names below it (RFC 6761
    /// §6.3).
    package var isLocalhost: Bool { name == "localhost" || name.hasSuffix(".localhost") }

    private static func isInName(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || "-._".utf8.contains(byte) }

    private static func isInIPv6Address(_ byte: UInt8) -> Bool {
        // With the interface of a link-local one, whose percent sign may be written as such (RFC 6874).
        isLetter(byte) || isDigit(byte) || ":.%-_".utf8.contains(byte)
    }

    private static func isIPv4Address(_ name: ArraySlice<UInt8>) -> Bool {
        let parts = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy {
                1...3 ~= $0.count && $0.allSatisfy(isDigit) && UInt8(String(decoding: $0, as: UTF8.self)) != nil
            }
    }
}

func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 }

/// A character of a token (RFC 9110 §5.6.2).
func isInToken(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte) }
