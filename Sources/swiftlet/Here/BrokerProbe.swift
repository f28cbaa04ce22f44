import Bytes
import Configuration
import Describe
import GatewayCore
import GatewayHost
import MQTT
import Time
import Transports

/// Sends a broker one CONNECT under a ClientId that nobody has, and takes it back.
final class BrokerProbe: ByteStreamDelegate, TimerHandler {
    private let loop: EventLoop
    private var stream: (any ByteStream)?
    /// What has come of the CONNACK, of which the first four octets matter, and one more in 5.0 where it is long.
    private var answer: [UInt8] = []
    private var result: Answer?
    private let connectPacket: [UInt8]
    /// 5.0 only where nothing else will be spoken.
    private let version: ProtocolVersion
    private let route: BrokerRoute
    private let settings: HostSettings

    private enum Answer {
        case accepted
        case refused(ConnectReturnCode)
        case closed(String)
        case nonsense([UInt8])
        case silent
    }

    private init(_ settings: Settings, _ clientID: String, _ loop: EventLoop) throws(TLSSetUpError) {
        (self.loop, self.settings) = (loop, settings.host)
        let isEncrypted = settings.host.broker.isEncrypted
        let tls = isEncrypted ? try TLSClients(TLSOptions(settings.host), limit: 1, loop: loop) : nil
        route = BrokerRoute(settings.host, tls: tls, loop: loop)
        version = settings.gateway.upstream.version == .v5_0 ? .v5_0 : .v3_1_1
        connectPacket = Self.packet(settings, clientID)
    }

    private static func packet(_ settings: Settings, _ clientID: String) -> [UInt8] {
        let id = Array(clientID.utf8)
        let user = settings.gateway.upstream.username
        let password = settings.gateway.upstream.password
        let source = id + (user ?? []) + (password ?? [])
        let userEnd = id.count + (user?.count ?? 0)
        let connect = MQTT.Connect(
            cleanSession: true, keepAliveSeconds: 10, clientID: 0..<id.count, will: nil,
            username: user.map { _ in id.count..<userEnd }, password: password.map { _ in userEnd..<source.count })
        var bytes: [UInt8] = []
        if settings.gateway.upstream.version == .v5_0 {
            bytes.appendPacket(Packet5(.connect(connect)), from: source.span.bytes)
        } else {
            bytes.appendPacket(.connect(connect), from: source.span.bytes)
        }
        return bytes
    }

    /// Of each broker its name, its address, and what it answers.
    static func findings(_ settings: Settings, _ loop: EventLoop) -> [HereFinding] {
        settings.host.brokers.indices.flatMap { place in
            var one = settings
            one.host = settings.host.at(broker: place)
            return findingsOfOne(one, loop)
        }
    }

    private static func findingsOfOne(_ settings: Settings, _ loop: EventLoop) -> [HereFinding] {
        let broker = settings.host.broker
        let subject = "broker \(broker.host)"
        let hop = settings.host.firstHop
        let way = settings.host.proxy.endpoint == nil ? "" : " (proxy)"
        let chance = String(UInt16.random(in: 0x1000 ... .max), radix: 16)
        let clientID = "swiftlet-\(settings.gateway.gatewayID)-check-\(chance)"
        do {
            let addresses = try GatewayTarget.addresses(of: hop.host, hop.port, on: loop)
            var last = HereFinding(.bad, subject, "no address")
            for address in addresses {
                let probe = try BrokerProbe(settings, clientID, loop)
                let began = MonotonicClock.now()
                let answer = try probe.run(address, settings.gateway.upstream.connectTimeout.nanoseconds)
                let took = (MonotonicClock.now() - began) / 1_000_000
                last = finding(answer, subject, "\(address.host)\(way)", clientID, took)
                guard case .closed = answer else { return [last] }
            }
            return [last]
        } catch let error as ResolveError {
            return [HereFinding(.bad, subject, "\(error)")]
        } catch TLSSetUpError.problem(let problem) {
            return [HereFinding(.bad, subject, problem.sentence)]
        } catch TLSSetUpError.unavailable(let reason) {
            return [HereFinding(.bad, subject, "\(reason)")]
        } catch {
            return [HereFinding(.bad, subject, "\(error)")]
        }
    }

