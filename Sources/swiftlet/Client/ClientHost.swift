import Bytes
import SensorClient
import Time
import Transports

/// Gives a `SensorClient` what it lacks: a socket, a clock, and an end by SIGINT or SIGTERM.
final class ClientHost: UDPTransportDelegate, SignalSourceDelegate {
    let loop: EventLoop
    var client: SensorClient
    private let transport: UDPTransport
    private let gateway: SocketAddress
    private var signals: SignalSource?
    private var hasHeard = false
    private var nonsense: [UInt8]?
    /// The longest datagram that can come.
    private static let maximumDatagramByteCount = 65_535

    init(_ options: ClientOptions, gateway: SocketAddress, loop: EventLoop) throws(IOError) {
        (self.loop, self.gateway) = (loop, gateway)
        client = SensorClient(options)
        transport = try UDPTransport(
            binding: .any(ipv6: gateway.isIPv6, port: 0), receiveBufferByteCount: nil,
            maximumDatagramByteCount: Self.maximumDatagramByteCount, loop: loop)
        try transport.connect(to: gateway)
        transport.delegate = self
        signals = try SignalSource([.terminate, .interrupt], loop: loop)
        signals?.delegate = self
    }

    var now: Instant { Instant(nanoseconds: MonotonicClock.now()) }

    /// Turns until the client has ended; `handle` is told each event and may ask for more.
    ///
    /// How it went.
    enum Outcome {
        case ended
        case failed(ClientFailure)
        /// The machine there says that nobody listens.
        case portClosed
    }

    func run(_ handle: (ClientEvent) -> Void) throws -> Outcome {
        while true {
            send()
            while !client.events.isEmpty {
                let event = client.events.removeFirst()
                note(event)
                handle(event)
                send()
                switch event {
                case .ended: return .ended
                case .failed(let failure): return .failed(failure)
                default: break
                }
            }
            if transport.receiveErrorCount > 0, !hasHeard { return .portClosed }
            try loop.turn(deadline: client.deadline?.nanoseconds)
            client.timePassed(at: now)
        }
    }

    private func send() {
        for datagram in client.outbox { transport.queue(datagram.span.bytes, to: gateway, from: nil) }
        client.outbox.removeAll(keepingCapacity: true)
        transport.flush()
    }

    private func note(_ event: ClientEvent) {
        switch event {
        case .nonsense(let first): nonsense = first
        case .unknownTopic(let id): Terminal.complain("a message came on topic id \(id), which nobody has named")
        case .reconnecting: Terminal.complain("the gateway has ended the connection; connecting anew")
        default: break
        }
    }

    func transportReadable(_ transport: UDPTransport) {
        _ = try? transport.receive { datagram, _, _ in
            hasHeard = true
            client.receive(datagram.withUnsafeBytes { Array($0) }, at: now)
        }
    }

    func signalReceived(_ signal: Signal) {
        // The second one is meant.
        if client.isFinishing { ProcessControl.exit(128 + (signal == .terminate ? 15 : 2)) }
        client.finish(at: now)
    }

    func close() {
        transport.close()
        signals?.close()
    }

    // MARK: Why it failed

    /// Tells the person what is to be told, and gives the exit status that fits.
    func explain(_ outcome: Outcome) -> ExitStatus {
        switch outcome {
        case .ended: return .success
        case .failed(let failure): return explain(failure)
        case .portClosed:
            Terminal.complain("no gateway listens on udp://\(gateway): the port is closed there")
            return .unavailable
        }
    }

    private func explain(_ failure: ClientFailure) -> ExitStatus {
        switch failure {
        case .noAnswer(let exchange):
            if let nonsense {
                Terminal.complain(
                    "udp://\(gateway) answers, but not in MQTT-SN: \(Hexadecimal.text(nonsense))… came after"
                        + " \(exchange.rawValue)")
                return .protocolError
            }
            let times = client.options.retryCount + 1
            Terminal.complain(
                "no answer from udp://\(gateway) to \(exchange.rawValue), which was sent"
                    + " \(times == 1 ? "once" : "\(times) times")")
            return .temporaryFailure
        case .refused(let exchange, let code):
            Terminal.complain(
                "the gateway refuses \(exchange.rawValue): " + ReturnCodeText.sentence(code, to: exchange))
            return ReturnCodeText.status(code)
        case .disconnected:
            Terminal.complain("the gateway ends the connection again and again; its log tells why")
            return .unavailable
        case .tooLong:
            Terminal.complain("the message is longer than a datagram can be")
            return .dataError
        }
    }
}
