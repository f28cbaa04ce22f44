package import Bytes

/// What the data of an XBee API frame says; ranges index the bytes it was decoded from or is encoded with.
package enum XBeeFrame: Equatable, Sendable {
    /// 0x90.
    case receivePacket(XBeeReceivePacket)
    /// 0x91.
    case explicitReceive(XBeeExplicitReceive)
    /// 0x80, 802.15.4.
    case legacyReceive64(source: XBeeAddress64, LegacyReception)
    /// 0x81, 802.15.4.
    case legacyReceive16(source: XBeeAddress16, LegacyReception)
    /// 0x10.
    case transmitRequest(XBeeTransmitRequest)
    /// 0x11.
    case explicitTransmit(XBeeExplicitTransmit)
    /// 0x00, 802.15.4.
    case legacyTransmit64(frameID: UInt8, destination: XBeeAddress64, options: UInt8, payload: ByteRange)
    /// 0x01, 802.15.4.
    case legacyTransmit16(frameID: UInt8, destination: XBeeAddress16, options: UInt8, payload: ByteRange)
    /// 0x8B.
    case transmitStatus(XBeeTransmitStatus)
    /// 0x89, 802.15.4.
    case legacyTransmitStatus(frameID: UInt8, XBeeDeliveryStatus)
    /// 0x08.
    case atCommand(frameID: UInt8, ATCommand, parameter: ByteRange)
    /// 0x88.
    case atResponse(frameID: UInt8, ATCommand, ATStatus, value: ByteRange)
    /// 0x8A.
    case modemStatus(XBeeModemStatus)
    /// 0x95.
    case nodeIdentification(XBeeNodeIdentification)
    /// 0x92; the samples are not looked into.
    case ioSample(source64: XBeeAddress64, source16: XBeeAddress16, options: UInt8, samples: ByteRange)
    /// 0xA1: the way that a packet of a node took.
    case routeRecord(XBeeSourceRoute)
    /// 0x21: the way that packets to a node are to take.
    case createSourceRoute(XBeeSourceRoute)
    /// 0xFE: the module could not read a frame of ours.
    case frameError(UInt8)
    /// A type that is not read; never one of the above.
    case other(type: UInt8)
}

/// A packet from a node as a module with AO=0 hands it on (0x90).
package struct XBeeReceivePacket: Equatable, Sendable {
    package var source64: XBeeAddress64
    package var source16: XBeeAddress16
    package var options: XBeeReceiveOptions
    package var payload: ByteRange

    package init(
        source64: XBeeAddress64, source16: XBeeAddress16, options: XBeeReceiveOptions, payload: ByteRange
    ) {
        self.source64 = source64
        self.source16 = source16
        self.options = options
        self.payload = payload
    }
}

/// How a packet reached a module.
package struct XBeeReceiveOptions: OptionSet, Hashable, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let acknowledged = XBeeReceiveOptions(rawValue: 0x01)
    package static let broadcast = XBeeReceiveOptions(rawValue: 0x02)
    /// Within a secure session (XBee 3).
    package static let secureSession = XBeeReceiveOptions(rawValue: 0x10)
    /// Encrypted from end to end (APS).
    package static let encrypted = XBeeReceiveOptions(rawValue: 0x20)
}

/// The application that a Zigbee packet comes from or is for.
package struct XBeeApplication: Hashable, Sendable {
    package var sourceEndpoint: UInt8
    package var destinationEndpoint: UInt8
    package var cluster: UInt16
    package var profile: UInt16

    package init(sourceEndpoint: UInt8, destinationEndpoint: UInt8, cluster: UInt16, profile: UInt16) {
        self.sourceEndpoint = sourceEndpoint
        self.destinationEndpoint = destinationEndpoint
        self.cluster = cluster
        self.profile = profile
    }

    /// What a module puts into a packet when frame 0x10 does not say.
    package static let digiData = XBeeApplication(
        sourceEndpoint: 0xE8, destinationEndpoint: 0xE8, cluster: 0x0011, profile: 0xC105)

    /// Whether this is Zigbee's own Device_annce: a node has joined and tells its addresses.
    package var isDeviceAnnouncement: Bool { cluster == 0x0013 && profile == 0 }
}

/// A packet from a node as a module with AO=1 or more hands it on (0x91).
package struct XBeeExplicitReceive: Equatable, Sendable {
    package var packet: XBeeReceivePacket
    package var application: XBeeApplication

    package init(packet: XBeeReceivePacket, application: XBeeApplication) {
        self.packet = packet
        self.application = application
    }
}

/// What a frame 0x80 or 0x81 says beside the source.
package struct LegacyReception: Equatable, Sendable {
    /// The signal's strength in -dBm.
    package var signalStrength: UInt8
    package var options: XBeeReceiveOptions
    package var payload: ByteRange

    package init(signalStrength: UInt8, options: XBeeReceiveOptions, payload: ByteRange) {
        self.signalStrength = signalStrength
        self.options = options
        self.payload = payload
    }
}