    private static func finding(
        _ answer: Answer, _ subject: String, _ address: String, _ clientID: String, _ milliseconds: UInt64
    ) -> HereFinding {
        switch answer {
        case .accepted:
            HereFinding(
                .good, subject, "\(address), CONNECT accepted in \(milliseconds) ms as \"\(clientID)\"")
        case .refused(let code): HereFinding(.bad, subject, "\(address), CONNECT refused: \(words(code))")
        case .closed(let reason): HereFinding(.bad, subject, "\(address), \(reason)")
        case .nonsense(let bytes):
            HereFinding(.bad, subject, "\(address) answers, but not in MQTT: \(Hexadecimal.text(bytes))\(guess(bytes))")
        case .silent:
            HereFinding(.bad, subject, "\(address) does not answer a CONNECT; does it speak TLS only (mqtts://)?")
        }
    }

    private static func words(_ code: ConnectReturnCode) -> String {
        switch code {
        case .unacceptableProtocolVersion: "it does not speak this version of MQTT (1): look at broker.protocol"
        case .identifierRejected: "it does not take this ClientId (2)"
        case .serverUnavailable: "not available now (3)"
        case .badCredentials: "bad user name or password (4): look at broker.username and broker.password"
        case .notAuthorized: "not authorised (5): look at broker.username and broker.password"
        default:
            ReasonCode(rawValue: code.rawValue)?.words(in: .connectAcknowledgement)
                ?? "code \(code.rawValue), which MQTT does not have"
        }
    }

    private static func guess(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: [0x15, 0x03]) { return "; that is TLS" }
        return bytes.starts(with: Array("HTTP/".utf8)) ? "; that is a web server" : ""
    }

    // MARK: One attempt

    private func run(_ address: SocketAddress, _ timeout: UInt64) throws -> Answer {
        let stream = connect(to: address, timeout)
        self.stream = stream
        let timer = loop.schedule(at: MonotonicClock.now() + timeout, self)
        while result == nil { try loop.turn(deadline: nil) }
        loop.cancel(timer)
        if case .accepted = result {
            var goodbye: [UInt8] = []
            goodbye.appendPacket(.disconnect)
            stream.queueWrite(goodbye.span.bytes)
            stream.flush()
        }
        stream.abort()
        return result ?? .silent
    }

    private func connect(to address: SocketAddress, _ timeout: UInt64) -> any ByteStream {
        var options = TCPStreamOptions()
        options.connectTimeout = .nanoseconds(Int64(clamping: timeout))
        options.maximumQueuedByteCount = 1_048_576
        return route.connect(to: address, options: options, delegate: self)
    }

    func timerFired(_ timer: LoopTimer) { result = result ?? .silent }

    func streamOpened(_ stream: any ByteStream) {
        let packet = connectPacket
        stream.queueWrite(packet.span.bytes)
        stream.flush()
    }

    func stream(_ stream: any ByteStream, received bytes: RawSpan) {
        guard result == nil else { return }
        bytes.withUnsafeBytes { answer.append(contentsOf: $0.prefix(16)) }
        // In 5.0 properties make it longer.
        let beginning: [UInt8] = version == .v5_0 ? [0x20] : [0x20, 0x02]
        guard zip(answer, beginning).allSatisfy({ $0 == $1 }) else {
            result = .nonsense(Array(answer.prefix(12)))
            return
        }
        let offset = answer.count > 1 && answer[1] >= 0x80 ? 4 : 3
        guard answer.count > offset else { return }
        let code = ConnectReturnCode(rawValue: answer[offset])
        result = code == .accepted ? .accepted : .refused(code)
    }

    func streamBlocked(_ stream: any ByteStream) {}
    func streamDrained(_ stream: any ByteStream) {}

    func streamClosed(_ stream: any ByteStream, reason: StreamCloseReason) {
        guard result == nil else { return }
        switch reason {
        case .failed(let error): result = .closed("\(error)")
        case .insecure(let failure): result = .closed(TLSText(failure, settings, nil).words)
        case .noPassage(let failure): result = .closed(PassageText(failure, settings).words)
        case .endOfStream, .writeQueueOverflow:
            result = .closed("closes the connection without an answer to CONNECT")
        }
    }

    func streamFinished(_ stream: any ByteStream) {}
}
