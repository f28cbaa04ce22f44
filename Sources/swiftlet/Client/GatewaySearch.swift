import Bytes
import Configuration
import MQTTSN
import SensorClient
import Time
import Transports

/// Searches for gateways by SEARCHGW and hears their ADVERTISE (MQTT-SN 1.2 §6.1).
final class GatewaySearch: UDPTransportDelegate {
    /// A gateway as it has made itself known.
    private struct Found {
        var gatewayID: UInt8
        var address: SocketAddress
        /// Nanoseconds after SEARCHGW; nil: it advertised unasked.
        var delay: UInt64?
        /// Seconds between its ADVERTISEs; nil: it has sent none.
        var interval: UInt16?
        /// What a client has told of it instead of itself.
        var toldAddress: [UInt8] = []
    }

    private let loop: EventLoop
    private let groups: [(name: String, address: SocketAddress)]
    private let interfaceName: String?
    private let isPlain: Bool
    private var senders: [UDPTransport] = []
    private var listeners: [UDPTransport] = []
    private var found: [Found] = []
    private var sentAt: UInt64 = 0
    /// Gateways beyond so many are not listed: nobody has them in one network.
    private static let maximumCount = 256

    init(_ groups: [UDPGroup], interface: String?, isPlain: Bool) throws(IOError) {
        loop = try EventLoop()
        self.isPlain = isPlain
        interfaceName = interface
        var addresses: [(name: String, address: SocketAddress)] = []
        for group in groups {
            guard let address = SocketAddress(numeric: group.host, port: group.port) else {
                throw IOError.noInterface(operation: "use the group \(group.name)")
            }
            addresses.append((group.name, address))
        }
        self.groups = addresses
        for (_, address) in addresses { try open(address) }
    }

    /// A socket that sends to the group and gets the answers, and one that hears what comes to the group.
    private func open(_ group: SocketAddress) throws(IOError) {
        let sender = try UDPTransport(
            binding: .any(ipv6: group.isIPv6, port: 0), receiveBufferByteCount: nil, loop: loop)
        sender.delegate = self
        senders.append(sender)
        if group.isMulticast {
            if let interfaceName { try sender.setMulticastInterface(interfaceName) }
        } else {
            try sender.setBroadcast(true)
        }
        do throws(IOError) {
            let listener = try UDPTransport(binding: group, receiveBufferByteCount: nil, loop: loop)
            if group.isMulticast { try listener.joinMulticast(group: group, interface: interfaceName) }
            listener.delegate = self
            listeners.append(listener)
        } catch {
            // A gateway on this machine may have the port for itself; answers come to the other socket.
            Terminal.complain("ADVERTISE cannot be heard: \(error)")
        }
    }

    func run(radius: UInt8, for duration: UInt64) throws -> ExitStatus {
        var search: [UInt8] = []
        search.appendMessage(.searchGateway(radius: radius))
        sentAt = MonotonicClock.now()
        for (index, group) in groups.enumerated() {
            let place = interfaceName.map { " on \($0)" } ?? ""
            say("SEARCHGW radius \(radius) to \(group.name)\(place) … \(Quantity.text(ofNanoseconds: duration))")
            senders[index].queue(search.span.bytes, to: group.address, from: nil)
            let result = senders[index].flush()
            if let code = result.lastErrorCode {
                throw IOError(operation: "send SEARCHGW to \(group.name)", code: code)
            }
        }
        let end = sentAt + duration
        while MonotonicClock.now() < end { try loop.turn(deadline: end) }
        for transport in senders + listeners { transport.close() }
        for gateway in found { try tell(gateway) }
        say(found.count == 1 ? "1 gateway" : found.isEmpty ? "no gateway" : "\(found.count) gateways")
        return found.isEmpty ? .temporaryFailure : .success
    }

    private func say(_ text: String) { if isPlain { Terminal.print(text) } }

    // MARK: Hearing

