public import Bytes

/// CONNECT: a client's first packet, asking for a session (MQTT 3.1.1 §3.1).
public struct Connect: Equatable, Sendable {
    /// Whether the server forgets an earlier session of this client (§3.1.2.4); in 5.0 this is Clean Start.
    public var cleanSession: Bool
    /// The longest silence of the client in seconds; 0 switches the supervision off (§3.1.2.10).
    public var keepAliveSeconds: UInt16
    /// The Client Identifier. May be empty: whether that is acceptable is the server's decision (§3.1.3.1).
    public var clientID: ByteRange
    /// What the server publishes when the connection ends without DISCONNECT (§3.1.2.5).
    public var will: Will?
    /// The user name, a string (§3.1.3.4).
    public var username: ByteRange?
    /// The password, binary data; in 3.1.1 only beside a user name (§3.1.3.5).
    public var password: ByteRange?

    /// The parts of a CONNECT; see the properties.
    public init(
        cleanSession: Bool, keepAliveSeconds: UInt16, clientID: ByteRange,
        will: Will? = nil, username: ByteRange? = nil, password: ByteRange? = nil
    ) {
        self.cleanSession = cleanSession
        self.keepAliveSeconds = keepAliveSeconds
        self.clientID = clientID
        self.will = will
        self.username = username
        self.password = password
    }
}

/// The message that a server publishes for a client that vanished (MQTT 3.1.1 §3.1.2.5).
public struct Will: Equatable, Sendable {
    /// The Topic Name to publish to (§3.1.3.2).
    public var topic: ByteRange
    /// The application message, binary data of at most 65,535 octets (§3.1.3.3).
    public var payload: ByteRange
    /// The quality of service to publish with (§3.1.2.6).
    public var qos: DeliveryQoS
    /// Whether to publish as a retained message (§3.1.2.7).
    public var retain: Bool

    /// The parts of a Will; see the properties.
    public init(topic: ByteRange, payload: ByteRange, qos: DeliveryQoS, retain: Bool) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
    }
}

/// The octet in CONNECT that says which fields follow (MQTT 3.1.1 §3.1.2.3).
private struct ConnectFlags {
    static let reserved: UInt8 = 0x01
    static let cleanSession: UInt8 = 0x02
    static let will: UInt8 = 0x04
    static let willRetain: UInt8 = 0x20
    static let password: UInt8 = 0x40
    static let username: UInt8 = 0x80

    var rawValue: UInt8

    /// Takes an octet from the wire, once its bits are found to agree with each other.
    init(checking octet: UInt8, _ version: ProtocolVersion) throws(PacketError) {
        rawValue = octet
        guard !has(Self.reserved) else { throw .reservedConnectFlag }
        guard willQoS != nil else { throw .reservedQoS }
        guard has(Self.will) || (willQoS == .atMostOnce && !has(Self.willRetain)) else { throw .willFieldsWithoutWill }
        guard has(Self.username) || !has(Self.password) || version == .v5_0 else { throw .passwordWithoutUsername }
    }

    /// Describes `connect`.
    init(of connect: Connect) {
        rawValue = connect.cleanSession ? Self.cleanSession : 0
        if let will = connect.will {
            rawValue |= Self.will | will.qos.rawValue << 3 | (will.retain ? Self.willRetain : 0)
        }
        if connect.username != nil { rawValue |= Self.username }
        if connect.password != nil { rawValue |= Self.password }
    }

    func has(_ flag: UInt8) -> Bool {
        rawValue & flag != 0
    }

    /// The quality of service in bits 4 and 3, or nil for the reserved 3 (§3.1.2.6).
    var willQoS: DeliveryQoS? {
        DeliveryQoS(rawValue: rawValue >> 3 & 0b11)
    }
}

extension Connect {
    /// The Protocol Level of a frame that may be a CONNECT of any version; nil where none can be read.
    public static func protocolLevel(of frame: RawSpan) -> UInt8? {
        guard let header = try? FixedHeader.read(in: frame, at: 0, .v3_1_1), header.type == .connect else { return nil }
        var reader = BodyReader(header.body.clamped(to: 0..<frame.byteCount))
        guard (try? reader.binary(of: frame)) != nil else { return nil }
        return try? reader.byte(of: frame)
    }

    /// Reads the body of a CONNECT of 3.1.1.
    init(from frame: RawSpan, _ reader: inout BodyReader) throws(PacketError) {
        var added = AddedFields()
        try self.init(from: frame, &reader, .v3_1_1, &added)
    }

