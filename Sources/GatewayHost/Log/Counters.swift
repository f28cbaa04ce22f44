package import GatewayCore

/// How often each kind of observation was made since the start.
package struct Counters: Sendable {
    private var counts = [UInt64](repeating: 0, count: ObservationKind.allCases.count)

    package init() {}

    package subscript(_ kind: ObservationKind) -> UInt64 { counts[Int(kind.rawValue)] }

    mutating func count(_ kind: ObservationKind) { counts[Int(kind.rawValue)] &+= 1 }
}
