package import GatewayCore

/// Where the clients are that a rule is for, as the owner writes it.
package struct ClientPlace: Equatable, Sendable {
    /// At most `maximumCount`; nil for all addresses, and for serial lines.
    package var networks: [IPNetwork]?
    /// Names of `[[udp]]` and `[[serial]]`, at most `maximumCount`; nil for all.
    package var links: [String]?

    package init() {}

    package static let maximumCount = 64
}

/// An address of the Internet Protocol and how many of its first bits count.
package struct IPNetwork: Hashable, Sendable {
    package var isIPv6: Bool
    /// The first eight octets of an IPv6 address; zero for IPv4. Bits that do not count are zero.
    package var high: UInt64
    /// The last eight octets, or the four of an IPv4 address.
    package var low: UInt64
    /// 0…32, or 0…128 for IPv6.
    package var prefixLength: UInt8

    /// Those of the address that lie behind the first `prefixLength` bits do not matter.
    package init(isIPv6: Bool, high: UInt64, low: UInt64, prefixLength: UInt8) {
        (self.isIPv6, self.prefixLength) = (isIPv6, prefixLength)
        let length = UInt64(prefixLength)
        // Shifts of 64 and more give zero.
        self.high = high & ~(UInt64.max >> min(length, 64))
        self.low = isIPv6 ? low & ~(UInt64.max >> (length - min(length, 64))) : low & ~(0xFFFF_FFFF >> length)
    }

    /// Whether every address of the other one is in this one.
    package func contains(_ other: IPNetwork) -> Bool {
        other.isIPv6 == isIPv6 && other.prefixLength >= prefixLength
            && IPNetwork(isIPv6: isIPv6, high: other.high, low: other.low, prefixLength: prefixLength) == self
    }

    /// As written in the configuration: `10.0.0.0/8`, `2001:db8:0:0:0:0:0:0/32`.
    package var name: String {
        guard isIPv6 else {
            let octets = [24, 16, 8, 0].map { "\(low >> UInt64($0) & 0xFF)" }
            return octets.joined(separator: ".") + "/\(prefixLength)"
        }
        let groups = [high, low].flatMap { half in
            [48, 32, 16, 0].map { String(half >> UInt64($0) & 0xFFFF, radix: 16) }
        }
        return groups.joined(separator: ":") + "/\(prefixLength)"
    }
}

/// The networks that the rules for clients name, each with a number; the smallest that an address belongs to stands for
/// it in the core, which knows no addresses.
package struct ClientNetworks: Sendable {
    private var numberByNetwork: [IPNetwork: UInt16] = [:]
    /// Longest first; for either version.
    private var lengths: [(isIPv6: Bool, length: UInt8)] = []

    package init(_ places: [ClientPlace]) {
        for network in places.flatMap({ $0.networks ?? [] }) where numberByNetwork[network] == nil {
            numberByNetwork[network] = UInt16(clamping: numberByNetwork.count + 1)
            if !lengths.contains(where: { $0 == (network.isIPv6, network.prefixLength) }) {
                lengths.append((network.isIPv6, network.prefixLength))
            }
        }
        lengths.sort { $0.length > $1.length }
    }

    package var isEmpty: Bool { lengths.isEmpty }

    /// Of the smallest network that the address belongs to; 0 for none.
    package func number(isIPv6: Bool, high: UInt64, low: UInt64) -> UInt16 {
        for (family, length) in lengths where family == isIPv6 {
            let network = IPNetwork(isIPv6: isIPv6, high: high, low: low, prefixLength: length)
            if let number = numberByNetwork[network] { return number }
        }
        return 0
    }

    /// Of all that lie in one of these networks, in ascending order.
    func numbers(within networks: [IPNetwork]) -> [UInt16] {
        numberByNetwork.filter { entry in networks.contains { $0.contains(entry.key) } }.map(\.value).sorted()
    }
}

extension HostSettings {
    /// Every name that a rule for clients may have a link by, at the index that is the link's `LinkID`.
    package var linkNames: [String] { listeners.map(\.name) + serialPorts.map(\.device) }
}

extension Settings {
    /// The rules for clients, with the numbers of the links that they name: those of `names`, at their indices.
    package func clientRules(withLinks names: [String]) -> [ClientRule] {
        zip(gateway.clientRules, host.clientPlaces).map { rule, place in
            var rule = rule
            rule.links = place.links.map { wanted in
                names.indices.filter { index in wanted.contains { $0.lowercased() == names[index].lowercased() } }
                    .map { UInt16(clamping: $0) }
            }
            return rule
        }
    }

    /// The files with the keys of clients that the rules name for good, each once.
    package var clientKeyFiles: [String] {
        gateway.clientRules.compactMap { $0.fixedCertificate(gatewayID: gateway.gatewayID)?.key }
            .map { String(decoding: $0, as: UTF8.self) }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The same with the links of these settings.
    package mutating func numberClientLinks() { gateway.clientRules = clientRules(withLinks: host.linkNames) }

    /// Lets the core know what links are called, where publications are to tell that.
    package mutating func nameLinks() {
        let isTold = WayProperty.all(in: gateway.upstream.wayPropertyBits).contains(.link)
        for (index, name) in host.linkNames.enumerated() where gateway.links.indices.contains(index) {
            gateway.links[index].name = isTold ? Array(name.utf8) : []
        }
    }
}