    /// Reads the body of a CONNECT; the Protocol Level is checked before anything whose layout depends on it.
    init(
        from frame: RawSpan, _ reader: inout BodyReader, _ version: ProtocolVersion, _ added: inout AddedFields
    ) throws(PacketError) {
        let start = reader
        let name = try reader.binary(of: frame)
        guard frame.isProtocolName(in: name) else { throw reader.fault(.unknownProtocolName, at: start) }
        let levelStart = reader
        guard try reader.byte(of: frame) == version.rawValue else {
            throw reader.fault(.unsupportedProtocolLevel, at: levelStart)
        }
        let flagsStart = reader
        let flags: ConnectFlags
        do throws(PacketError) {
            flags = try ConnectFlags(checking: try reader.byte(of: frame), version)
        } catch {
            throw reader.fault(error, at: flagsStart)
        }
        cleanSession = flags.has(ConnectFlags.cleanSession)
        keepAliveSeconds = try reader.uint16(of: frame)
        if version == .v5_0 { added.properties = try reader.properties(of: frame, .connect) }
        clientID = try reader.string(of: frame)
        if version == .v5_0, flags.has(ConnectFlags.will) {
            added.willProperties = try reader.properties(of: frame, .will)
        }
        will = try Will(from: frame, &reader, flags)
        username = flags.has(ConnectFlags.username) ? try reader.string(of: frame) : nil
        password = flags.has(ConnectFlags.password) ? try reader.binary(of: frame) : nil
    }
}

extension Will {
    /// Reads Will Topic and Will Message where the flags announce them (§3.1.3.2, §3.1.3.3).
    fileprivate init?(from frame: RawSpan, _ reader: inout BodyReader, _ flags: ConnectFlags) throws(PacketError) {
        guard flags.has(ConnectFlags.will), let qos = flags.willQoS else { return nil }
        topic = try reader.topicName(of: frame)
        payload = try reader.binary(of: frame)
        self.qos = qos
        retain = flags.has(ConnectFlags.willRetain)
    }
}

extension RawSpan {
    /// Whether `range` holds "MQTT" (§3.1.2.1).
    fileprivate func isProtocolName(in range: ByteRange) -> Bool {
        range.count == 4
            && self[unchecked: range.lowerBound] == UInt8(ascii: "M")
            && self[unchecked: range.lowerBound + 1] == UInt8(ascii: "Q")
            && self[unchecked: range.lowerBound + 2] == UInt8(ascii: "T")
            && self[unchecked: range.lowerBound + 3] == UInt8(ascii: "T")
    }
}

extension [UInt8] {
    /// Appends CONNECT.
    ///
    /// - Precondition: no field is longer than 65,535 octets, and in 3.1.1 a password stands beside a user name.
    mutating func appendConnectPacket(
        _ connect: Connect, from source: RawSpan, _ version: ProtocolVersion = .v3_1_1,
        _ added: AddedFields = AddedFields()
    ) {
        precondition(
            connect.password == nil || connect.username != nil || version == .v5_0, "a password needs a user name")
        appendFixedHeader(of: .connect, remainingLength: connect.bodyByteCount(version, added))
        append(bigEndian: 4)
        append(UInt8(ascii: "M"))
        append(UInt8(ascii: "Q"))
        append(UInt8(ascii: "T"))
        append(UInt8(ascii: "T"))
        append(version.rawValue)
        append(ConnectFlags(of: connect).rawValue)
        append(bigEndian: connect.keepAliveSeconds)
        if version == .v5_0 { append(lengthPrefixedProperties: source.extracting(added.properties)) }
        append(lengthPrefixed: source.extracting(connect.clientID))
        if let will = connect.will {
            if version == .v5_0 { append(lengthPrefixedProperties: source.extracting(added.willProperties)) }
            append(lengthPrefixed: source.extracting(will.topic))
            append(lengthPrefixed: source.extracting(will.payload))
        }
        if let username = connect.username { append(lengthPrefixed: source.extracting(username)) }
        if let password = connect.password { append(lengthPrefixed: source.extracting(password)) }
    }
}

extension Connect {
    /// How many octets follow the fixed header.
    fileprivate func bodyByteCount(_ version: ProtocolVersion, _ added: AddedFields) -> Int {
        var byteCount = 10 + 2 + clientID.count
        if let will { byteCount += 2 + will.topic.count + 2 + will.payload.count }
        if let username { byteCount += 2 + username.count }
        if let password { byteCount += 2 + password.count }
        guard version == .v5_0 else { return byteCount }
        if will != nil { byteCount += Packet5.sectionByteCount(added.willProperties.count) }
        return byteCount + Packet5.sectionByteCount(added.properties.count)
    }
}
