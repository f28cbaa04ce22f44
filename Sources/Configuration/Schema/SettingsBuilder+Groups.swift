// What a listener, its groups and its forwarders must keep between them.

extension SettingsBuilder {
    mutating func checkGroups() {
        for (listener, seen) in listeners {
            // A listener at a name has no family yet; the host says that it needs an address.
            let family = AddressFamily(ofHost: listener.endpoint.host)
            let groups = Array(zip(listener.endpoint.groups, seen.elementOffsets(of: "udp.groups")))
            if let family { checkFamilies(of: groups, family, listener.endpoint) }
            checkRepetition(of: groups)
            if !seen.isWrong("udp.interface") { checkInterfaces(of: groups, listener.endpoint.interface) }
            guard let family else { continue }
            for (forwarder, offset) in zip(listener.endpoint.forwarders, seen.elementOffsets(of: "udp.forwarders")) {
                checkFamily(of: forwarder, offset, family, listener.endpoint)
            }
        }
    }

    private mutating func checkFamilies(
        of groups: [(UDPGroup, Int)], _ family: AddressFamily, _ listener: UDPListener
    ) {
        for (group, offset) in groups where AddressFamily(ofHost: group.host) != family {
            report(
                offset, "the group \(quoted(group.name)) must be \(family.name), as is its listener at \(listener.name)"
            )
        }
    }

    private mutating func checkFamily(
        of forwarder: Forwarder, _ offset: Int, _ family: AddressFamily, _ listener: UDPListener
    ) {
        guard case .address(let host) = forwarder, AddressFamily(ofHost: host) != family else { return }
        report(
            offset, "the forwarder \(quoted(host)) must be \(family.name), as is its listener at \(listener.name)")
    }

    private mutating func checkRepetition(of groups: [(UDPGroup, Int)]) {
        let text = text
        var first: [String: Int] = [:]
        for (group, offset) in groups {
            let name = group.name.lowercased()
            if let other = first[name] {
                report(offset, "the group \(quoted(name)) is given twice; the first one is at \(text.place(other))")
            } else {
                first[name] = offset
            }
        }
    }

    /// A socket sends to all its groups through one interface (ip(7), ipv6(7)).
    private mutating func checkInterfaces(of groups: [(UDPGroup, Int)], _ interface: String?) {
        var shared = interface
        for (group, offset) in groups where AddressFamily(ofHost: group.host) == .ipv6 {
            guard let scope = group.interface else {
                if interface == nil, group.isOfOneInterface {
                    report(
                        offset,
                        "the group \(quoted(group.name)) must name its interface, as in ff02::1%eth0, or the listener"
                            + " 'udp.interface'")
                }
                continue
            }
            if let shared, shared != scope {
                report(
                    offset,
                    "the group \(quoted(group.name)) must be on the interface \(quoted(shared)), as a listener uses"
                        + " one for all its groups")
            }
            shared = shared ?? scope
        }
    }
}

extension UDPGroup {
    /// Whether the group means something on one interface only: ffx1:: and ffx2:: (RFC 4291 §2.7).
    fileprivate var isOfOneInterface: Bool {
        let first = host.prefix { $0 != ":" }
        return first.last == "1" || first.last == "2"
    }
}