    func transportReadable(_ transport: UDPTransport) {
        let isGroup = listeners.contains { $0 === transport }
        _ = try? transport.receive { datagram, source, _ in
            let bytes = datagram.withUnsafeBytes { Array($0) }
            guard let message = try? Message.decode(bytes.span.bytes) else { return }
            switch message {
            case .gatewayInfo(let id, let range):
                note(id, source, delay: MonotonicClock.now() - sentAt, toldAddress: Array(bytes[range]), isGroup)
            case .advertise(let id, let interval): note(id, source, interval: interval, isGroup)
            default: break
            }
        }
    }

    private func note(
        _ id: UInt8, _ source: SocketAddress, delay: UInt64? = nil, interval: UInt16? = nil,
        toldAddress: [UInt8] = [], _ isGroup: Bool
    ) {
        let known = found.firstIndex { $0.gatewayID == id && $0.address == source && $0.toldAddress == toldAddress }
        if let known {
            found[known].delay = found[known].delay ?? delay
            found[known].interval = found[known].interval ?? interval
        } else if found.count < Self.maximumCount {
            found.append(
                Found(gatewayID: id, address: source, delay: delay, interval: interval, toldAddress: toldAddress))
        }
    }

    // MARK: Telling

    private func tell(_ gateway: Found) throws {
        guard gateway.toldAddress.isEmpty else {
            let address = Hexadecimal.text(gateway.toldAddress)
            say("GWINFO      gateway \(gateway.gatewayID)   told by udp://\(gateway.address): GwAdd \(address)")
            return say(gateway, nil)
        }
        let began = MonotonicClock.now()
        let outcome = try connect(to: gateway.address)
        let took = MonotonicClock.now() - began
        guard isPlain else { return say(gateway, outcome) }
        let kind = gateway.delay == nil ? "ADVERTISE" : "GWINFO   "
        let delay = gateway.delay.map { "   after " + Self.milliseconds($0) } ?? ""
        let interval = gateway.interval.map { "   every \($0) s" } ?? ""
        let who = "gateway \(gateway.gatewayID)   from udp://\(gateway.address)"
        say("\(kind)   \(who)\(delay)\(interval)   CONNECT \(Self.words(outcome, took))")
    }

    /// A line of JSON, unless plain text is wanted.
    private func say(_ gateway: Found, _ outcome: ClientHost.Outcome?) {
        guard !isPlain else { return }
        var fields = [#""gateway":\#(gateway.gatewayID)"#, #""address":"udp://\#(gateway.address)""#]
        if let delay = gateway.delay { fields.append(#""gwinfo_after_seconds":\#(Double(delay / 1_000) / 1_000_000)"#) }
        if let interval = gateway.interval { fields.append(#""advertise_interval_seconds":\#(interval)"#) }
        if !gateway.toldAddress.isEmpty {
            fields.append(#""told_address":"\#(Hexadecimal.text(gateway.toldAddress))""#)
        }
        if let outcome { fields.append(#""connect":\#(Text.json(Self.word(outcome)))"#) }
        Terminal.print("{" + fields.joined(separator: ",") + "}")
    }

    /// One CONNECT, which is taken back at once.
    private func connect(to address: SocketAddress) throws -> ClientHost.Outcome {
        var options = ClientOptions(clientID: Array(ClientArguments.ownClientID("find").utf8))
        options.retryInterval = .seconds(1)
        options.retryCount = 1
        let host = try ClientHost(options, gateway: address, loop: loop)
        defer { host.close() }
        host.client.connect(at: host.now)
        host.client.finish(at: host.now)
        return try host.run { _ in }
    }

    private static func words(_ outcome: ClientHost.Outcome, _ took: UInt64) -> String {
        if case .ended = outcome { return "accepted in \(milliseconds(took))" }
        return word(outcome)
    }

    private static func word(_ outcome: ClientHost.Outcome) -> String {
        switch outcome {
        case .ended: "accepted"
        case .failed(.refused(let exchange, let code)): ReturnCodeText.sentence(code, to: exchange)
        case .failed(.noAnswer): "no answer"
        case .failed(.disconnected), .failed(.tooLong): "refused"
        case .portClosed: "the port is closed"
        }
    }

    private static func milliseconds(_ span: UInt64) -> String {
        span < 10_000_000 ? "\(Double(span / 10_000) / 100) ms" : "\(span / 1_000_000) ms"
    }
}
