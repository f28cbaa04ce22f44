extension Resolver {
    /// What `resolve` finds, for a program that has nothing else to do until the name service answers.
    package static func addresses(of host: String, port: UInt16) -> Result<[SocketAddress], ResolveError> {
        if let address = SocketAddress(numeric: host, port: port) { return .success([address]) }
        guard !host.isEmpty, !host.utf8.contains(0) else {
            return .failure(.failed(host: host, code: ResolveError.noName))
        }
        return ResolverThread.lookUp(ResolverThread.Request(identifier: 0, host: host, port: port))
    }
}
