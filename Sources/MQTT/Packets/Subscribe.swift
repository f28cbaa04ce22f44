public import Bytes

/// SUBSCRIBE: asks for the messages that match one or more Topic Filters (MQTT 3.1.1 §3.8).
public struct Subscribe: Equatable, Sendable {
    /// The Packet Identifier that SUBACK repeats.
    public var packetID: PacketID
    /// The Topic Filters as they lie in the packet: length, filter and requested QoS, one after the other (§3.8.3).
    public var filters: ByteRange

    /// The parts of a SUBSCRIBE; see the properties.
    public init(packetID: PacketID, filters: ByteRange) {
        self.packetID = packetID
        self.filters = filters
    }

    /// The filter at `position` with its requested QoS, or nil after the last one; moves `position` behind it.
    ///
    /// - Parameters:
    ///   - frame: the bytes that this packet was decoded from.
    ///   - position: 0 to begin with (anything before `filters` is), afterwards as the last call left it.
    /// - Returns: the range of the filter in `frame` and the QoS asked for it.
    public func nextFilter(
        in frame: RawSpan, at position: inout Int
    ) -> (filter: ByteRange, qos: DeliveryQoS)? {
        guard let next = nextSubscription(in: frame, at: &position) else { return nil }
        return (next.filter, next.options.qos)
    }

    /// As `nextFilter`, with all that 5.0 says of the subscription beside its QoS (5.0 §3.8.3.1).
    public func nextSubscription(
        in frame: RawSpan, at position: inout Int
    ) -> (filter: ByteRange, options: SubscriptionOptions)? {
        let start = max(position, filters.lowerBound)
        guard start < filters.upperBound, let byteCount = frame.uint16(at: start) else { return nil }
        let filter = (start + 2)..<(start + 2 + Int(byteCount))
        guard let octet = frame.byte(at: filter.upperBound), let options = SubscriptionOptions(octet) else {
            return nil
        }
        position = filter.upperBound + 1
        return (filter, options)
    }
}

/// SUBACK: a server's answer to SUBSCRIBE, one code for each filter in the same order (MQTT 3.1.1 §3.9).
public struct SubscribeAcknowledgement: Equatable, Sendable {
    /// The code for a filter that the server refused; the others are the granted QoS, 0 to 2 (§3.9.3).
    public static let failureReturnCode: UInt8 = 0x80

    /// The Packet Identifier of the SUBSCRIBE.
    public var packetID: PacketID
    /// One octet for each filter, each 0, 1, 2 or `failureReturnCode`; at least one.
    public var returnCodes: ByteRange

    /// The parts of a SUBACK; see the properties.
    public init(packetID: PacketID, returnCodes: ByteRange) {
        self.packetID = packetID
        self.returnCodes = returnCodes
    }
}

extension Subscribe {
    /// Reads the body of a SUBSCRIBE and checks every filter in it.
    init(from frame: RawSpan, _ reader: inout BodyReader) throws(PacketError) {
        packetID = try reader.packetID(of: frame)
        filters = reader.remaining
        guard !filters.isEmpty else { throw .noTopicFilters }
        while !reader.remaining.isEmpty {
            _ = try reader.topicFilter(of: frame)
            let octet = try reader.byte(of: frame)
            guard octet & 0xFC == 0 else { throw .reservedSubscriptionBits }
            guard DeliveryQoS(rawValue: octet) != nil else { throw .reservedQoS }
        }
    }
}

extension SubscribeAcknowledgement {
    /// Reads the body of a SUBACK and checks every code in it.
    init(from frame: RawSpan, _ reader: inout BodyReader) throws(PacketError) {
        packetID = try reader.packetID(of: frame)
        returnCodes = reader.takeRest()
        guard !returnCodes.isEmpty else { throw .noReturnCodes }
        for offset in returnCodes {
            let code = frame[unchecked: offset]
            guard code <= 2 || code == Self.failureReturnCode else { throw .reservedReturnCode }
        }
    }
}

extension [UInt8] {
    /// Appends SUBSCRIBE with one filter.
    ///
    /// - Precondition: `packetID` is not 0 and `filter` is a valid Topic Filter (`TopicFilter.isValidFilter`).
    public mutating func appendSubscribePacket(
        packetID: PacketID, filter: RawSpan, qos: DeliveryQoS
    ) {
        appendSubscribePacket(packetID: packetID, filter: filter, SubscriptionOptions(qos: qos), version: .v3_1_1)
    }

    /// Appends SUBSCRIBE with one filter, in 5.0 without properties.
    ///
    /// - Precondition: `packetID` is not 0, `filter` is a valid Topic Filter (`TopicFilter.isValidFilter`), and the
    ///   options say no more than a QoS in 3.1.1.
    public mutating func appendSubscribePacket(
        packetID: PacketID, filter: RawSpan, _ options: SubscriptionOptions, version: ProtocolVersion
    ) {
        let propertyByteCount = version == .v5_0 ? 1 : 0
        appendFixedHeader(of: .subscribe, remainingLength: 2 + propertyByteCount + 2 + filter.byteCount + 1)
        append(packetID: packetID)
        if version == .v5_0 { append(0) }
        append(lengthPrefixed: filter)
        append(options.rawValue)
    }

    /// Appends SUBACK.
    ///
    /// - Precondition: `packetID` is not 0 and there is at least one code, each 0, 1, 2 or 0x80.
    public mutating func appendSubscribeAcknowledgementPacket(
        packetID: PacketID, returnCodes: RawSpan
    ) {
        precondition(returnCodes.byteCount > 0, "SUBACK answers at least one Topic Filter")
        let bodyByteCount = 2 + returnCodes.byteCount
        appendFixedHeader(of: .subscribeAcknowledgement, remainingLength: bodyByteCount)
        append(packetID: packetID)
        append(returnCodes)
    }
}
