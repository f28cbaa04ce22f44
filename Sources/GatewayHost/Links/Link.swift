import GatewayCore
import Transports

/// What carries datagrams between the gateway and its clients: one link of the core, on a real machine.
///
/// A link receives by itself, knows its senders by the core's numbers for them, and tells the core what comes in by
/// `Host.handle`. What it is given to send waits until `flush`, at the end of the turn.
protocol Link: AnyObject {
    /// Where clients reach it; nil where that is no address of the Internet.
    var listeningAddress: SocketAddress? { get }

    /// What the link is called: `udp://0.0.0.0:1884`, `/dev/ttyUSB0`.
    var title: String { get }

    /// Whether anything can be sent on it now.
    var isUp: Bool { get }

    /// Senders that the core has not forgotten.
    var peerCount: Int { get }

    /// Who a sender is, in words; nil for one that is forgotten.
    func name(of peer: PeerID) -> String?

    func send(_ datagram: RawSpan, to peer: PeerID)

    /// Sends to everybody within `radius` hops, 0 for the whole network (MQTT-SN 1.2 §6.1).
    func broadcast(_ datagram: RawSpan, radius: UInt8)

    /// The core has forgotten the sender, and what it has said to it is still to be sent: who comes from there is
    /// somebody else.
    func retire(_ peer: PeerID)

    /// Where a sender is, in octets by which `peer(at:)` finds it after a restart; nil where it cannot be.
    func octets(of peer: PeerID) -> [UInt8]?

    /// The sender at a place that `octets(of:)` has told in another life; nil where there is none.
    func peer(at octets: [UInt8]) -> PeerID?

    /// In which of the networks of the rules for clients a sender is; 0 for none.
    func network(of peer: PeerID) -> UInt16

    /// From here on the number may stand for somebody else.
    func forget(_ peer: PeerID)

    /// Hands what waits to the system.
    func flush()

    /// When `deadlineReached` is to be called, in monotonic nanoseconds; nil for never.
    var nextDeadline: UInt64? { get }

    func deadlineReached()

    /// Network interfaces or addresses have come, gone or changed.
    func networkChanged()

    // The end

    /// Whether everything that can leave has left.
    var isDrained: Bool { get }

    /// Turns the loop again and again until the link is drained, where nothing else tells.
    func watchDraining()

    /// Cuts what is under way. The link must not be used afterwards.
    func close()

    /// What the link itself counted, each number by its name, and the link's; nil where it counts nothing.
    var counted: (link: String, counts: [(name: String, count: UInt64)])? { get }
}

/// A link without deadlines and networks, which the system takes everything from at once.
extension Link {
    var nextDeadline: UInt64? { nil }

    func deadlineReached() {}

    func networkChanged() {}

    func network(of peer: PeerID) -> UInt16 { 0 }

    var isDrained: Bool { true }

    func watchDraining() {}

    var counted: (link: String, counts: [(name: String, count: UInt64)])? { nil }
}
