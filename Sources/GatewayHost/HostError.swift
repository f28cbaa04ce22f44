package import Transports

/// Why a host could not start.
package enum HostError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The listener's host is a name; a socket is bound to an address.
    case notAnAddress(String)
    case cannotListen(String, IOError)
    /// A listener's group cannot be sent to or received from.
    case cannotJoin(group: String, listener: String, IOError)
    /// A forwarder's address cannot be compared with senders'.
    case notAForwarder(String)

    /// Whether the system forbids what was asked.
    package var isPermission: Bool {
        switch self {
        case .notAnAddress, .notAForwarder: false
        case .cannotListen(_, let error), .cannotJoin(_, _, let error): error.isPermission
        }
    }

    /// What happened, where, and what to do.
    package var description: String {
        switch self {
        case .notAnAddress(let listener):
            "cannot listen on \(listener): its host is not an IP address; use one of this machine's, or 0.0.0.0 or [::]"
        case .cannotListen(let listener, let error):
            "cannot listen on \(listener): \(error); is another gateway running, or the address not this machine's?"
        case .cannotJoin(let group, let listener, let error):
            "cannot use the group \(group) of the listener \(listener): \(error); name a network interface that is up"
                + " with 'interface', and give the group to a listener with no other socket at the group's port"
        case .notAForwarder(let address):
            "cannot tell the forwarder \(address): it is not an IP address, or this machine has no such interface"
        }
    }
}
