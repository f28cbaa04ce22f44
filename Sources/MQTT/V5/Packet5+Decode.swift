// Reading a packet of MQTT 5.0, with the parts that it shares with one of 3.1.1.

import Bytes

extension Packet5 {
    /// Reads `frame`, which is exactly one packet with its fixed header, as a `PacketDecoder` of version 5.0 cuts it.
    ///
    /// - Returns: the packet, with ranges that are offsets into `frame`.
    /// - Throws: the first thing found wrong; never traps, whatever `frame` holds.
    public static func decode(_ frame: RawSpan) throws(PacketError) -> Packet5 {
        var offset = 0
        return try decode(frame, reached: &offset)
    }

    /// As `decode`, and tells how far the reading came: where it throws, `offset` is that of the field at fault.
    static func decode(_ frame: RawSpan, reached offset: inout Int) throws(PacketError) -> Packet5 {
        var added = AddedFields()
        let packet = try Packet.decode5(frame, &added, reached: &offset)
        return Packet5(packet, added)
    }
}

extension Packet {
    /// Reads `frame`, which is exactly one packet of that version; what 5.0 adds is put into `added`, which is empty
    /// before.
    ///
    /// - Throws: the first thing found wrong; never traps, whatever `frame` holds.
    @inline(__always)
    public static func decode(
        _ frame: RawSpan, _ version: ProtocolVersion, _ added: inout AddedFields
    ) throws(PacketError) -> Packet {
        guard version == .v5_0 else { return try decode(frame) }
        var offset = 0
        return try decode5(frame, &added, reached: &offset)
    }

    fileprivate static func decode5(
        _ frame: RawSpan, _ added: inout AddedFields, reached offset: inout Int
    ) throws(PacketError) -> Packet {
        let header = try FixedHeader.readWhole(of: frame, .v5_0, reached: &offset)
        var reader = BodyReader(header.body)
        defer { offset = reader.remaining.lowerBound }
        let packet = try Packet(from: frame, header, &reader, &added)
        try reader.finish()
        return packet
    }

    /// The first thing wrong with `frame`, which is meant to be exactly one packet of that version, and the offset of
    /// the field at fault; nil where nothing is.
    public static func fault(in frame: RawSpan, _ version: ProtocolVersion) -> (error: PacketError, offset: Int)? {
        var offset = 0
        do throws(PacketError) {
            switch version {
            case .v3_1_1: _ = try decode(frame, reached: &offset)
            case .v5_0: _ = try Packet5.decode(frame, reached: &offset)
            }
            return nil
        } catch {
            return (error, offset)
        }
    }

    /// Reads the body of a packet whose frame is complete.
    fileprivate init(
        from frame: RawSpan, _ header: FixedHeader, _ reader: inout BodyReader, _ added: inout AddedFields
    ) throws(PacketError) {
        let type = header.type
        switch type {
        case .connect: self = .connect(try Connect(from: frame, &reader, .v5_0, &added))
        case .connectAcknowledgement:
            self = .connectAcknowledgement(try ConnectAcknowledgement(from: frame, &reader, &added))
        case .publish:
            let flags = PublishFlags(rawValue: header.flags)
            self = .publish(try Publish(from: frame, &reader, flags: flags, &added))
        case .publishAcknowledgement:
            self = .publishAcknowledgement(try reader.acknowledgement(of: frame, type, &added))
        case .publishReceived: self = .publishReceived(try reader.acknowledgement(of: frame, type, &added))
        case .publishRelease: self = .publishRelease(try reader.acknowledgement(of: frame, type, &added))
        case .publishComplete: self = .publishComplete(try reader.acknowledgement(of: frame, type, &added))
        case .subscribe: self = .subscribe(try Subscribe(from: frame, &reader, &added))
        case .subscribeAcknowledgement:
            let packetID = try reader.packetID(of: frame)
            added.properties = try reader.properties(of: frame, .suback)
            let codes = try reader.reasonCodes(of: frame, type, orElse: .noReturnCodes)
            self = .subscribeAcknowledgement(SubscribeAcknowledgement(packetID: packetID, returnCodes: codes))
        case .unsubscribe: self = .unsubscribe(try Unsubscribe(from: frame, &reader, &added))
        case .unsubscribeAcknowledgement:
            let packetID = try reader.packetID(of: frame)
            added.properties = try reader.properties(of: frame, .unsuback)
            added.reasonCodes = try reader.reasonCodes(of: frame, type, orElse: .noReasonCodes)
            self = .unsubscribeAcknowledgement(packetID)
        case .pingRequest: self = .pingRequest
        case .pingResponse: self = .pingResponse
        case .disconnect:
            self = .disconnect
            try reader.outcome(of: frame, type, &added)
        case .authentication:
            self = .authentication
            // Without properties it has no reason code either (§3.15.2.1).
            if reader.remaining.count == 1 { throw .truncated }
            try reader.outcome(of: frame, type, &added)
        }
    }
}

extension BodyReader {
    /// Reads a Reason Code that may stand in packets of `type`.
    fileprivate mutating func reasonCode(of frame: RawSpan, _ type: PacketType) throws(PacketError) -> ReasonCode {
        let start = self
        guard let code = ReasonCode(rawValue: try byte(of: frame)), code.mayStand(in: type) else {
            throw fault(.reservedReasonCode, at: start)
        }
        return code
    }

