import Bytes

/// The fixed memory in which a framer puts one frame together and hands it out.
struct FrameBuffer: Sendable {
    /// Never changes its size; twice the capacity, so that octets are seldom moved to the front.
    private(set) var bytes: [UInt8]
    /// Where the octets that are not yet consumed lie.
    private(set) var stored: ByteRange = 0..<0
    let capacity: Int
    private var handedOutByteCount = 0

    init(capacity: Int) {
        self.capacity = capacity
        bytes = [UInt8](repeating: 0, count: 2 * capacity)
    }

    var count: Int { stored.count }

    var isEmpty: Bool { stored.isEmpty }

    /// The stored octet at `offset`, which the caller has proved to be less than `count`.
    subscript(offset: Int) -> UInt8 { bytes[stored.lowerBound + offset] }

    /// Stores one octet; false when the buffer is full.
    mutating func append(_ octet: UInt8) -> Bool {
        guard count < capacity else { return false }
        makeRoom(for: 1)
        bytes[stored.upperBound] = octet
        stored = stored.lowerBound..<(stored.upperBound + 1)
        return true
    }

    /// Stores octets of `input` until `byteCount` are stored; whether there were enough of them.
    ///
    /// - Precondition: `byteCount` is at most the capacity.
    mutating func fill(to byteCount: Int, from input: RawSpan, at position: inout Int) -> Bool {
        let missing = byteCount - count
        guard missing > 0 else { return true }
        let taken = min(missing, input.byteCount - position)
        makeRoom(for: taken)
        for offset in 0..<taken { bytes[stored.upperBound + offset] = input[unchecked: position + offset] }
        stored = stored.lowerBound..<(stored.upperBound + taken)
        position += taken
        return taken == missing
    }

    /// Forgets the first `byteCount` octets.
    mutating func dropFirst(_ byteCount: Int) {
        let lowerBound = min(stored.lowerBound + byteCount, stored.upperBound)
        stored = lowerBound == stored.upperBound ? 0..<0 : lowerBound..<stored.upperBound
    }

    mutating func removeAll() {
        stored = 0..<0
        handedOutByteCount = 0
    }

    /// Names the octets at `offsets`, to be kept until the next `release`, which forgets the first `byteCount`.
    mutating func handOut(_ offsets: ByteRange, consuming byteCount: Int) -> ByteRange {
        handedOutByteCount = byteCount
        return (stored.lowerBound + offsets.lowerBound)..<(stored.lowerBound + offsets.upperBound)
    }

    /// Forgets the frame that was handed out last.
    mutating func release() {
        guard handedOutByteCount > 0 else { return }
        dropFirst(handedOutByteCount)
        handedOutByteCount = 0
    }

    private mutating func makeRoom(for byteCount: Int) {
        guard stored.upperBound + byteCount > bytes.count else { return }
        for offset in 0..<count { bytes[offset] = bytes[stored.lowerBound + offset] }
        stored = 0..<count
    }
}
