/// The last datagrams of all clients, for the page: a ring of a fixed size that is filled anew when it is full.
///
/// Of each the beginning is kept, and nothing of a payload.
struct RecentMessages {
    /// Which way a datagram goes.
    enum Way: UInt8 {
        case fromClient, toClient
    }

    /// What is kept of one datagram.
    struct Entry {
        /// In monotonic nanoseconds.
        var time: UInt64 = 0
        /// Shared with the session: no copy of it.
        var clientID: [UInt8] = []
        /// Of the datagram; the octets that are not kept are zeros.
        var byteCount: UInt32 = 0
        var way = Way.fromClient
    }

    /// What is kept of each datagram, in octets.
    static let keptByteCount = 80

    private let count: Int
    private var entries: [Entry] = []
    private var heads: [UInt8] = []
    /// Where the next one goes.
    private var next = 0

    /// A ring of `count` datagrams, none of which takes more than 128 octets; it grows to its size as they come.
    init(count: Int) { self.count = count }

    mutating func append(_ datagram: RawSpan, _ way: Way, of clientID: [UInt8], at time: UInt64) {
        guard count > 0 else { return }
        let entry = Entry(time: time, clientID: clientID, byteCount: UInt32(clamping: datagram.byteCount), way: way)
        if entries.count < count {
            if entries.isEmpty { reserve() }
            entries.append(entry)
            heads.append(contentsOf: repeatElement(0, count: Self.keptByteCount))
        } else {
            entries[next] = entry
        }
        keep(datagram, at: next)
        next = next + 1 == count ? 0 : next + 1
    }

    private mutating func reserve() {
        entries.reserveCapacity(count)
        heads.reserveCapacity(count * Self.keptByteCount)
    }

    private mutating func keep(_ datagram: RawSpan, at index: Int) {
        let shown = min(datagram.byteCount, Self.keptByteCount, Payload.start(in: datagram))
        let start = index * Self.keptByteCount
        heads.withUnsafeMutableBytes { heads in
            let slot = UnsafeMutableRawBufferPointer(rebasing: heads[start..<start + Self.keptByteCount])
            datagram.extracting(0..<shown).withUnsafeBytes { slot.copyMemory(from: $0) }
            for position in shown..<Self.keptByteCount { slot[position] = 0 }
        }
    }

    /// The last ones of a client, newest first, at most `limit`; each with its octets, as far as they are kept.
    func last(_ limit: Int, of clientID: [UInt8], _ body: (Entry, [UInt8]) -> Void) {
        var found = 0
        for offset in 0..<entries.count {
            let index = (next - 1 - offset + entries.count) % entries.count
            guard entries[index].clientID == clientID else { continue }
            let start = index * Self.keptByteCount
            var bytes = Array(heads[start..<start + min(Self.keptByteCount, Int(entries[index].byteCount))])
            bytes += repeatElement(0, count: Int(entries[index].byteCount) - bytes.count)
            body(entries[index], bytes)
            found += 1
            if found == limit { return }
        }
    }
}
