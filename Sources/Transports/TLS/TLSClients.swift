/// The TLS clients of a gateway: one with its own certificate, and one for each pair of files by which somebody else
/// goes to the same server.
///
/// **What it owns.** A client for each pair, and with it an `SSL_CTX` and the session to go on with, which never comes
/// to another pair: with it one would be to the server who had it first. **Invariant.** No more than `limit` pairs are
/// held. For one more, that goes which has been without streams for the longest; where all have streams, there is no
/// client. **Awkward case.** A client is made without a look at its files, which are read when it is its turn to make a
/// handshake: thousands may come at once.
package final class TLSClients {
    /// Whom the server is to take somebody for.
    package struct Pair: Hashable, Sendable {
        /// Paths.
        package var certificateFile: String
        package var keyFile: String
        package var keyPassphrase: [UInt8]?

        package init(certificateFile: String, keyFile: String, keyPassphrase: [UInt8]?) {
            (self.certificateFile, self.keyFile) = (certificateFile, keyFile)
            self.keyPassphrase = keyPassphrase
        }

        /// Octet by octet, as files differ: to `String`, an é is the same as an e with an accent behind it, and one
        /// client would be to the server whom another one is.
        package static func == (left: Pair, right: Pair) -> Bool {
            left.certificateFile.utf8.elementsEqual(right.certificateFile.utf8)
                && left.keyFile.utf8.elementsEqual(right.keyFile.utf8) && left.keyPassphrase == right.keyPassphrase
        }

        package func hash(into hasher: inout Hasher) {
            for path in [certificateFile, keyFile] {
                for octet in path.utf8 { hasher.combine(octet) }
                // No path holds it.
                hasher.combine(UInt8(0))
            }
        }
    }

    /// The gateway's own.
    package let own: TLSClient
    /// Pairs that are held at once, at least 1; what is above a lower one has streams.
    package var limit: Int {
        didSet { while clients.count > limit, dropIdle() {} }
    }
    /// Files of a pair have changed: what has become of it.
    package var filesChanged: ((Pair, TLSProblem?) -> Void)?
    /// A pair has gone for another one.
    package var letGo: (() -> Void)?

    private var clients: [Pair: TLSClient] = [:]
    /// Those that are without streams since they had the number, in the order of that; what has another number by now
    /// is no more of them.
    private var idle: [(pair: Pair, number: UInt64)] = []
    /// Those before it have been looked at.
    private var first = 0
    private var idleNumbers: [Pair: UInt64] = [:]
    private var lastNumber: UInt64 = 0

    /// Throws what the owner must change of the gateway's own files, or why this machine has no TLS.
    package init(_ options: TLSOptions, limit: Int, loop: EventLoop) throws(TLSSetUpError) {
        own = try TLSClient(options, loop: loop)
        self.limit = limit
    }

    /// Pairs that are held.
    package var count: Int { clients.count }

    /// Entries that remember who was without streams when: at most two for each pair that may be held, and some more.
    package var queuedCount: Int { idle.count }

    /// The client for a pair, nil being the gateway's own. Where there are too many, it is one that refuses.
    package func client(for pair: Pair?) -> TLSClient {
        guard let pair else { return own }
        if let client = clients[pair] { return client }
        guard clients.count < limit || dropIdle() else {
            return TLSClient(own, nil, refusing: .tooManyCertificates(limit: limit))
        }
        let client = TLSClient(own, pair, refusing: nil)
        client.filesChanged = { [weak self] in self?.filesChanged?(pair, $0) }
        client.streamsChanged = { [weak self] in self?.streamsChanged(pair, $0) }
        clients[pair] = client
        // Until it has a stream.
        streamsChanged(pair, 0)
        return client
    }

    private func streamsChanged(_ pair: Pair, _ count: Int) {
        guard clients[pair] != nil else { return }
        guard count == 0 else {
            idleNumbers[pair] = nil
            return
        }
        lastNumber += 1
        idleNumbers[pair] = lastNumber
        idle.append((pair, lastNumber))
        guard idle.count > 64 + 2 * limit else { return }
        idle = idle[first...].filter { idleNumbers[$0.pair] == $0.number }
        first = 0
    }

    /// - Returns: false where all have streams.
    private func dropIdle() -> Bool {
        while first < idle.count {
            let (pair, number) = idle[first]
            first += 1
            guard idleNumbers[pair] == number else { continue }
            idleNumbers[pair] = nil
            clients[pair] = nil
            letGo?()
            return true
        }
        return false
    }
}
