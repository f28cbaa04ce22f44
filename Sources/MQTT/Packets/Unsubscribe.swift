public import Bytes

/// UNSUBSCRIBE: ends one or more subscriptions (MQTT 3.1.1 §3.10).
public struct Unsubscribe: Equatable, Sendable {
    /// The Packet Identifier that UNSUBACK repeats.
    public var packetID: PacketID
    /// The Topic Filters as they lie in the packet: length and filter, one after the other (§3.10.3).
    public var filters: ByteRange

    /// The parts of an UNSUBSCRIBE; see the properties.
    public init(packetID: PacketID, filters: ByteRange) {
        self.packetID = packetID
        self.filters = filters
    }

    /// The filter at `position`, or nil after the last one; moves `position` behind it.
    ///
    /// - Parameters:
    ///   - frame: the bytes that this packet was decoded from.
    ///   - position: 0 to begin with (anything before `filters` is), afterwards as the last call left it.
    /// - Returns: the range of the filter in `frame`.
    public func nextFilter(in frame: RawSpan, at position: inout Int) -> ByteRange? {
        let start = max(position, filters.lowerBound)
        guard start < filters.upperBound, let byteCount = frame.uint16(at: start) else { return nil }
        let filter = (start + 2)..<(start + 2 + Int(byteCount))
        guard filter.upperBound <= frame.byteCount else { return nil }
        position = filter.upperBound
        return filter
    }
}

extension Unsubscribe {
    /// Reads the body of an UNSUBSCRIBE and checks every filter in it.
    init(from frame: RawSpan, _ reader: inout BodyReader) throws(PacketError) {
        packetID = try reader.packetID(of: frame)
        filters = reader.remaining
        guard !filters.isEmpty else { throw .noTopicFilters }
        while !reader.remaining.isEmpty {
            _ = try reader.topicFilter(of: frame)
        }
    }
}

extension [UInt8] {
    /// Appends UNSUBSCRIBE with one filter, in 5.0 without properties.
    ///
    /// - Precondition: `packetID` is not 0 and `filter` is a valid Topic Filter (`TopicFilter.isValidFilter`).
    public mutating func appendUnsubscribePacket(
        packetID: PacketID, filter: RawSpan, version: ProtocolVersion = .v3_1_1
    ) {
        let propertyByteCount = version == .v5_0 ? 1 : 0
        appendFixedHeader(of: .unsubscribe, remainingLength: 2 + propertyByteCount + 2 + filter.byteCount)
        append(packetID: packetID)
        if version == .v5_0 { append(0) }
        append(lengthPrefixed: filter)
    }
}
