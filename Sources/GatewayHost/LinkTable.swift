import GatewayCore

/// A link of either kind.
enum HostLink {
    case udp(UDPLink)
    case serial(SerialLink)
}

/// The links by the core's names for them: the listeners' first, then those of serial lines.
struct LinkTable {
    var udp: [UDPLink] = []
    var serial: [SerialLink] = []

    subscript(_ id: LinkID) -> HostLink {
        let index = Int(id.rawValue)
        return index < udp.count ? .udp(udp[index]) : .serial(serial[index - udp.count])
    }
}
