import Configuration
import Transports

/// A gateway as the command line names it, `udp://HOST[:PORT]`, and the addresses it stands for.
struct GatewayTarget {
    let endpoint: GatewayEndpoint

    init(_ arguments: Arguments) throws(UsageError) {
        let text = arguments.operands[0]
        switch EndpointParser.gateway(text) {
        case .success(let endpoint): self.endpoint = endpoint
        case .failure(let error): throw arguments.wrong("'\(text)' \(error.message)")
        }
    }

    /// The address, looked up where it is a name; the loop turns meanwhile.
    func address(on loop: EventLoop) throws -> SocketAddress {
        try Self.addresses(of: endpoint.host, endpoint.port, on: loop)[0]
    }

    /// The addresses of `host`, at least one.
    static func addresses(of host: String, _ port: UInt16, on loop: EventLoop) throws -> [SocketAddress] {
        var answer: Result<[SocketAddress], ResolveError>?
        let resolver = Resolver(loop: loop)
        resolver.resolve(host: host, port: port) { answer = $0 }
        while answer == nil { try loop.turn(deadline: nil) }
        resolver.close()
        return try answer?.get() ?? []
    }
}
