package import Bytes

/// Something the core wants done, in the imperative; a value without references. Byte ranges index `Effects.bytes`.
package enum Effect: Equatable, Hashable, Sendable {
    case sendDatagram(ByteRange, to: PeerID)
    /// To every node of the link, `radius` hops far; 0 is the whole network.
    case broadcastDatagram(ByteRange, radius: UInt8, on: LinkID)
    case openStream(UpstreamID, with: StreamCertificate = .gateways)
    /// Append to the stream's write queue.
    case sendStream(ByteRange, on: UpstreamID)
    /// Write what is queued, then close. The one event that still names the stream is `streamEnded`, when that is done.
    case closeStream(UpstreamID)
    /// Stop reading a stream, so that the broker keeps what it has (back-pressure: the broker is the queue).
    case pauseStream(UpstreamID)
    case resumeStream(UpstreamID)
    /// The core no longer needs the host to remember this peer's address.
    case forgetPeer(PeerID)
    /// Something to count, and for most kinds to log.
    case observe(Observation)
}

/// Which certificate a stream shows the broker, where it is protected: the gateway's, or that of a client's rule.
package struct StreamCertificate: Equatable, Hashable, Sendable {
    /// The number of the rule, counted from 1; 0: the gateway's own, and nothing else is said.
    package var rule: UInt16 = 0
    private var clientIDByteCount: UInt16 = 0
    private var certificateByteCount: UInt16 = 0
    private var bytes: ByteRange = 0..<0

    package static var gateways: StreamCertificate { StreamCertificate() }

    /// Whose it is, and the paths of the files with certificate and key, each empty for the gateway's own.
    package var clientID: ByteRange { bytes.prefix(Int(clientIDByteCount)) }
    package var certificateFile: ByteRange { bytes.dropFirst(Int(clientIDByteCount)).prefix(Int(certificateByteCount)) }
    package var keyFile: ByteRange { bytes.dropFirst(Int(clientIDByteCount) + Int(certificateByteCount)) }

    private init() {}

    /// Puts its texts into `arena`; each has at most 65,535 octets.
    init(_ certificate: ClientCertificate, of clientID: ClientID, to arena: inout [UInt8]) {
        let start = arena.count
        arena += clientID.bytes
        arena += certificate.file
        arena += certificate.keyFile
        rule = certificate.rule
        clientIDByteCount = UInt16(clamping: clientID.bytes.count)
        certificateByteCount = UInt16(clamping: certificate.file.count)
        bytes = start..<arena.count
    }
}

/// What one event caused, in order, over an arena of bytes that is cleared and reused.
package struct Effects: ~Copyable {
    package var list: [Effect] = []
    package var bytes: [UInt8] = []
    /// Where in the bytes passwords are: nobody may write these down. In ascending order.
    package var secrets: [ByteRange] = []

    package init() {}

    /// Forgets what has been done and keeps the room.
    package mutating func removeAll() {
        // Who has no room yet would be given some.
        if !list.isEmpty { list.removeAll(keepingCapacity: true) }
        if !bytes.isEmpty { bytes.removeAll(keepingCapacity: true) }
        if !secrets.isEmpty { secrets.removeAll(keepingCapacity: true) }
    }
}
