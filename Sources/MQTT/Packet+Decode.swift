// Reading a packet: the fixed header is checked here, the body by the packet's own file.

import Bytes

extension Packet {
    /// Reads `frame`, which is exactly one packet with its fixed header, as `PacketDecoder` cuts it.
    ///
    /// - Returns: the packet, with ranges that are offsets into `frame`.
    /// - Throws: the first thing found wrong; never traps, whatever `frame` holds.
    public static func decode(_ frame: RawSpan) throws(PacketError) -> Packet {
        var offset = 0
        return try decode(frame, reached: &offset)
    }

    /// As `decode`, and tells how far the reading came: where it throws, `offset` is that of the field at fault.
    static func decode(_ frame: RawSpan, reached offset: inout Int) throws(PacketError) -> Packet {
        let header = try FixedHeader.readWhole(of: frame, .v3_1_1, reached: &offset)
        var reader = BodyReader(header.body)
        defer { offset = reader.remaining.lowerBound }
        return try decode(frame, header, &reader)
    }

    /// Reads the body of a packet whose frame is complete.
    private static func decode(
        _ frame: RawSpan, _ header: FixedHeader, _ reader: inout BodyReader
    ) throws(PacketError) -> Packet {
        let packet: Packet
        switch header.type {
        case .connect: packet = .connect(try Connect(from: frame, &reader))
        case .connectAcknowledgement:
            packet = .connectAcknowledgement(try ConnectAcknowledgement(from: frame, &reader))
        case .publish:
            packet = .publish(try Publish(from: frame, &reader, flags: PublishFlags(rawValue: header.flags)))
        case .publishAcknowledgement: packet = .publishAcknowledgement(try reader.packetID(of: frame))
        case .publishReceived: packet = .publishReceived(try reader.packetID(of: frame))
        case .publishRelease: packet = .publishRelease(try reader.packetID(of: frame))
        case .publishComplete: packet = .publishComplete(try reader.packetID(of: frame))
        case .subscribe: packet = .subscribe(try Subscribe(from: frame, &reader))
        case .subscribeAcknowledgement:
            packet = .subscribeAcknowledgement(try SubscribeAcknowledgement(from: frame, &reader))
        case .unsubscribe: packet = .unsubscribe(try Unsubscribe(from: frame, &reader))
        case .unsubscribeAcknowledgement: packet = .unsubscribeAcknowledgement(try reader.packetID(of: frame))
        case .pingRequest: packet = .pingRequest
        case .pingResponse: packet = .pingResponse
        case .disconnect: packet = .disconnect
        case .authentication: throw .reservedPacketType
        }
        try reader.finish()
        return packet
    }
}
