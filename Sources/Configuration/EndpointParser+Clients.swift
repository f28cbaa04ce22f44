import GatewayCore

// Reads what an owner writes about clients: networks, links and topic filters.

extension EndpointParser {
    /// `ADDRESS/BITS`, or an address for itself.
    package static func network(_ text: String) -> Result<IPNetwork, EndpointError> {
        Result { () throws(EndpointError) in
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let address = String(parts[0])
            guard let octets = octets(ofAddress: address) else {
                throw EndpointError(
                    message: "must be an IP address or network, as in 10.0.0.0/8; found \(quoted(text))")
            }
            let isIPv6 = octets.count == 16
            let longest = UInt8(octets.count * 8)
            guard let length = parts.count == 1 ? longest : UInt8(parts[1]), length <= longest else {
                throw EndpointError(message: "must have 0 to \(longest) bits after the '/'; found \(quoted(text))")
            }
            let half = isIPv6 ? 8 : 0
            let high = octets[..<half].reduce(UInt64.zero) { $0 << 8 | UInt64($1) }
            let low = octets[half...].reduce(UInt64.zero) { $0 << 8 | UInt64($1) }
            let network = IPNetwork(isIPv6: isIPv6, high: high, low: low, prefixLength: length)
            guard (network.high, network.low) == (high, low) else {
                throw EndpointError(message: "must be a network, as \(network.name) is; found \(quoted(text))")
            }
            return network
        }
    }

    /// The four or sixteen octets of an address without scope; nil where it is none.
    private static func octets(ofAddress text: String) -> [UInt8]? {
        let bytes = Array(text.utf8)[...]
        if isIPv4Address(bytes) { return text.split(separator: ".").compactMap { UInt8($0) } }
        guard isIPv6Address(bytes), !text.contains("%") else { return nil }
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves.map { octets(ofGroups: $0) }
        guard parts.count == 2 else { return parts[0] }
        return parts[0] + [UInt8](repeating: 0, count: 16 - parts[0].count - parts[1].count) + parts[1]
    }

    private static func octets(ofGroups text: Substring) -> [UInt8] {
        text.split(separator: ":").flatMap { group -> [UInt8] in
            if group.contains(".") { return group.split(separator: ".").compactMap { UInt8($0) } }
            let number = UInt16(group, radix: 16) ?? 0
            return [UInt8(number >> 8), UInt8(number & 0xFF)]
        }
    }

    /// The name of a `[[udp]]` or `[[serial]]`.
    package static func link(_ text: String) -> Result<String, EndpointError> {
        text.hasPrefix("/") ? device(text) : udp(text).map(\.name)
    }

    /// The path of a file, perhaps with variables.
    static func fileOfClients(_ text: String) -> Result<[UInt8], EndpointError> { file(text).map { Array($0.utf8) } }

    static func text(of octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }

    /// A topic filter, perhaps with variables.
    package static func topicFilter(_ text: String) -> Result<[UInt8], EndpointError> {
        let bytes = Array(text.utf8)
        func failure(_ message: String) -> Result<[UInt8], EndpointError> { .failure(EndpointError(message: message)) }
        guard 1...ClientRule.maximumTextByteCount ~= bytes.count else {
            return failure("must have 1 to \(ClientRule.maximumTextByteCount) bytes; found \(bytes.count)")
        }
        if let fault = templateFault(bytes) { return failure(fault) }
        guard ClientRule.isFilter(bytes) else {
            return failure("must be a topic filter, with '+' and '#' for whole levels; found \(quoted(text))")
        }
        guard !text.hasPrefix("$share/") else {
            return failure(
                "must not begin with '$share/': it holds for shared subscriptions too; found \(quoted(text))")
        }
        return .success(bytes)
    }

    /// What publications may tell of their way.
    static func wayProperty(_ text: String) -> Result<WayProperty, EndpointError> {
        guard let property = WayProperty.allCases.first(where: { $0.name == text }) else {
            let known = WayProperty.allCases.map { quoted($0.name) }.joined(separator: ", ")
            return .failure(EndpointError(message: "must be one of \(known); found \(quoted(text))"))
        }
        return .success(property)
    }

    /// What is wrong with a text that is to stand before topics, perhaps with variables; nil where nothing is, or they
    /// are wrong.
    static func topicPrefixFault(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard templateFault(bytes) == nil, !ClientRule.isTopicPrefix(bytes) else { return nil }
        return "must be topic levels with '/' behind each, as in \"plant/${client_id}/\", without '+' and '#', and not"
            + " begin with '$share/'; found \(quoted(text))"
    }

    /// What is wrong with the variables of a text, as a predicate; nil where nothing is. Of a secret nothing is told.
    static func templateFault(
        _ text: [UInt8], tellsIt: Bool = true,
        variables: [IdentityTemplate.Variable] = IdentityTemplate.Variable.allCases
    ) -> String? {
        let template = IdentityTemplate(text)
        let other = IdentityTemplate.Variable.allCases.first { template.holds($0) && !variables.contains($0) }.map {
            Array("\($0.rawValue)}".utf8)
        }
        guard let name = template.unknownVariable ?? other else { return nil }
        let known = variables.map { "${\($0.rawValue)}" }.joined(separator: ", ")
        let found = quoted("${" + String(decoding: name.prefix(40), as: UTF8.self))
        return "holds '${', and the variables are \(known)" + (tellsIt ? "; found \(found)" : "")
    }
}
