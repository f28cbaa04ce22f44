package import Bytes
package import GatewayCore
import MQTT
import MQTTSN

/// The books of a host that trusts nothing: which peers and streams there are, and the first effect that does not fit.
package struct HostLedger {
    private struct Stream {
        var isOpen = false
        var isPaused = false
        /// As its CONNECT has said.
        var version = ProtocolVersion.v3_1_1
    }

    private var configuration: GatewayConfiguration
    package private(set) var livePeers: Set<PeerID> = []
    private var forgottenPeers: Set<PeerID> = []
    private var liveStreams: [UpstreamID: Stream] = [:]
    private var endedStreams: Set<UpstreamID> = []
    /// What was wrong first, in words.
    package private(set) var violation: String?

    package init(_ configuration: GatewayConfiguration) { self.configuration = configuration }

    var livePeerCount: Int { livePeers.count }
    var liveStreamCount: Int { liveStreams.count }
    /// Streams that were asked for and have not ended.
    package var liveStreamIDs: Set<UpstreamID> { Set(liveStreams.keys) }

    func isPaused(_ id: UpstreamID) -> Bool { liveStreams[id]?.isPaused == true }

    /// The host's process has ended; its next life numbers everything anew.
    mutating func restart() {
        livePeers = []
        forgottenPeers = []
        liveStreams = [:]
        endedStreams = []
    }

    /// From now on other links and numbers hold.
    package mutating func reconfigure(_ configuration: GatewayConfiguration) { self.configuration = configuration }

    /// The host has brought an address along from an earlier life.
    package mutating func know(_ peer: PeerID) { livePeers.insert(peer) }

    /// Notes that the gateway has done what no gateway may.
    package mutating func violate(_ text: String) { if violation == nil { violation = "the gateway \(text)" } }

    /// Books an event that the gateway is about to be told.
    package mutating func note(_ event: Event) {
        switch event {
        case .datagramReceived(let peer, _, _), .datagramTruncated(let peer): livePeers.insert(peer)
        case .streamOpened(let id): liveStreams[id]?.isOpen = true
        case .streamClosed(let id, _):
            liveStreams[id] = nil
            endedStreams.insert(id)
        case .linkChanged(let link, let maximum):
            guard configuration.links.indices.contains(Int(link.rawValue)) else { return }
            configuration.links[Int(link.rawValue)].maximumDatagramByteCount = maximum
        case .streamReceived, .streamBlocked, .streamDrained, .streamEnded, .linkLost, .linkReturned, .statusReported,
            .deadlineReached, .shutdownRequested,
            .suspensionRequested:
            break
        }
    }

    /// Books what the gateway wants done.
    package mutating func check(_ effects: borrowing Effects) {
        for effect in effects.list {
            switch effect {
            case .sendDatagram(let range, let peer):
                if !livePeers.contains(peer) {
                    violate("sends to \(peer), which is \(forgottenPeers.contains(peer) ? "forgotten" : "unknown")")
                }
                checkDatagram(effects.copy(of: range), on: peer.link)
            case .broadcastDatagram(let range, _, let link): checkDatagram(effects.copy(of: range), on: link)
            case .openStream(let id, _):
                if liveStreams[id] != nil || endedStreams.contains(id) { violate("opens \(id) twice") }
                liveStreams[id] = Stream()
            case .sendStream(let range, let id):
                if liveStreams[id]?.isOpen != true { violate("writes to \(id), which is not open") }
                checkPacket(effects.copy(of: range), on: id)
            case .closeStream(let id):
                if liveStreams.removeValue(forKey: id) == nil { violate("closes \(id), which is not live") }
                endedStreams.insert(id)
            case .pauseStream(let id): checkPause(id, to: true)
            case .resumeStream(let id): checkPause(id, to: false)
            case .forgetPeer(let peer):
                if livePeers.remove(peer) == nil { violate("forgets \(peer), which is not known") }
                forgottenPeers.insert(peer)
            case .observe(let observation):
                if effects.copy(of: observation.clientID) == nil { violate("observes outside the arena") }
            }
        }
    }

    private mutating func checkDatagram(_ datagram: [UInt8]?, on link: LinkID) {
        guard let datagram else { return violate("sends a datagram outside the arena") }
        if datagram.count > configuration.link(link).maximumDatagramByteCount {
            violate("sends \(datagram.count) octets, more than the link takes")
        }
        do { _ = try Message.decode(datagram.span.bytes) } catch { violate("sends what cannot be read: \(datagram)") }
    }

    private mutating func checkPacket(_ packet: [UInt8]?, on id: UpstreamID) {
        guard let packet else { return violate("writes a packet outside the arena") }
        if let version = Connect.protocolLevel(of: packet.span.bytes).flatMap(ProtocolVersion.init) {
            liveStreams[id]?.version = version
        }
        let version = liveStreams[id]?.version ?? .v3_1_1
        if Packet.fault(in: packet.span.bytes, version) != nil { violate("writes what cannot be read: \(packet)") }
    }

    private mutating func checkPause(_ id: UpstreamID, to isPaused: Bool) {
        guard let stream = liveStreams[id], stream.isOpen, stream.isPaused != isPaused else {
            return violate("\(isPaused ? "pauses" : "resumes") \(id) out of place")
        }
        liveStreams[id]?.isPaused = isPaused
    }
}

extension Effects {
    /// The octets in `range` of the arena; nil where it reaches outside.
    package borrowing func copy(of range: ByteRange) -> [UInt8]? {
        range.lowerBound >= 0 && range.upperBound <= bytes.count ? Array(bytes[range]) : nil
    }
}
