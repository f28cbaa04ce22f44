/// The octets a stream has still to write, in one array that exists only while there are some.
struct WriteQueue {
    /// An emptied array up to this capacity is kept for the next turn; a longer one is given back.
    private static let keptByteCount = 16_384

    private var bytes: [UInt8] = []
    private var writtenByteCount = 0

    /// How many octets wait.
    var byteCount: Int { bytes.count &- writtenByteCount }

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ span: RawSpan) {
        span.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// Passes all waiting octets to `write`, which returns how many of them it took or a negative number for none.
    mutating func write(_ write: (UnsafeRawBufferPointer) -> Int) -> Int {
        let offset = writtenByteCount
        let count = bytes.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
        if count > 0 { consume(count) }
        return count
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptByteCount)
        writtenByteCount = 0
    }

    private mutating func consume(_ count: Int) {
        writtenByteCount &+= count
        if isEmpty {
            removeAll()
        } else if writtenByteCount > byteCount {
            // Moving less than was written keeps the cost of moving below that of writing.
            bytes.removeFirst(writtenByteCount)
            writtenByteCount = 0
        }
    }
}
