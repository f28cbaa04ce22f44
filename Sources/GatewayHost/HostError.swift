package import Transports

/// Why a host could not start.
package enum HostError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The listener's host is a name; a socket is bound to an address.
    case notAnAddress(String)
    case cannotListen(String, IOError)
    /// A listener's group cannot be sent to or received from.
    case cannotJoin(group: String, listener: String, IOError)
    /// The place for HTTP, or the path of the control socket, cannot be had.
    case cannotServe(String, IOError)
    /// The broker is to be spoken to by TLS, and that cannot be.
    case noTLS(broker: String, String)
    /// A forwarder's address cannot be compared with senders'.
    case notAForwarder(String)

    /// Whether the system forbids what was asked.
    package var isPermission: Bool {
        error?.isPermission ?? false
    }

    /// Whether it is about an address or an interface that this machine may have later.
    var isNotThereYet: Bool { error?.isNotThereYet ?? false }

    /// Whether somebody has the address already.
    var isAddressInUse: Bool { error?.isAddressInUse ?? false }

    /// Whether the system knows no such addresses, as a kernel without IPv6.
    var isFamilyMissing: Bool { error?.isFamilyMissing ?? false }

    private var error: IOError? {
        switch self {
        case .notAnAddress, .notAForwarder, .noTLS: nil
        case .cannotListen(_, let error), .cannotJoin(_, _, let error), .cannotServe(_, let error): error
        }
    }

    /// What happened, where, and what to do.
    package var description: String {
        switch self {
        case .notAnAddress(let listener):
            "cannot listen on \(listener): its host is not an IP address; use one of this machine's, or 0.0.0.0 or [::]"
        case .cannotListen(let listener, let error):
            "cannot listen on \(listener): \(error)" + Self.advice(for: error)
        case .cannotJoin(let group, let listener, let error):
            "cannot use the group \(group) of the listener \(listener): \(error)" + Self.advice(forGroup: error)
        case .cannotServe(let place, let error):
            "cannot answer at \(place): \(error)" + Self.advice(forDoor: error, isFile: place.hasPrefix("/"))
        case .noTLS(let broker, let words): "cannot speak to \(broker): \(words)"
        case .notAForwarder(let address):
            "cannot tell the forwarder \(address): it is not an IP address"
        }
    }

    /// What to do about a socket that could not be had.
    private static func advice(for error: IOError) -> String {
        if error.isAddressInUse {
            return
                "; is another gateway running? 'ss -lunp' says who has the port; another one can be named with 'listen'"
        }
        if error.isPermission {
            return "; ports below 1024 need CAP_NET_BIND_SERVICE (AmbientCapabilities= in systemd), others do not"
        }
        if error.isNotThereYet { return "; no interface of this machine has that address now" }
        if error.isFamilyMissing {
            return "; the system has no IPv6, or no IPv4: leave out this [[udp]], or switch the family on"
        }
        return ""
    }

    /// What to do about a door that cannot be opened.
    private static func advice(forDoor error: IOError, isFile: Bool) -> String {
        guard isFile else {
            return error.isAddressInUse
                ? "; 'ss -ltnp' says who has the port; another one can be named with http.listen" : advice(for: error)
        }
        if error.isAddressInUse { return "; another gateway that runs has it: name another path with control.socket" }
        if error.isAlreadyThere { return "; a file is there that is no socket: remove it, or name another path" }
        if error.isMissing { return "; its directory must be there: RuntimeDirectory= in systemd makes one" }
        if error.isPermission {
            return "; its directory must let the gateway write, and nobody else but its group (chmod o-w)"
        }
        return ""
    }

    private static func advice(forGroup error: IOError) -> String {
        if error.isAddressInUse {
            return "; another socket has the group's port: give the group a port of its own, or listen at that port"
        }
        return error.isNotThereYet
            ? "; name a network interface that is up with 'interface'"
            : advice(for: error)
    }
}
