import Bytes
import Time

/// Datagrams that wait for their turn or for their status, in buffers that are reused.
struct XBeeMessageSlots: Sendable {
    /// What is known of the datagram in a buffer.
    struct Message: Sendable {
        var byteCount = 0
        /// The next one for the same node.
        var next: Int?
        /// How far a broadcast goes.
        var radius: UInt8 = 0
        /// How often the module had no room for it.
        var resendCount = 0
        /// Whether it was tried again without a cached route.
        var wasRetried = false
        var expiry = Instant(nanoseconds: 0)
    }

    private(set) var bytes: [UInt8]
    private var messages: [Message]
    private var free: [Int]
    private let byteCountPerSlot: Int

    init(count: Int, byteCountPerSlot: Int) {
        self.byteCountPerSlot = byteCountPerSlot
        bytes = [UInt8](repeating: 0, count: count * byteCountPerSlot)
        messages = [Message](repeating: Message(), count: count)
        free = Array((0..<count).reversed())
    }

    var usedCount: Int { messages.count - free.count }

    subscript(slot: Int) -> Message {
        get { messages[slot] }
        set { messages[slot] = newValue }
    }

    /// Where the datagram of a slot lies in `bytes`.
    func range(of slot: Int) -> ByteRange {
        (slot * byteCountPerSlot)..<(slot * byteCountPerSlot + messages[slot].byteCount)
    }

    /// A copy of `datagram` in a slot, or nil when all are in use.
    ///
    /// - Precondition: `datagram` is no longer than a slot.
    mutating func insert(_ datagram: RawSpan, radius: UInt8, expiry: Instant) -> Int? {
        guard let slot = free.popLast() else { return nil }
        messages[slot] = Message(expiry: expiry)
        replace(slot, by: datagram)
        messages[slot].radius = radius
        return slot
    }

    /// Puts a copy of `datagram` in a slot that is in use; its place among the others stays, and how it fared so far.
    ///
    /// - Precondition: `datagram` is no longer than a slot.
    mutating func replace(_ slot: Int, by datagram: RawSpan) {
        for offset in 0..<datagram.byteCount { bytes[slot * byteCountPerSlot + offset] = datagram[unchecked: offset] }
        messages[slot].byteCount = datagram.byteCount
    }

    /// What `datagram` means for the one in a slot.
    func supersession(of slot: Int, by datagram: RawSpan) -> Supersession {
        let bytes = bytes.span.bytes
        return Supersession(of: datagram, over: bytes.extracting(range(of: slot)))
    }

    mutating func remove(_ slot: Int) { free.append(slot) }
}
