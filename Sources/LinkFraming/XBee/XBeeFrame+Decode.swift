import Bytes

extension XBeeFrame {
    /// Reads the data of a frame, from its type octet on; ranges in the result index `data`.
    ///
    /// - Throws: what is wrong with data whose type is known but whose size is not the type's.
    package static func decode(_ data: RawSpan) throws(XBeeFrameError) -> XBeeFrame {
        guard let type = data.byte(at: 0) else { throw .empty }
        var reader = XBeeFieldReader(data, type: type)
        switch type {
        case XBeeFrameType.receivePacket, XBeeFrameType.explicitReceive, XBeeFrameType.legacyReceive64,
            XBeeFrameType.legacyReceive16, XBeeFrameType.ioSample:
            return try reception(type, data, &reader)
        case XBeeFrameType.transmitRequest, XBeeFrameType.explicitTransmit, XBeeFrameType.legacyTransmit64,
            XBeeFrameType.legacyTransmit16:
            return try transmission(type, data, &reader)
        case XBeeFrameType.transmitStatus, XBeeFrameType.legacyTransmitStatus, XBeeFrameType.modemStatus,
            XBeeFrameType.frameError:
            return try status(type, data, &reader)
        case XBeeFrameType.atCommand:
            return .atCommand(
                frameID: try reader.octet(of: data), ATCommand(try reader.uint16(of: data)),
                parameter: reader.remainder())
        case XBeeFrameType.atResponse:
            return .atResponse(
                frameID: try reader.octet(of: data), ATCommand(try reader.uint16(of: data)),
                ATStatus(try reader.octet(of: data)),
                value: reader.remainder())
        case XBeeFrameType.routeRecord: return .routeRecord(try sourceRoute(data, &reader))
        case XBeeFrameType.createSourceRoute:
            // No status follows, so the frame's number says nothing.
            guard try reader.octet(of: data) == 0 else { return .other(type: type) }
            return .createSourceRoute(try sourceRoute(data, &reader))
        case XBeeFrameType.nodeIdentification: return .nodeIdentification(try nodeIdentification(data, &reader))
        default: return .other(type: type)
        }
    }

    private static func reception(_ type: UInt8, _ data: RawSpan, _ reader: inout XBeeFieldReader)
        throws(XBeeFrameError) -> XBeeFrame
    {
        if type == XBeeFrameType.legacyReceive16 {
            return .legacyReceive16(source: try reader.address16(of: data), try legacyReception(data, &reader))
        }
        let source64 = try reader.address64(of: data)
        if type == XBeeFrameType.legacyReceive64 {
            return .legacyReceive64(source: source64, try legacyReception(data, &reader))
        }
        let source16 = try reader.address16(of: data)
        if type == XBeeFrameType.ioSample {
            return .ioSample(
                source64: source64, source16: source16, options: try reader.octet(of: data), samples: reader.remainder()
            )
        }
        let application = type == XBeeFrameType.explicitReceive ? try reader.application(of: data) : nil
        let packet = XBeeReceivePacket(
            source64: source64, source16: source16, options: XBeeReceiveOptions(rawValue: try reader.octet(of: data)),
            payload: reader.remainder())
        guard let application else { return .receivePacket(packet) }
        return .explicitReceive(XBeeExplicitReceive(packet: packet, application: application))
    }

    private static func legacyReception(
        _ data: RawSpan, _ reader: inout XBeeFieldReader
    ) throws(XBeeFrameError) -> LegacyReception {
        LegacyReception(
            signalStrength: try reader.octet(of: data),
            options: XBeeReceiveOptions(rawValue: try reader.octet(of: data)),
            payload: reader.remainder())
    }

    private static func transmission(
        _ type: UInt8, _ data: RawSpan, _ reader: inout XBeeFieldReader
    ) throws(XBeeFrameError) -> XBeeFrame {
        let frameID = try reader.octet(of: data)
        if type == XBeeFrameType.legacyTransmit16 {
            return .legacyTransmit16(
                frameID: frameID, destination: try reader.address16(of: data), options: try reader.octet(of: data),
                payload: reader.remainder())
        }
        let destination64 = try reader.address64(of: data)
        if type == XBeeFrameType.legacyTransmit64 {
            return .legacyTransmit64(
                frameID: frameID, destination: destination64, options: try reader.octet(of: data),
                payload: reader.remainder())
        }
        let destination16 = try reader.address16(of: data)
        let application = type == XBeeFrameType.explicitTransmit ? try reader.application(of: data) : nil
        let request = XBeeTransmitRequest(
            frameID: frameID, destination64: destination64, destination16: destination16,
            radius: try reader.octet(of: data), options: try reader.octet(of: data), payload: reader.remainder())
        guard let application else { return .transmitRequest(request) }
        return .explicitTransmit(XBeeExplicitTransmit(request: request, application: application))
    }

