public import Bytes

/// Cuts a byte stream into packets, however the stream is split over inputs (MQTT 3.1.1 §2.2).
///
/// A packet that lies whole in an input is named where it lies and costs no allocation. One that is split is put
/// together here: the memory for it grows with the octets that arrive, never with the length that it claims. The fixed
/// header is checked as its octets arrive; the body is left to `Packet.decode`.
///
/// The stream's octets are consumed in this order: the packet being put together, what `keep` stored, the input.
///
///     while true {
///         switch try decoder.next(in: input, at: &position) {
///         case .needsMore: return
///         case .frame(let range): handle(input, range)
///         case .assembled:
///             let packet = decoder.takeAssembled()
///             handle(packet, packet.indices)
///             decoder.recycle(packet)
///         }
///     }
public struct PacketDecoder: Sendable {
    /// What the next octets of the stream turned out to be.
    public enum Step: Equatable, Sendable {
        /// All input is consumed; what is incomplete has been stored.
        case needsMore
        /// A complete packet lies in the input at this range; `position` is behind it.
        case frame(ByteRange)
        /// A complete packet that does not lie in the input is stored: take it with `takeAssembled`.
        case assembled
    }

    /// As every length here it is held in 32 bits, as there is a decoder for every connection; no packet is longer than
    /// 268,435,460 octets (§2.2.3).
    private let longestPacket: UInt32
    private var maximumPacketByteCount: Int { Int(longestPacket) }
    /// What is spoken on the stream; a server learns it from the CONNECT.
    public var version: ProtocolVersion
    private var assembly = PacketAssembly()
    private var kept = KeptBytes()

    /// A decoder at the beginning of a stream that refuses packets of more than `maximumPacketByteCount` octets, fixed
    /// header included. A CONNECT is cut alike in every version.
    public init(maximumPacketByteCount: Int, version: ProtocolVersion = .v3_1_1) {
        longestPacket = UInt32(clamping: maximumPacketByteCount)
        self.version = version
    }

    /// How many octets of the stream are stored here and not yet handed out.
    public var bufferedByteCount: Int {
        assembly.bytes.count + kept.byteCount
    }

    /// How many octets of storage are held, for what is stored now and for reuse.
    public var reservedByteCount: Int {
        assembly.bytes.capacity + kept.capacity
    }

    /// Advances to the next packet and moves `position` behind what was consumed of `input`.
    ///
    /// An assembled packet is announced again until it is taken. `position` does not move while stored octets suffice.
    /// - Throws: what is wrong with a fixed header, as soon as its octet arrives. The stream has then lost its
    ///   boundaries: close it and begin the next one with a new decoder.
    /// - Precondition: `position` lies in `0...input.byteCount`.
    public mutating func next(in input: RawSpan, at position: inout Int) throws(PacketError) -> Step {
        if assembly.isComplete { return .assembled }
        if kept.byteCount > 0 {
            try kept.drain(into: &assembly, maximumPacketByteCount, version)
            if assembly.isComplete { return .assembled }
        }
        if assembly.bytes.isEmpty, let end = try endOfWholePacket(in: input, at: position) {
            defer { position = end }
            return .frame(position..<end)
        }
        try assembly.fill(from: input, at: &position, maximumPacketByteCount, version)
        return assembly.isComplete ? .assembled : .needsMore
    }

    /// Hands out the packet that `next` announced with `.assembled`, without copying it.
    ///
    /// - Precondition: the last `next` returned `.assembled` and the packet was not taken yet.
    public mutating func takeAssembled() -> [UInt8] {
        precondition(assembly.isComplete, "no packet was announced")
        var taken = PacketAssembly()
        swap(&taken, &assembly)
        return taken.bytes
    }

    /// Takes the storage of a packet that `takeAssembled` handed out, to put the next one together in it.
    public mutating func recycle(_ buffer: consuming [UInt8]) {
        guard assembly.bytes.isEmpty, buffer.capacity <= reusableByteCount else { return }
        buffer.removeAll(keepingCapacity: true)
        assembly.bytes = buffer
    }

    /// Stores what is left of `input` from `position` on, behind all that is stored already, for an owner that pauses:
    /// `next` yields it before anything of a later input.
    ///
    /// - Precondition: `position` lies in `0...input.byteCount`.
    public mutating func keep(_ input: RawSpan, from position: Int) {
        kept.append(input.extracting(position..<input.byteCount))
    }

    /// Where the packet at `position` ends, or nil when not all of it lies in `input`.
    private func endOfWholePacket(in input: RawSpan, at position: Int) throws(PacketError) -> Int? {
        guard let header = try FixedHeader.read(in: input, at: position, version) else { return nil }
        let end = header.body.upperBound
        guard end - position <= maximumPacketByteCount else { throw .packetTooLarge }
        return end <= input.byteCount ? end : nil
    }
}

/// Storage above this size is given back to the system when it is empty, so that one large packet does not make every
/// later moment of the connection as large.
private let reusableByteCount = 4096

/// What a paused owner has stored: a piece of the stream of any length, consumed from its front.
private struct KeptBytes: Sendable {
    private var bytes: [UInt8] = []
    /// The octets of `bytes` before this offset are consumed.
    private var position = 0

    /// How many octets are not consumed yet.
    var byteCount: Int {
        bytes.count - position
    }

    /// How many octets of storage are held.
    var capacity: Int {
        bytes.capacity
    }

    /// Stores `piece` behind the others.
    mutating func append(_ piece: RawSpan) {
        if position > bytes.count / 2 {
            // Moves fewer octets than were consumed since the last move: linear in the stream's length.
            bytes.removeFirst(position)
            position = 0
        }
        bytes.append(piece)
    }

    /// Consumes octets until `assembly` is complete or none are left.
    mutating func drain(
        into assembly: inout PacketAssembly, _ maximumPacketByteCount: Int, _ version: ProtocolVersion
    ) throws(PacketError) {
        var position = self.position
        defer { consume(upTo: position) }
        try assembly.fill(from: bytes.span.bytes, at: &position, maximumPacketByteCount, version)
    }

    private mutating func consume(upTo position: Int) {
        self.position = position
        guard position == bytes.count else { return }
        self.position = 0
        if bytes.capacity > reusableByteCount {
            bytes = []
        } else {
            bytes.removeAll(keepingCapacity: true)
        }
    }
}

/// A packet that is being put together from pieces.
private struct PacketAssembly: Sendable {
    /// What has arrived of the packet, from its first octet on.
    var bytes: [UInt8] = []
    /// The size of the whole packet, or 0 while its fixed header is incomplete.
    private var packetByteCount: UInt32 = 0

    /// Whether all of the packet has arrived.
    var isComplete: Bool {
        packetByteCount > 0 && packetByteCount == bytes.count
    }

    /// Moves over as many octets of `input` as belong to this packet and stores them.
    mutating func fill(
        from input: RawSpan, at position: inout Int, _ maximumPacketByteCount: Int, _ version: ProtocolVersion
    ) throws(PacketError) {
        while packetByteCount == 0 {
            guard let octet = input.byte(at: position) else { return }
            bytes.append(octet)
            position += 1
            guard let header = try FixedHeader.read(in: bytes.span.bytes, at: 0, version) else { continue }
            let byteCount = header.body.upperBound
            guard byteCount <= maximumPacketByteCount else { throw .packetTooLarge }
            packetByteCount = UInt32(byteCount)
        }
        let pieceByteCount = min(Int(packetByteCount) - bytes.count, input.byteCount - position)
        bytes.append(input.extracting(position..<(position + pieceByteCount)))
        position += pieceByteCount
    }
}
