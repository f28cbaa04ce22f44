package import GatewayCore

/// How often each kind of observation was made since the start.
package struct Counters: Sendable {
    private var counts = [UInt64](repeating: 0, count: ObservationKind.allCases.count)

    /// Messages of QoS 0 that a link did not take, and that therefore were not delivered.
    package private(set) var messagesRefusedByLinks: UInt64 = 0

    package init() {}

    package subscript(_ kind: ObservationKind) -> UInt64 { counts[Int(kind.rawValue)] }

    /// The core counts a message of QoS 0 as delivered when the link has it; this one the link did not take.
    mutating func takeBackDelivery() {
        // Wraps where the delivery is observed after the refusal.
        counts[Int(ObservationKind.messageDelivered.rawValue)] &-= 1
        messagesRefusedByLinks &+= 1
    }

    mutating func count(_ kind: ObservationKind) { counts[Int(kind.rawValue)] &+= 1 }
}
