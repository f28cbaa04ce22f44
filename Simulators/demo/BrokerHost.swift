import GatewayCore
import GatewaySimulator
import SimulatorSupport
import Time
import Transports

/// The simulated broker on a real TCP port of this machine.
final class BrokerHost: TCPListenerDelegate, TimerHandler {
    private var broker = SimulatedBroker()
    private var effects = BrokerEffects()
    private var connections: [BrokerConnectionID: BrokerConnectionStream] = [:]
    private var connectionCount: UInt32 = 0
    private var timer: LoopTimer?
    private let listener: TCPListener
    private let loop: EventLoop

    /// Listens on a port that the system chooses.
    init(address: SocketAddress, loop: EventLoop) throws(IOError) {
        self.loop = loop
        listener = try TCPListener(binding: address, loop: loop)
        listener.delegate = self
    }

    var address: SocketAddress { listener.localAddress }

    /// Stops listening and cuts what is still connected.
    func close() {
        listener.close()
        if let timer { loop.cancel(timer) }
        for (_, connection) in connections { connection.stream?.abort() }
    }

    // MARK: Events

    func listener(_ listener: TCPListener, accepted connection: consuming AcceptedConnection) {
        let id = BrokerConnectionID(connectionCount)
        connectionCount += 1
        let accepted = BrokerConnectionStream(id, host: self)
        // A connection that cannot be registered is closed by letting it go: the gateway tries again.
        guard let stream = try? TCPStream(adopting: connection, loop: loop, delegate: accepted) else { return }
        accepted.stream = stream
        connections[id] = accepted
        handle(.accepted(id))
    }

    func timerFired(_ timer: LoopTimer) {
        self.timer = nil
        handle(.deadlineReached)
    }

    func closed(_ connection: BrokerConnectionStream) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        handle(.closed(connection.id))
    }

    private func handle(_ event: BrokerEvent) {
        let nothing: [UInt8] = []
        handle(event, nothing.span.bytes)
    }

    func handle(_ event: BrokerEvent, _ bytes: RawSpan) {
        broker.handle(event, bytes, at: Instant(nanoseconds: MonotonicClock.now()), into: &effects)
        // The list may not change while it is carried out, although nothing here causes an event on the spot.
        var current = BrokerEffects()
        swap(&current, &effects)
        run(current)
        current.removeAll()
        swap(&current, &effects)
        scheduleNext()
    }

    private func run(_ effects: borrowing BrokerEffects) {
        let arena = effects.bytes.span
        for index in effects.list.indices { run(effects.list[index], arena.bytes) }
    }

    private func run(_ effect: BrokerEffect, _ arena: RawSpan) {
        switch effect {
        case .send(let range, let id):
            guard let stream = connections[id]?.stream else { return }
            stream.queueWrite(arena.extracting(range))
            stream.flush()
        case .close(let id): connections.removeValue(forKey: id)?.stream?.close()
        }
    }

    private func scheduleNext() {
        let deadline = broker.nextDeadline?.nanoseconds
        guard timer?.deadline != deadline else { return }
        if let timer { loop.cancel(timer) }
        timer = deadline.map { loop.schedule(at: $0, self) }
    }
}

/// One of the gateway's connections, as the broker sees it.
final class BrokerConnectionStream: ByteStreamDelegate {
    let id: BrokerConnectionID
    var stream: TCPStream?
    private unowned let host: BrokerHost

    init(_ id: BrokerConnectionID, host: BrokerHost) {
        self.id = id
        self.host = host
    }

    func streamOpened(_ stream: any ByteStream) {}

    func stream(_ stream: any ByteStream, received bytes: RawSpan) { host.handle(.received(id), bytes) }

    func streamBlocked(_ stream: any ByteStream) {}

    func streamDrained(_ stream: any ByteStream) {}

    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) { host.closed(self) }

    func streamFinished(_ stream: any ByteStream) {}
}
