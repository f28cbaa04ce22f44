/// How many messages clients will not get, by QoS.
package struct MissedMessages: Equatable, Hashable, Sendable {
    package private(set) var atMostOnce: UInt32
    package private(set) var atLeastOnce: UInt32
    package private(set) var exactlyOnce: UInt32

    package init(atMostOnce: UInt32 = 0, atLeastOnce: UInt32 = 0, exactlyOnce: UInt32 = 0) {
        (self.atMostOnce, self.atLeastOnce, self.exactlyOnce) = (atMostOnce, atLeastOnce, exactlyOnce)
    }

    /// Of every QoS together.
    package var count: Int { Int(atMostOnce) + Int(atLeastOnce) + Int(exactlyOnce) }

    @inline(__always)
    mutating func note(_ qos: QoS) {
        switch qos {
        case .atMostOnce: atMostOnce &+= 1
        case .atLeastOnce: atLeastOnce &+= 1
        case .exactlyOnce: exactlyOnce &+= 1
        }
    }

    static func += (missed: inout MissedMessages, more: MissedMessages) {
        missed.atMostOnce &+= more.atMostOnce
        missed.atLeastOnce &+= more.atLeastOnce
        missed.exactlyOnce &+= more.exactlyOnce
    }
}
