import Bytes
import MQTT

/// What the publications of each broker connection tell of their way (`WayProperty`), ready to be put into a packet:
/// made anew when a client comes by another way, so that a message costs no more than its octets.
///
/// **Invariant.** Nothing is here where the owner wants nothing to be told.
struct WayOfPublications {
    /// The User Properties behind each other, by the connection's place.
    private var properties: [[UInt8]] = []

    @inline(__always)
    var isEmpty: Bool { properties.isEmpty }

    /// Empty for a connection of which nothing is known.
    @inline(__always)
    func properties(on slot: UInt32) -> [UInt8] {
        Int(slot) < properties.count ? properties[Int(slot)] : []
    }

    mutating func note(_ octets: [UInt8], on slot: UInt32) {
        while properties.count <= Int(slot) { properties.append([]) }
        properties[Int(slot)] = octets
    }
}

extension Environment {
    /// The publications of a connection come by this way from now on; nil for the gateway's own.
    mutating func noteWay(_ route: Route?, on slot: UInt32) {
        let wanted = configuration.upstream.wayPropertyBits
        guard wanted != 0 else { return }
        var properties: [UInt8] = []
        for property in WayProperty.all(in: wanted) {
            guard let value = value(of: property, on: route) else { continue }
            let name = Array(property.name.utf8)
            properties.append(userProperty: name.span.bytes, value.span.bytes)
        }
        way.note(properties, on: slot)
    }

    /// Nil where there is none.
    private func value(of property: WayProperty, on route: Route?) -> [UInt8]? {
        switch property {
        case .gateway: return Array("\(configuration.gatewayID)".utf8)
        case .link:
            let name = route.map { configuration.link($0.peer.link).name } ?? []
            return name.isEmpty || name.count > Int(UInt16.max) ? nil : name
        case .node:
            guard let route, route.node != 0 else { return nil }
            return Array(Hexadecimal.text(forwarders.nodeID(route.node)).utf8)
        }
    }

    /// Octets that the way adds to a PUBLISH on the connection.
    @inline(__always)
    func wayByteCount(on slot: UInt32) -> Int {
        guard !way.isEmpty, upstreams[slot].version == .v5_0 else { return 0 }
        let byteCount = way.properties(on: slot).count
        // Their length takes one octet without them, which is counted in any case, and two or three with many.
        return byteCount + (byteCount > 127 ? 1 : 0) + (byteCount > 16_383 ? 1 : 0)
    }
}
