import GatewayCore
import Time

/// What is going to happen in a world, earliest first; equal times in the order in which they were planned.
struct WorldQueue {
    private struct Entry {
        var time: Instant
        var order: UInt64
        var happening: Happening

        static func < (left: Entry, right: Entry) -> Bool {
            left.time == right.time ? left.order < right.order : left.time < right.time
        }
    }

    private var entries: [Entry] = []
    private var nextOrder: UInt64 = 0

    var nextTime: Instant? { entries.first?.time }
    var count: Int { entries.count }

    mutating func insert(_ happening: Happening, at time: Instant) {
        entries.append(Entry(time: time, order: nextOrder, happening: happening))
        nextOrder += 1
        var index = entries.count - 1
        while index > 0, entries[index] < entries[(index - 1) / 2] {
            entries.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func removeFirst() -> Happening? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return first.happening }
        entries[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count && entries[child] < entries[least] {
                least = child
            }
            guard least != index else { return first.happening }
            entries.swapAt(index, least)
            index = least
        }
    }

    /// Takes out what `isUnwanted` says.
    mutating func removeAll(where isUnwanted: (Happening) -> Bool) {
        guard entries.contains(where: { isUnwanted($0.happening) }) else { return }
        let kept = entries.filter { !isUnwanted($0.happening) }.sorted { $0 < $1 }
        // A sorted list is a heap.
        entries = kept
    }
}

/// A datagram on its way between a client and the gateway.
struct Datagram {
    /// The client; nil for a hostile sender.
    var client: Int?
    /// Where it comes from or goes to, as the gateway's host sees it.
    var address: Int
    var bytes: [UInt8]
    var sentAt: Instant
    /// Of the gateway: when it decided to say it.
    var saidAt = Instant(nanoseconds: 0)
    /// The client's connection in which it was sent.
    var connection: Int
    var isFromGateway = false
    /// Of a CONNACK: what the CONNECT asked for that it answers.
    var wish: ConnectWish?
    /// Of an answer to PUBLISH or PUBREL: what was heard last under its message id.
    var answered: Stamp?
    /// Whether it answers the client's DISCONNECT.
    var isLeaveGranted = false
}

/// Something that happens in a world at its time.
enum Happening {
    case datagramReachedGateway(Datagram)
    case datagramReachedClient(Datagram)
    /// From a place.
    case oversizedReachedGateway(Int)
    case streamAnswered(Int)
    case bytesReachedBroker(Int)
    case bytesReachedGateway(Int)
    case streamUnblocked(Int)
    case brokerNoticedEnd(Int)
    /// Who had taken over a client's name.
    case strangerLeftBroker(BrokerConnectionID)
    case gatewayNoticedEnd(Int, StreamEnd)
    case clientActs(Int)
    case clientConnects(Int)
    case clientDeadline(Int)
    case clientRestarts(Int)
    /// With nothing of what it knew.
    case clientStartsAnew(Int)
    case clientSearches(Int)
    case hostileActs(Int)
    case faultsStrike
    case brokerStarts
    case gatewayStarts
    case linkUnclogged(Int)
    case partitionHealed(Int)
    case radioReturns
    /// Octets at the end of the serial line between the gateway and its radio module.
    case lineReachedRadio([UInt8])
    case lineReachedGateway([UInt8])
    case radioWakes
    case linePluggedIn
    /// The interface of the UDP socket is there again.
    case interfaceReturns
    /// The gateway's disk has made everything durable up to a batch.
    case storeSynced(Int)
}
