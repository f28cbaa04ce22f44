import Bytes
import GatewayCore
import MQTT
import MQTTSN

/// The books of a host that trusts nothing: which peers and streams there are, and every effect that does not fit them.
struct HostLedger {
    private struct Stream {
        var isOpen = false
        var isPaused = false
    }

    private var configuration: GatewayConfiguration
    private(set) var livePeers: Set<PeerID> = []
    private var forgottenPeers: Set<PeerID> = []
    private var liveStreams: [UpstreamID: Stream] = [:]
    private var endedStreams: Set<UpstreamID> = []
    /// What was wrong so far, in words.
    private(set) var violations: [String] = []

    init(_ configuration: GatewayConfiguration) { self.configuration = configuration }

    /// Streams that were asked for and have not ended.
    var liveStreamIDs: Set<UpstreamID> { Set(liveStreams.keys) }

    func isOpen(_ id: UpstreamID) -> Bool { liveStreams[id]?.isOpen == true }

    func isPaused(_ id: UpstreamID) -> Bool { liveStreams[id]?.isPaused == true }

    mutating func violation(_ text: String) { violations.append(text) }

    /// Books an event that the gateway is about to be told.
    mutating func note(_ event: Event) {
        switch event {
        case .datagramReceived(let peer, _), .datagramTruncated(let peer): livePeers.insert(peer)
        case .streamOpened(let id): liveStreams[id]?.isOpen = true
        case .streamClosed(let id, _):
            liveStreams[id] = nil
            endedStreams.insert(id)
        case .linkChanged(let link, let maximum):
            guard configuration.links.indices.contains(Int(link.rawValue)) else { return }
            configuration.links[Int(link.rawValue)].maximumDatagramByteCount = maximum
        case .streamReceived, .streamBlocked, .streamDrained, .streamEnded, .deadlineReached, .shutdownRequested: break
        }
    }

    /// Books what the gateway wants done.
    mutating func check(_ effects: borrowing Effects) {
        for effect in effects.list {
            switch effect {
            case .sendDatagram(let range, let peer): checkDatagram(effects.copy(of: range), to: peer)
            case .broadcastDatagram(let range, _, let link):
                if effects.copy(of: range) == nil || Int(link.rawValue) >= configuration.links.count {
                    violation("broadcasts something that is not there")
                }
            case .openStream(let id): checkOpening(id)
            case .sendStream(let range, let id): checkPacket(effects.copy(of: range), on: id)
            case .closeStream(let id):
                if liveStreams.removeValue(forKey: id) == nil { violation("closes \(id), which is not live") }
                endedStreams.insert(id)
            case .pauseStream(let id): checkPause(id, to: true)
            case .resumeStream(let id): checkPause(id, to: false)
            case .forgetPeer(let peer):
                if livePeers.remove(peer) == nil { violation("forgets \(peer), which is not known") }
                forgottenPeers.insert(peer)
            case .observe(let observation):
                if effects.copy(of: observation.clientID) == nil { violation("\(observation) lies outside") }
            }
        }
    }

    private mutating func checkDatagram(_ bytes: [UInt8]?, to peer: PeerID) {
        if !livePeers.contains(peer) {
            violation("sends to \(peer), which is \(forgottenPeers.contains(peer) ? "forgotten" : "unknown")")
        }
        guard let bytes else { return violation("a datagram lies outside the arena") }
        if SNMessage(reading: bytes) == .other(nil) { violation("sends a datagram that cannot be read: \(bytes)") }
        if bytes.count > configuration.link(peer.link).maximumDatagramByteCount {
            violation("sends \(bytes.count) octets, more than the link takes")
        }
    }

    private mutating func checkOpening(_ id: UpstreamID) {
        if liveStreams[id] != nil || endedStreams.contains(id) { violation("opens \(id) twice") }
        liveStreams[id] = Stream()
    }

    private mutating func checkPacket(_ bytes: [UInt8]?, on id: UpstreamID) {
        if liveStreams[id]?.isOpen != true { violation("writes to \(id), which is not open") }
        guard let bytes else { return violation("a packet lies outside the arena") }
        if BrokerPacket(reading: bytes) == .wrong { violation("writes a packet that cannot be read: \(bytes)") }
    }

    private mutating func checkPause(_ id: UpstreamID, to isPaused: Bool) {
        guard let stream = liveStreams[id], stream.isOpen, stream.isPaused != isPaused else {
            return violation("\(isPaused ? "pauses" : "resumes") \(id) out of place")
        }
        liveStreams[id]?.isPaused = isPaused
    }
}

extension Effects {
    /// The octets in `range` of the arena; nil where it reaches outside.
    borrowing func copy(of range: ByteRange) -> [UInt8]? {
        range.lowerBound >= 0 && range.upperBound <= bytes.count ? Array(bytes[range]) : nil
    }
}
