// The target `SessionRecord`: octets that nobody vouches for are no session record, or one that a gateway refuses
// without a trace, or one that it goes on with as with any session.

import Bytes
import GatewayCore
import GatewaySimulator
import Time

/// What is wrong with reading the record in `input` and bringing it back, with its client's address and without; nil
/// when nothing is.
func faultOfRecord(_ input: RawSpan, inspect: GatewayInspection) -> String? {
    let record: SessionRecord
    do throws(SessionRecordError) {
        record = try SessionRecord.decode(input)
    } catch {
        return error.offset <= input.byteCount ? nil : "\(error) behind the end"
    }
    var octets: [UInt8] = []
    record.encode(into: &octets)
    guard octets == input.copy(of: 0..<input.byteCount) else { return "a record with two spellings" }
    for hasAddress in [true, false] {
        var life = OtherLife()
        if let fault = life.fault(with: record, hasAddress: hasAddress, inspect: inspect) { return fault }
    }
    return nil
}

/// A gateway that is given a record, the client that wakes up, a broker that accepts every connection, and time.
private struct OtherLife: ~Copyable {
    private static let configuration: GatewayConfiguration = {
        var configuration = GatewayConfiguration()
        configuration.sleep.messagesPerWakeUp = 2
        configuration.links = [LinkConfiguration()]
        return configuration
    }()
    private static let peer = PeerID(link: LinkID(0), number: 1)
    private static let eventCount = 40

    private var gateway = Gateway(configuration: configuration, seed: 3)
    private var host = HostLedger(configuration)
    private var effects = Effects()
    /// Later than any record is old.
    private var now = Instant(nanoseconds: 1 << 60)
    private var pending: [(event: Event, bytes: [UInt8])] = []

    mutating func fault(
        with record: SessionRecord, hasAddress: Bool, inspect: GatewayInspection
    ) -> String? {
        let empty = gateway.takeCensus()
        do throws(RestoreRefusal) {
            try gateway.restore(record, from: hasAddress ? Self.peer : nil, at: now)
        } catch {
            return gateway.takeCensus() == empty ? nil : "something of a refused session is left: \(error)"
        }
        if gateway.peer(of: record.clientID) != nil { host.know(Self.peer) }
        let limits = Self.configuration.limits
        if let first = inspect(&gateway, host.livePeers, host.liveStreamIDs, limits).first { return first }
        pending = [(.deadlineReached, []), (.datagramReceived(from: Self.peer), Self.pingRequest(of: record.clientID))]
        for _ in 0..<Self.eventCount {
            let (event, bytes) = pending.isEmpty ? (.deadlineReached, []) : pending.removeFirst()
            if let fault = fault(after: event, bytes, inspect: inspect) { return "\(event): \(fault)" }
        }
        return fault(after: .shutdownRequested, [], inspect: inspect)
    }

    private static func pingRequest(of clientID: [UInt8]) -> [UInt8] {
        let name = clientID.prefix(200)
        return [UInt8(2 + name.count), 0x16] + name
    }

    private mutating func fault(after event: Event, _ bytes: [UInt8], inspect: GatewayInspection) -> String? {
        if event == .deadlineReached { now = max(now, gateway.nextDeadline ?? now) }
        effects.removeAll()
        host.note(event)
        gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
        host.check(effects)
        for effect in effects.list { answer(effect) }
        return host.violation ?? inspect(&gateway, host.livePeers, host.liveStreamIDs, Self.configuration.limits).first
    }

    private mutating func answer(_ effect: Effect) {
        switch effect {
        case .openStream(let id, _): pending.append((.streamOpened(id), []))
        case .sendStream(let range, let id):
            // CONNECT is accepted, with a session.
            if effects.bytes[range.lowerBound] == 0x10 { pending.append((.streamReceived(id), [0x20, 2, 1, 0])) }
        case .closeStream(let id): pending.append((.streamEnded(id), []))
        case .sendDatagram, .broadcastDatagram, .pauseStream, .resumeStream, .forgetPeer, .observe: break
        }
    }
}
