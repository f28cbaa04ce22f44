import GatewaySimulator
import Time

@testable import GatewayCore

/// Another life of a gateway that may be given a damaged record: it must refuse that and stay as it was, or be whole.
enum OtherLife {
    static let configuration = GatewayConfiguration.dialogue { $0.sleep.messagesPerWakeUp = 2 }
    private static let now = RecordProof.otherNow
    private static let peer = PeerID(link: LinkID(0), number: 1)

    /// - Returns: what is wrong; nil where nothing is.
    static func fault(with record: SessionRecord, hasAddress: Bool) -> String? {
        var gateway = Gateway(configuration: configuration, seed: 3)
        let empty = gateway.takeCensus()
        do {
            try gateway.restore(record, from: hasAddress ? peer : nil, at: now)
        } catch {
            return gateway.takeCensus() == empty ? nil : "something of a refused session is left: \(error)"
        }
        let isReached = hasAddress && record.phase.isConnected
        var host = HostLedger(configuration)
        if isReached { host.know(peer) }
        if let first = gateway.brokenInvariants(peers: host.livePeers, streams: []).first { return first }
        return goOn(&gateway, host, record.clientID)
    }

    /// The client says that it is there, a broker takes what it is told, and time passes.
    private static func goOn(_ gateway: inout Gateway, _ host: HostLedger, _ clientID: [UInt8]) -> String? {
        var (host, now) = (host, now)
        var effects = Effects()
        var pending: [(Event, [UInt8])] = [
            (.deadlineReached, []),
            (.datagramReceived(from: peer), [UInt8(2 + min(clientID.count, 200)), 0x16] + clientID.prefix(200)),
        ]
        for _ in 0..<40 {
            let (event, bytes) = pending.isEmpty ? (.deadlineReached, []) : pending.removeFirst()
            if event == .deadlineReached { now = max(now, gateway.nextDeadline ?? now) }
            effects.removeAll()
            host.note(event)
            gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
            host.check(effects)
            if let violation = host.violation { return "\(event): \(violation)" }
            let broken = gateway.brokenInvariants(peers: host.livePeers, streams: host.liveStreamIDs)
            if let first = broken.first { return "\(event): \(first)" }
            for effect in effects.list {
                switch effect {
                case .openStream(let id): pending.append((.streamOpened(id), []))
                case .sendStream(let range, let id) where effects.bytes[range.lowerBound] == 0x10:
                    pending.append((.streamReceived(id), BrokerPacket.connectAcknowledgement(present: true).bytes))
                case .closeStream(let id): pending.append((.streamEnded(id), []))
                default: break
                }
            }
        }
        return nil
    }
}