/// Asks a module to send a packet (0x10).
package struct XBeeTransmitRequest: Equatable, Sendable {
    /// 0 asks for no status.
    package var frameID: UInt8
    package var destination64: XBeeAddress64
    package var destination16: XBeeAddress16
    /// How many hops a broadcast goes; 0 is as far as the network reaches.
    package var radius: UInt8
    package var options: UInt8
    package var payload: ByteRange

    package init(
        frameID: UInt8, destination64: XBeeAddress64, destination16: XBeeAddress16, radius: UInt8 = 0,
        options: UInt8 = 0, payload: ByteRange
    ) {
        self.frameID = frameID
        self.destination64 = destination64
        self.destination16 = destination16
        self.radius = radius
        self.options = options
        self.payload = payload
    }
}

/// Asks a module to send a packet for a certain application (0x11).
package struct XBeeExplicitTransmit: Equatable, Sendable {
    package var request: XBeeTransmitRequest
    package var application: XBeeApplication

    package init(request: XBeeTransmitRequest, application: XBeeApplication) {
        self.request = request
        self.application = application
    }
}

/// What has become of a transmission (0x8B).
package struct XBeeTransmitStatus: Equatable, Sendable {
    package var frameID: UInt8
    /// The 16-bit address the packet really went to.
    package var destination16: XBeeAddress16
    package var retryCount: UInt8
    package var delivery: XBeeDeliveryStatus
    /// Which searches were needed: 1 for the address, 2 for the route, 3 for both.
    package var discovery: UInt8

    package init(
        frameID: UInt8, destination16: XBeeAddress16, retryCount: UInt8, delivery: XBeeDeliveryStatus,
        discovery: UInt8
    ) {
        self.frameID = frameID
        self.destination16 = destination16
        self.retryCount = retryCount
        self.delivery = delivery
        self.discovery = discovery
    }
}

/// A node that introduces itself (0x95).
package struct XBeeNodeIdentification: Equatable, Sendable {
    package var source64: XBeeAddress64
    package var source16: XBeeAddress16
    package var options: UInt8
    package var node16: XBeeAddress16
    package var node64: XBeeAddress64
    /// The node's name, without the zero behind it.
    package var name: ByteRange
    /// What follows: parent, kind, event, profile, manufacturer and, on some firmware, more. Not looked into.
    package var details: ByteRange

    package init(
        source64: XBeeAddress64, source16: XBeeAddress16, options: UInt8, node16: XBeeAddress16,
        node64: XBeeAddress64, name: ByteRange, details: ByteRange
    ) {
        self.source64 = source64
        self.source16 = source16
        self.options = options
        self.node16 = node16
        self.node64 = node64
        self.name = name
        self.details = details
    }
}

/// The way through the network between a module and a node (0xA1, 0x21).
package struct XBeeSourceRoute: Equatable, Sendable {
    package var node64: XBeeAddress64
    package var node16: XBeeAddress16
    /// Receive options in 0xA1, always 0 in 0x21.
    package var options: UInt8
    /// The 16-bit addresses of the nodes between, two octets each, at most 255, from the node's neighbour to the
    /// module's.
    package var hops: ByteRange

    package init(node64: XBeeAddress64, node16: XBeeAddress16, options: UInt8 = 0, hops: ByteRange) {
        self.node64 = node64
        self.node16 = node16
        self.options = options
        self.hops = hops
    }
}

/// Why the data of a frame with a good checksum cannot be read.
package enum XBeeFrameError: Error, Equatable, Sendable {
    /// There is not even a type.
    case empty
    /// The frame is shorter, or for types of a fixed size longer, than its type demands.
    case wrongByteCount(type: UInt8, byteCount: Int)
    /// A node's name does not end.
    case unterminatedName
}

/// The numbers of the frame types that are read or written.
enum XBeeFrameType {
    static let legacyTransmit64: UInt8 = 0x00
    static let legacyTransmit16: UInt8 = 0x01
    static let atCommand: UInt8 = 0x08
    static let transmitRequest: UInt8 = 0x10
    static let explicitTransmit: UInt8 = 0x11
    static let createSourceRoute: UInt8 = 0x21
    static let legacyReceive64: UInt8 = 0x80
    static let legacyReceive16: UInt8 = 0x81
    static let atResponse: UInt8 = 0x88
    static let legacyTransmitStatus: UInt8 = 0x89
    static let modemStatus: UInt8 = 0x8A
    static let transmitStatus: UInt8 = 0x8B
    static let receivePacket: UInt8 = 0x90
    static let explicitReceive: UInt8 = 0x91
    static let ioSample: UInt8 = 0x92
    static let nodeIdentification: UInt8 = 0x95
    static let routeRecord: UInt8 = 0xA1
    static let frameError: UInt8 = 0xFE
}
