import Bytes
import GatewayCore
import MQTT
import MQTTSN
import Time

/// What observations say beyond how many of a kind there were: QoS, times, links, and the latest of what needs a look.
///
/// It takes no memory on the path of a message; the octets of a ClientId are kept in room that is used again, and only
/// of what has gone wrong.
struct Statistics {
    /// By the bits of the QoS; −1 is 3.
    typealias ByQoS = [4 of UInt64]

    /// What a link is, in its name.
    enum LinkKind: String {
        case udp, serial
    }

    /// What one link has carried.
    struct LinkCounts {
        /// Such as `udp0`: the first that no other link had when it came.
        var name: String
        /// Whether the link has not been taken away.
        var isThere = true
        var received: UInt64 = 0
        var sent: UInt64 = 0
        /// Of these, what the core said again.
        var sentAgain: UInt64 = 0
        /// What the radio module told last; nil on other links, and before that.
        var decibelMilliwatts: Int?
    }

    /// The latest of one kind of trouble.
    struct Trouble {
        var latest: Occurrence
        var clientID: [UInt8] = []
        var peer: PeerID?
        /// Monotonic nanoseconds.
        var latestAt: UInt64 = 0
        /// Since there was none for an hour.
        var count: UInt64 = 0
    }

    /// So long trouble is worth a look.
    static let memory: UInt64 = 3_600_000_000_000

    private(set) var forwarded: ByQoS = .init(repeating: 0)
    private(set) var acknowledged: ByQoS = .init(repeating: 0)
    private(set) var repeated: ByQoS = .init(repeating: 0)
    private(set) var delivered: ByQoS = .init(repeating: 0)
    private(set) var sentAgain: UInt64 = 0
    private(set) var drops = DropCounts()
    private(set) var upDelivery = Histogram()
    private(set) var downDelivery = Histogram()
    private(set) var clientRoundTrips = Histogram()
    private(set) var brokerRoundTrips = Histogram()
    private(set) var lastBrokerRoundTrip: TimeSpan?
    /// By the code of CONNACK; 0 for codes that MQTT 3.1.1 does not know.
    private(set) var brokerRefusals: [6 of UInt64] = .init(repeating: 0)
    private(set) var links: [LinkCounts]
    var hour: HourHistory
    var http = HTTPCounts()
    /// By the kind's number.
    private(set) var troubles = [Trouble?](repeating: nil, count: ObservationKind.allCases.count)
    /// Since when the gateway's own connection is not open; the start before the first.
    private(set) var brokerChangedAt: UInt64
    let startedAt: UInt64

    /// With so many links of each kind, those of serial lines last.
    init(udpCount: Int, serialCount: Int, at now: UInt64) {
        links = []
        hour = HourHistory(at: now)
        (startedAt, brokerChangedAt) = (now, now)
        for place in 0..<udpCount { begin(.udp, at: place) }
        for place in 0..<serialCount { begin(.serial, at: udpCount + place) }
    }

    /// A link has come to `place`, the next one or that of a link that was taken away; it counts anew.
    mutating func begin(_ kind: LinkKind, at place: Int) {
        let taken = links.filter(\.isThere).map(\.name)
        let name = (0...taken.count).lazy.map { "\(kind.rawValue)\($0)" }.first { !taken.contains($0) }
        let counts = LinkCounts(name: name ?? kind.rawValue)
        if place < links.count { links[place] = counts } else { links.append(counts) }
        // The numbers of the link that was here before stand for others now.
        for index in troubles.indices {
            guard let peer = troubles[index]?.peer, Int(peer.link.rawValue) == place else { continue }
            troubles[index]?.peer = nil
        }
    }

    /// Links that had just come are not there after all: only those are that `isThere` says, and no further ones.
    mutating func keep(_ isThere: [Bool]) {
        links.removeLast(links.count - isThere.count)
        for place in links.indices { links[place].isThere = isThere[place] }
    }

    /// The link at `place` is there no more.
    mutating func takeAway(_ place: Int) { links[place].isThere = false }

    mutating func received(on link: LinkID) {
        if links.indices.contains(Int(link.rawValue)) { links[Int(link.rawValue)].received &+= 1 }
    }

    mutating func sent(on link: LinkID) {
        if links.indices.contains(Int(link.rawValue)) { links[Int(link.rawValue)].sent &+= 1 }
    }

    mutating func heardSignal(_ decibelMilliwatts: Int, on link: LinkID) {
        links[Int(link.rawValue)].decibelMilliwatts = decibelMilliwatts
    }

    /// Takes note of an observation made at `now`, in monotonic nanoseconds; its ClientId indexes `arena`.
    mutating func note(_ observation: Observation, _ arena: RawSpan, at now: UInt64) {
        switch observation.occurrence {
        case .messageForwarded(let qos):
            forwarded[Int(qos.rawValue)] &+= 1
            hour.countUp(at: now)
        case .qosMinusOneForwarded:
            forwarded[3] &+= 1
            hour.countUp(at: now)
        case .messageAcknowledged(let qos, let span):
            acknowledged[Int(qos.rawValue)] &+= 1
            upDelivery.add(span)
        case .messageRepeated(let qos): repeated[Int(qos.rawValue)] &+= 1
        case .messageDelivered(let qos, let span):
            delivered[Int(qos.rawValue)] &+= 1
            downDelivery.add(span)
            hour.countDown(at: now)
        case .messageSentAgain:
            sentAgain &+= 1
            if let peer = observation.peer { links[Int(peer.link.rawValue)].sentAgain &+= 1 }
        case .clientAnswered(let span): clientRoundTrips.add(span)
        case .brokerAnswered(let span):
            brokerRoundTrips.add(span)
            lastBrokerRoundTrip = span
        case .upstreamRefused(let code):
            brokerRefusals[code.rawValue < 6 ? Int(code.rawValue) : 0] &+= 1
            noteTrouble(observation, arena, at: now)
        case .brokerReachable, .brokerUnreachable, .brokerRefusing: brokerChangedAt = now
        default:
            drops.note(observation.occurrence)
            if TroubleText.concerns(observation.kind) { noteTrouble(observation, arena, at: now) }
        }
    }

    private mutating func noteTrouble(_ observation: Observation, _ arena: RawSpan, at now: UInt64) {
        let index = Int(observation.kind.rawValue)
        var trouble = Trouble(latest: observation.occurrence)
        // Its room is used again.
        if let known = troubles[index] { trouble = known }
        troubles[index] = nil
        if now &- trouble.latestAt > Self.memory { trouble.count = 0 }
        trouble.latest = observation.occurrence
        trouble.clientID.removeAll(keepingCapacity: true)
        let name = arena.extracting(observation.clientID)
        for offset in 0..<name.byteCount { trouble.clientID.append(name[unchecked: offset]) }
        trouble.peer = observation.peer
        trouble.latestAt = now
        trouble.count &+= 1
        troubles[index] = trouble
    }
}