    private static func status(_ type: UInt8, _ data: RawSpan, _ reader: inout XBeeFieldReader) throws(XBeeFrameError)
        -> XBeeFrame
    {
        let first = try reader.octet(of: data)
        let frame: XBeeFrame
        switch type {
        case XBeeFrameType.modemStatus: frame = .modemStatus(XBeeModemStatus(first))
        case XBeeFrameType.frameError: frame = .frameError(first)
        case XBeeFrameType.legacyTransmitStatus:
            frame = .legacyTransmitStatus(frameID: first, XBeeDeliveryStatus(try reader.octet(of: data)))
        default:
            frame = .transmitStatus(
                XBeeTransmitStatus(
                    frameID: first, destination16: try reader.address16(of: data),
                    retryCount: try reader.octet(of: data),
                    delivery: XBeeDeliveryStatus(try reader.octet(of: data)), discovery: try reader.octet(of: data)))
        }
        try reader.end()
        return frame
    }

    private static func sourceRoute(
        _ data: RawSpan, _ reader: inout XBeeFieldReader
    ) throws(XBeeFrameError) -> XBeeSourceRoute {
        let (node64, node16) = (try reader.address64(of: data), try reader.address16(of: data))
        let options = try reader.octet(of: data)
        let hopCount = Int(try reader.octet(of: data))
        let hops = reader.remainder()
        guard hops.count == 2 * hopCount else { throw reader.wrongByteCount }
        return XBeeSourceRoute(node64: node64, node16: node16, options: options, hops: hops)
    }

    private static func nodeIdentification(
        _ data: RawSpan, _ reader: inout XBeeFieldReader
    ) throws(XBeeFrameError) -> XBeeNodeIdentification {
        XBeeNodeIdentification(
            source64: try reader.address64(of: data), source16: try reader.address16(of: data),
            options: try reader.octet(of: data),
            node16: try reader.address16(of: data), node64: try reader.address64(of: data),
            name: try reader.name(of: data),
            details: reader.remainder())
    }
}

/// A position in a frame's data that moves over one field after the other and never past the end.
///
/// The bytes travel beside it: every call must be given the data it was made for.
private struct XBeeFieldReader {
    private var offset = 1
    private let byteCount: Int
    private let type: UInt8

    init(_ data: RawSpan, type: UInt8) {
        byteCount = data.byteCount
        self.type = type
    }

    var wrongByteCount: XBeeFrameError { .wrongByteCount(type: type, byteCount: byteCount) }

    mutating func octet(of data: RawSpan) throws(XBeeFrameError) -> UInt8 {
        guard let value = data.byte(at: offset) else { throw wrongByteCount }
        offset += 1
        return value
    }

    mutating func uint16(of data: RawSpan) throws(XBeeFrameError) -> UInt16 {
        guard let value = data.uint16(at: offset) else { throw wrongByteCount }
        offset += 2
        return value
    }

    mutating func address16(of data: RawSpan) throws(XBeeFrameError) -> XBeeAddress16 {
        XBeeAddress16(try uint16(of: data))
    }

    mutating func address64(of data: RawSpan) throws(XBeeFrameError) -> XBeeAddress64 {
        var value: UInt64 = 0
        for _ in 0..<4 { value = value << 16 | UInt64(try uint16(of: data)) }
        return XBeeAddress64(value)
    }

    mutating func application(of data: RawSpan) throws(XBeeFrameError) -> XBeeApplication {
        XBeeApplication(
            sourceEndpoint: try octet(of: data), destinationEndpoint: try octet(of: data),
            cluster: try uint16(of: data), profile: try uint16(of: data))
    }

    /// The octets up to a zero, which is moved over too.
    mutating func name(of data: RawSpan) throws(XBeeFrameError) -> ByteRange {
        let start = offset
        while offset < byteCount {
            offset += 1
            if data[unchecked: offset - 1] == 0 { return start..<(offset - 1) }
        }
        throw .unterminatedName
    }

    /// All that is left, which may be nothing.
    mutating func remainder() -> ByteRange {
        defer { offset = byteCount }
        return offset..<byteCount
    }

    /// Refuses octets behind the last field.
    func end() throws(XBeeFrameError) {
        guard offset == byteCount else { throw wrongByteCount }
    }
}
