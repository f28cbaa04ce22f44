import Bytes
import GatewayCore
import MQTT
import MQTTSN

/// The books of a host that trusts nothing: which peers and streams there are, and the first effect that does not fit.
struct HostLedger {
    private struct Stream {
        var isOpen = false
        var isPaused = false
    }

    private var configuration: GatewayConfiguration
    private(set) var livePeers: Set<PeerID> = []
    private var liveStreams: [UpstreamID: Stream] = [:]
    private var endedStreams: Set<UpstreamID> = []
    private(set) var violation: String?

    init(_ configuration: GatewayConfiguration) { self.configuration = configuration }

    var livePeerCount: Int { livePeers.count }
    var liveStreamCount: Int { liveStreams.count }
    /// Streams that were asked for and have not ended.
    var liveStreamIDs: Set<UpstreamID> { Set(liveStreams.keys) }

    func isPaused(_ id: UpstreamID) -> Bool { liveStreams[id]?.isPaused == true }

    /// The host's process has ended; its next life numbers everything anew.
    mutating func restart() {
        livePeers = []
        liveStreams = [:]
        endedStreams = []
    }

    private mutating func violate(_ text: String) { if violation == nil { violation = "the gateway \(text)" } }

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
        let arena = 0..<effects.bytes.count
        for effect in effects.list {
            switch effect {
            case .sendDatagram(let range, let peer):
                if !livePeers.contains(peer) { violate("sends to \(peer), which is not known") }
                checkDatagram(range, effects.bytes, on: peer.link)
            case .broadcastDatagram(let range, _, let link): checkDatagram(range, effects.bytes, on: link)
            case .openStream(let id):
                if liveStreams[id] != nil || endedStreams.contains(id) { violate("opens \(id) twice") }
                liveStreams[id] = Stream()
            case .sendStream(let range, let id):
                if liveStreams[id]?.isOpen != true { violate("writes to \(id), which is not open") }
                checkPacket(range, effects.bytes)
            case .closeStream(let id):
                if liveStreams.removeValue(forKey: id) == nil { violate("closes \(id), which is not live") }
                endedStreams.insert(id)
            case .pauseStream(let id): checkPause(id, to: true)
            case .resumeStream(let id): checkPause(id, to: false)
            case .forgetPeer(let peer):
                if livePeers.remove(peer) == nil { violate("forgets \(peer), which is not known") }
            case .observe(let observation):
                if observation.clientID.clamped(to: arena) != observation.clientID { violate("observes outside") }
            }
        }
    }

    private mutating func checkDatagram(_ range: ByteRange, _ bytes: [UInt8], on link: LinkID) {
        guard range.upperBound <= bytes.count else { return violate("sends a datagram outside the arena") }
        let datagram = Array(bytes[range])
        if datagram.count > configuration.link(link).maximumDatagramByteCount {
            violate("sends \(datagram.count) octets, more than the link takes")
        }
        do { _ = try Message.decode(datagram.span.bytes) } catch { violate("sends what cannot be read: \(datagram)") }
    }

    private mutating func checkPacket(_ range: ByteRange, _ bytes: [UInt8]) {
        guard range.upperBound <= bytes.count else { return violate("writes a packet outside the arena") }
        let packet = Array(bytes[range])
        do { _ = try Packet.decode(packet.span.bytes) } catch { violate("writes what cannot be read: \(packet)") }
    }

    private mutating func checkPause(_ id: UpstreamID, to isPaused: Bool) {
        guard let stream = liveStreams[id], stream.isOpen, stream.isPaused != isPaused else {
            return violate("\(isPaused ? "pauses" : "resumes") \(id) out of place")
        }
        liveStreams[id]?.isPaused = isPaused
    }
}
