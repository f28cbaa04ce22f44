import MQTT
import Time

/// In which version of MQTT the next connection to the broker speaks, where the owner leaves that to the gateway.
///
/// **What it owns.** What the broker has shown: that it takes 5.0, that it may not, or that it has taken 3.1.1 where it
/// had not taken 5.0. **Invariant.** 3.1.1 is kept to only once it has been accepted, and for a day. **Awkward cases.**
/// Brokers of 3.1.1 say in three ways that they know no 5.0: by CONNACK with the return code 1, by 0x84, or by closing
/// without a word. One that closes may just be starting, so it must do so twice in a row; and one that has accepted 5.0
/// before, or has refused it for another reason, is not doubted because it closes.
struct BrokerVersion {
    private enum Knowledge: Equatable {
        /// So many connections in a row were ended before the CONNACK.
        case nothing(endCount: Int)
        case takes5
        /// 3.1.1 is tried.
        case doubtsFive
        case takesOnly3(until: Instant)
    }

    /// Daily.
    private static let memory = TimeSpan.seconds(86_400)
    private static let tellingCount = 2

    private var knowledge = Knowledge.nothing(endCount: 0)

    func next(_ protocol: BrokerProtocol, at now: Instant) -> ProtocolVersion {
        switch `protocol` {
        case .v5_0: return .v5_0
        case .v3_1_1: return .v3_1_1
        case .auto: break
        }
        switch knowledge {
        case .nothing, .takes5: return .v5_0
        case .doubtsFive: return .v3_1_1
        case .takesOnly3(let until): return now < until ? .v3_1_1 : .v5_0
        }
    }

    /// A CONNECT of that version was accepted.
    mutating func accepted(_ version: ProtocolVersion, at now: Instant) {
        switch (version, knowledge) {
        case (.v5_0, _): knowledge = .takes5
        case (.v3_1_1, .takesOnly3(let until)) where now < until: break
        // Another connection has found 5.0 meanwhile.
        case (.v3_1_1, .takes5): break
        case (.v3_1_1, _): knowledge = .takesOnly3(until: now + Self.memory)
        }
    }

    /// A CONNECT of that version was refused; where not for its version, the broker knows it.
    mutating func refused(_ version: ProtocolVersion, forVersion isOfVersion: Bool, at now: Instant) {
        switch version {
        case .v5_0:
            if case .takesOnly3(let until) = knowledge, now < until { return }
            knowledge = isOfVersion ? .doubtsFive : .takes5
        case .v3_1_1: if isOfVersion { knowledge = .nothing(endCount: 0) }
        }
    }

    /// A connection on which a CONNECT of that version was said has ended without a CONNACK.
    ///
    /// - Returns: whether the version may be what it was ended for.
    @discardableResult
    mutating func ended(_ version: ProtocolVersion, of protocol: BrokerProtocol, at now: Instant) -> Bool {
        guard `protocol` == .auto else { return false }
        switch (version, knowledge) {
        case (.v5_0, .nothing(let count)):
            knowledge = count + 1 < Self.tellingCount ? .nothing(endCount: count + 1) : .doubtsFive
            return true
        case (.v5_0, .takesOnly3(let until)) where now >= until:
            knowledge = .nothing(endCount: 1)
            return true
        case (.v3_1_1, .doubtsFive): knowledge = .nothing(endCount: 0)
        case (.v5_0, _), (.v3_1_1, _): break
        }
        return false
    }
}