    /// Reads Reason Code and properties where they are not left out, as both, or the properties, may be at the end of
    /// DISCONNECT and of what acknowledges PUBLISH (§3.4.2.1, §3.14.2.1).
    fileprivate mutating func outcome(
        of frame: RawSpan, _ type: PacketType, _ added: inout AddedFields
    ) throws(PacketError) {
        if remaining.isEmpty { return }
        added.reasonCode = try reasonCode(of: frame, type)
        if remaining.isEmpty { return }
        added.properties = try properties(of: frame, PropertyOwners(type))
    }

    /// Reads the body of PUBACK, PUBREC, PUBREL or PUBCOMP (§3.4 to §3.7).
    fileprivate mutating func acknowledgement(
        of frame: RawSpan, _ type: PacketType, _ added: inout AddedFields
    ) throws(PacketError) -> PacketID {
        let packetID = try packetID(of: frame)
        try outcome(of: frame, type, &added)
        return packetID
    }

    /// Reads all that is left as Reason Codes, of which there is at least one.
    fileprivate mutating func reasonCodes(
        of frame: RawSpan, _ type: PacketType, orElse none: PacketError
    ) throws(PacketError) -> ByteRange {
        let codes = remaining
        guard !codes.isEmpty else { throw none }
        while !remaining.isEmpty { _ = try reasonCode(of: frame, type) }
        return codes
    }

    /// Reads a Topic Filter, that of a Shared Subscription included (§4.8.2).
    ///
    /// - Returns: whether it is a Shared Subscription.
    fileprivate mutating func checkFilter(of frame: RawSpan) throws(PacketError) -> Bool {
        let start = self
        let filter = frame.extracting(try topicFilter(of: frame))
        guard TopicFilter.isShared(filter) else { return false }
        guard TopicFilter.hasShareNameAndFilter(filter) else { throw fault(.invalidShareName, at: start) }
        return true
    }
}

extension ConnectAcknowledgement {
    /// Reads the body of a CONNACK (§3.2).
    fileprivate init(
        from frame: RawSpan, _ reader: inout BodyReader, _ added: inout AddedFields
    ) throws(PacketError) {
        let start = reader
        let flags = try reader.byte(of: frame)
        guard flags & 0xFE == 0 else { throw reader.fault(.reservedConnectAcknowledgementFlags, at: start) }
        added.reasonCode = try reader.reasonCode(of: frame, .connectAcknowledgement)
        self.init(sessionPresent: flags == 1, returnCode: ConnectReturnCode(rawValue: added.reasonCode.rawValue))
        guard !sessionPresent || returnCode == .accepted else {
            throw reader.fault(.sessionPresentWithRefusal, at: start)
        }
        added.properties = try reader.properties(of: frame, .connack)
    }
}

extension Publish {
    /// Reads the body of a PUBLISH (§3.3). Its topic may be told by a Topic Alias alone.
    fileprivate init(
        from frame: RawSpan, _ reader: inout BodyReader, flags: PublishFlags, _ added: inout AddedFields
    ) throws(PacketError) {
        guard let qos = flags.qos else { throw .reservedQoS }
        let start = reader
        let topicName: ByteRange
        if frame.uint16(at: reader.remaining.lowerBound) == 0, reader.remaining.count >= 2 {
            topicName = try reader.binary(of: frame)
        } else {
            topicName = try reader.topicName(of: frame)
        }
        let packetID = qos == .atMostOnce ? 0 : try reader.packetID(of: frame)
        let properties = try reader.properties(of: frame, .publish)
        if topicName.isEmpty, Packet5.number(.topicAlias, in: properties, of: frame) == nil {
            throw reader.fault(.missingTopicName, at: start)
        }
        added.properties = properties
        self.init(
            duplicate: flags.duplicate, qos: qos, retain: flags.retain, topicName: topicName, packetID: packetID,
            payload: reader.takeRest())
    }
}

extension Subscribe {
    /// Reads the body of a SUBSCRIBE and checks every filter in it (§3.8).
    fileprivate init(
        from frame: RawSpan, _ reader: inout BodyReader, _ added: inout AddedFields
    ) throws(PacketError) {
        let packetID = try reader.packetID(of: frame)
        added.properties = try reader.properties(of: frame, .subscribe)
        self.init(packetID: packetID, filters: reader.remaining)
        guard !filters.isEmpty else { throw .noTopicFilters }
        while !reader.remaining.isEmpty {
            let isShared = try reader.checkFilter(of: frame)
            let start = reader
            do throws(PacketError) {
                let options = try SubscriptionOptions(checking: try reader.byte(of: frame))
                guard !options.noLocal || !isShared else { throw PacketError.noLocalSharedSubscription }
            } catch {
                throw reader.fault(error, at: start)
            }
        }
    }
}

extension Unsubscribe {
    /// Reads the body of an UNSUBSCRIBE and checks every filter in it (§3.10).
    fileprivate init(
        from frame: RawSpan, _ reader: inout BodyReader, _ added: inout AddedFields
    ) throws(PacketError) {
        let packetID = try reader.packetID(of: frame)
        added.properties = try reader.properties(of: frame, .unsubscribe)
        self.init(packetID: packetID, filters: reader.remaining)
        guard !filters.isEmpty else { throw .noTopicFilters }
        while !reader.remaining.isEmpty { _ = try reader.checkFilter(of: frame) }
    }
}
