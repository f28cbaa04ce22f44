import GatewayCore
import Time

/// A binary heap of the times at which connections must be looked at; equal times leave in the order they came.
///
/// A connection has one entry. Traffic does not touch it: when an entry comes due, the broker computes whether the
/// connection is really late and puts it back otherwise, so a packet costs nothing here.
struct BrokerDeadlineQueue {
    /// A time and the connection that must be looked at then.
    struct Entry {
        var time: Instant
        var order: UInt64
        var connection: BrokerConnectionID

        static func < (left: Entry, right: Entry) -> Bool {
            left.time == right.time ? left.order < right.order : left.time < right.time
        }
    }

    private var entries: [Entry] = []
    private var nextOrder: UInt64 = 0

    /// The entry with the earliest time.
    var first: Entry? { entries.first }

    mutating func insert(_ connection: BrokerConnectionID, at time: Instant) {
        entries.append(Entry(time: time, order: nextOrder, connection: connection))
        nextOrder += 1
        siftUp(from: entries.count - 1)
    }

    /// Takes the earliest entry out; nothing happens when there is none.
    mutating func removeFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        entries[0] = last
        siftDown(from: 0)
    }

    private mutating func siftUp(from start: Int) {
        var index = start
        while index > 0, entries[index] < entries[(index - 1) / 2] {
            entries.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown(from start: Int) {
        var index = start
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count {
                if entries[child] < entries[smallest] { smallest = child }
            }
            guard smallest != index else { return }
            entries.swapAt(index, smallest)
            index = smallest
        }
    }
}
