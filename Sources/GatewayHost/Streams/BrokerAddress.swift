import Configuration
import GatewayCore
import Transports

/// Where the broker is, or the proxy before it: its name, resolved once for everybody who asks at the same time, and
/// again when the answer is old, since names move.
final class BrokerAddress {
    private static let lifetime: UInt64 = 30_000_000_000

    private let host: String
    private let port: UInt16
    private let resolver: Resolver
    private let loop: EventLoop
    private var addresses: [SocketAddress] = []
    private var resolvedAt: UInt64 = 0
    /// The last one that answered.
    private var lastGood: SocketAddress?
    private var waiting: [BrokerStream] = []

    init(_ settings: HostSettings, loop: EventLoop) {
        (host, port) = settings.firstHop
        self.loop = loop
        resolver = Resolver(loop: loop)
    }

    /// Starts the stream's connection as soon as the address is known.
    func connect(_ stream: BrokerStream) {
        if let numeric = SocketAddress(numeric: host, port: port) {
            stream.connect(to: [numeric])
        } else if !addresses.isEmpty, loop.now &- resolvedAt < Self.lifetime {
            stream.connect(to: inOrder)
        } else {
            waiting.append(stream)
            if waiting.count == 1 { resolve() }
        }
    }

    /// The addresses in the order to try them: one that worked comes before others that may let everybody wait.
    var inOrder: [SocketAddress] {
        guard let lastGood, let index = addresses.firstIndex(of: lastGood) else { return addresses }
        var ordered = addresses
        ordered.remove(at: index)
        return [lastGood] + ordered
    }

    func hasWorked(_ address: SocketAddress) { lastGood = address }

    /// None of them could be reached: the name is asked for anew, as it may have moved. A second is time enough to see
    /// that it has not.
    func haveFailed() {
        if loop.now &- resolvedAt > 1_000_000_000 { addresses = [] }
    }

    /// Takes note of where the broker is, or was at another time of the loop's clock.
    func found(_ addresses: [SocketAddress], at time: UInt64? = nil) {
        self.addresses = addresses
        resolvedAt = time ?? loop.now
    }

    func close() { resolver.close() }

    private func resolve() {
        resolver.resolve(host: host, port: port) { [weak self] result in self?.resolved(result) }
    }

    private func resolved(_ result: Result<[SocketAddress], ResolveError>) {
        let streams = waiting
        waiting = []
        switch result {
        case .success(let addresses):
            found(addresses)
            for stream in streams where stream.isWanted { stream.connect(to: inOrder) }
        case .failure(let error):
            for stream in streams where stream.isWanted { stream.hasNoAddress(error) }
        }
    }
}
