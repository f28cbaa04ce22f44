import Bytes
import GatewayCore
import HTTP
import Transports

/// What the page follows, as server-sent events: `status` with that of /status.json each second, and `observation` for
/// what the log would tell. Costs one look at `hasReaders` while nobody follows.
final class EventFeed: Feed, TimerHandler {
    /// In nanoseconds.
    private static let interval: UInt64 = 1_000_000_000
    /// Observations told in one second; what goes beyond is counted and told as `left_out`.
    private static let observationCount = 50

    private unowned let host: Host
    private var readers: [HTTPConnection] = []
    private var timer: LoopTimer?
    private var toldCount = 0
    private var leftOutCount = 0

    let contentType = "text/event-stream"

    init(host: Host) { self.host = host }

    var hasReaders: Bool { !readers.isEmpty }

    func add(_ reader: HTTPConnection) {
        readers.append(reader)
        // The browser comes again by itself after so many milliseconds.
        reader.queue(Array("retry: 2000\n\n".utf8))
        reader.queue(Self.event("status", host.statusJSON()))
        if timer == nil { timer = host.loop.schedule(at: host.loop.now + Self.interval, self) }
    }

    func remove(_ reader: HTTPConnection) {
        readers.removeAll { $0 === reader }
        guard readers.isEmpty, let timer else { return }
        host.loop.cancel(timer)
        self.timer = nil
    }

    func timerFired(_ timer: LoopTimer) {
        self.timer = host.loop.schedule(at: host.loop.now + Self.interval, self)
        toldCount = 0
        if leftOutCount > 0 {
            tell(Self.event("left_out", Array("{\"count\":\(leftOutCount)}".utf8)))
            leftOutCount = 0
        }
        tell(Self.event("status", host.statusJSON()))
    }

    func observed(_ observation: Observation, _ clientID: RawSpan, address: String?) {
        guard ObservationText.level(of: observation.kind) != nil else { return }
        guard toldCount < Self.observationCount else {
            leftOutCount += 1
            return
        }
        toldCount += 1
        tell(Self.event("observation", ObservationJSON.bytes(observation, clientID, address: address)))
    }

    private func tell(_ event: [UInt8]) {
        for reader in readers { reader.queue(event) }
    }

    func flush() {
        for reader in readers { reader.flush() }
    }

    /// One event, whose data has no line breaks.
    private static func event(_ name: String, _ data: [UInt8]) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + data + Array("\n\n".utf8)
    }
}
