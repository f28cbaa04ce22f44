import Bytes

extension [UInt8] {
    /// Appends the data of `frame`, from its type octet on; ranges in the frame index `source`.
    ///
    /// `other` is its type alone.
    ///
    /// - Precondition: the ranges lie inside `source`.
    package mutating func appendFrameData(of frame: XBeeFrame, from source: RawSpan) {
        switch frame {
        case .receivePacket, .explicitReceive, .legacyReceive64, .legacyReceive16, .ioSample, .nodeIdentification:
            appendReception(frame, from: source)
        case .transmitRequest, .explicitTransmit, .legacyTransmit64, .legacyTransmit16:
            appendTransmission(frame, from: source)
        case .transmitStatus, .legacyTransmitStatus, .modemStatus, .frameError, .other: appendStatus(frame)
        case .routeRecord(let route):
            append(XBeeFrameType.routeRecord)
            append(route, from: source)
        case .createSourceRoute(let route):
            append(XBeeFrameType.createSourceRoute)
            append(0)
            append(route, from: source)
        case .atCommand(let frameID, let command, let parameter):
            append(XBeeFrameType.atCommand)
            append(frameID)
            append(bigEndian: command.rawValue)
            append(source.extracting(parameter))
        case .atResponse(let frameID, let command, let status, let value):
            append(XBeeFrameType.atResponse)
            append(frameID)
            append(bigEndian: command.rawValue)
            append(status.octet)
            append(source.extracting(value))
        }
    }

    private mutating func appendReception(_ frame: XBeeFrame, from source: RawSpan) {
        switch frame {
        case .receivePacket(let packet):
            append(XBeeFrameType.receivePacket)
            append(packet.source64, packet.source16)
            append(packet.options.rawValue)
            append(source.extracting(packet.payload))
        case .explicitReceive(let reception):
            append(XBeeFrameType.explicitReceive)
            append(reception.packet.source64, reception.packet.source16)
            append(reception.application)
            append(reception.packet.options.rawValue)
            append(source.extracting(reception.packet.payload))
        case .legacyReceive64(let address, let reception):
            append(XBeeFrameType.legacyReceive64)
            append(address)
            append(reception, from: source)
        case .legacyReceive16(let address, let reception):
            append(XBeeFrameType.legacyReceive16)
            append(bigEndian: address.rawValue)
            append(reception, from: source)
        case .ioSample(let source64, let source16, let options, let samples):
            append(XBeeFrameType.ioSample)
            append(source64, source16)
            append(options)
            append(source.extracting(samples))
        case .nodeIdentification(let node): append(node, from: source)
        case .transmitRequest, .explicitTransmit, .legacyTransmit64, .legacyTransmit16, .transmitStatus,
            .legacyTransmitStatus, .atCommand, .atResponse, .modemStatus, .routeRecord, .createSourceRoute,
            .frameError, .other:
            break
        }
    }

    private mutating func appendTransmission(_ frame: XBeeFrame, from source: RawSpan) {
        switch frame {
        case .transmitRequest(let request):
            append(XBeeFrameType.transmitRequest)
            append(request, as: nil, from: source)
        case .explicitTransmit(let transmission):
            append(XBeeFrameType.explicitTransmit)
            append(transmission.request, as: transmission.application, from: source)
        case .legacyTransmit64(let frameID, let destination, let options, let payload):
            append(XBeeFrameType.legacyTransmit64)
            append(frameID)
            append(destination)
            append(options)
            append(source.extracting(payload))
        case .legacyTransmit16(let frameID, let destination, let options, let payload):
            append(XBeeFrameType.legacyTransmit16)
            append(frameID)
            append(bigEndian: destination.rawValue)
            append(options)
            append(source.extracting(payload))
        case .receivePacket, .explicitReceive, .legacyReceive64, .legacyReceive16, .transmitStatus,
            .legacyTransmitStatus, .atCommand, .atResponse, .modemStatus, .nodeIdentification, .ioSample, .routeRecord,
            .createSourceRoute, .frameError, .other:
            break
        }
    }

    private mutating func appendStatus(_ frame: XBeeFrame) {
        switch frame {
        case .transmitStatus(let status):
            append(XBeeFrameType.transmitStatus)
            append(status.frameID)
            append(bigEndian: status.destination16.rawValue)
            append(status.retryCount)
            append(status.delivery.octet)
            append(status.discovery)
        case .legacyTransmitStatus(let frameID, let delivery):
            append(XBeeFrameType.legacyTransmitStatus)
            append(frameID)
            append(delivery.octet)
        case .modemStatus(let status):
            append(XBeeFrameType.modemStatus)
            append(status.octet)
        case .frameError(let octet):
            append(XBeeFrameType.frameError)
            append(octet)
        case .other(let type): append(type)
        case .receivePacket, .explicitReceive, .legacyReceive64, .legacyReceive16, .transmitRequest,
            .explicitTransmit, .legacyTransmit64, .legacyTransmit16, .atCommand, .atResponse, .nodeIdentification,
            .ioSample, .routeRecord, .createSourceRoute:
            break
        }
    }

    private mutating func append(
        _ request: XBeeTransmitRequest, as application: XBeeApplication?, from source: RawSpan
    ) {
        append(request.frameID)
        append(request.destination64, request.destination16)
        if let application { append(application) }
        append(request.radius)
        append(request.options)
        append(source.extracting(request.payload))
    }

    private mutating func append(_ reception: LegacyReception, from source: RawSpan) {
        append(reception.signalStrength)
        append(reception.options.rawValue)
        append(source.extracting(reception.payload))
    }

    private mutating func append(_ node: XBeeNodeIdentification, from source: RawSpan) {
        append(XBeeFrameType.nodeIdentification)
        append(node.source64, node.source16)
        append(node.options)
        append(bigEndian: node.node16.rawValue)
        append(node.node64)
        append(source.extracting(node.name))
        append(0)
        append(source.extracting(node.details))
    }

    private mutating func append(_ route: XBeeSourceRoute, from source: RawSpan) {
        append(route.node64, route.node16)
        append(route.options)
        append(UInt8(truncatingIfNeeded: route.hops.count / 2))
        append(source.extracting(route.hops))
    }

    private mutating func append(_ application: XBeeApplication) {
        append(application.sourceEndpoint)
        append(application.destinationEndpoint)
        append(bigEndian: application.cluster)
        append(bigEndian: application.profile)
    }

    private mutating func append(_ address: XBeeAddress64) {
        for shift in stride(from: 48, through: 0, by: -16) {
            append(bigEndian: UInt16(truncatingIfNeeded: address.rawValue >> UInt64(shift)))
        }
    }

    private mutating func append(_ address64: XBeeAddress64, _ address16: XBeeAddress16) {
        append(address64)
        append(bigEndian: address16.rawValue)
    }
}
