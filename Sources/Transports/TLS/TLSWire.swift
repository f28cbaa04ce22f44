/// The encrypted side of connections, as OpenSSL reads and writes it: octets that came, lent for one call, and those
/// that are to go, taken after it.
///
/// One serves all connections of all clients in a workshop, as each call of OpenSSL is over before the next one
/// begins, and nobody else's octets are lent during it.
final class TLSWire {
    private var input = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var output: [UInt8] = []
    /// Sessions that the peers of connections have offered for resumption, each with a reference of our own.
    private var sessions: [(connection: OpenSSL.Pointer, session: OpenSSL.Pointer)] = []

    /// An emptied array up to this capacity is kept.
    private static let keptByteCount = 131_072

    /// Lends `bytes` for the calls that `body` makes; what they leave unread is gone. What was being lent comes after.
    func lend<Result>(_ bytes: RawSpan, _ body: () -> Result) -> Result {
        bytes.withUnsafeBytes { buffer in
            let outer = input
            input = buffer
            defer { input = outer }
            return body()
        }
    }

    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Gives the room of what was taken back, for the next call.
    func recycle(_ taken: consuming [UInt8]) {
        guard output.isEmpty, taken.capacity <= Self.keptByteCount else { return }
        taken.removeAll(keepingCapacity: true)
        output = taken
    }

    func takeSessions() -> [(connection: OpenSSL.Pointer, session: OpenSSL.Pointer)] {
        defer { sessions = [] }
        return sessions
    }

    private func write(_ bytes: UnsafeBufferPointer<UInt8>) { output.append(contentsOf: bytes) }

    private func read(_ target: UnsafeMutablePointer<UInt8>, upTo count: Int) -> Int {
        let taken = min(count, input.count)
        guard taken > 0, let source = input.baseAddress else { return 0 }
        UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: taken)
        input = UnsafeRawBufferPointer(rebasing: input[taken...])
        return taken
    }

    // MARK: As OpenSSL knows it

    /// A BIO over this wire, which must outlive it; the caller hands it to a connection, which frees it.
    func makeBIO(_ library: OpenSSL) -> OpenSSL.Pointer? {
        guard let bio = library.newBIO(library.wireMethod) else { return nil }
        library.setBIOData(bio, Unmanaged.passUnretained(self).toOpaque())
        library.setBIOInitialized(bio, 1)
        return bio
    }

    /// What such BIOs do.
    static func method(_ library: OpenSSL) -> OpenSSL.Pointer? {
        guard let method = library.newBIOMethod(OpenSSL.Constant.wireType, "swiftlet") else { return nil }
        _ = library.setBIOWrite(method) { bio, bytes, count in
            guard let bytes, count > 0, let (wire, _) = TLSWire.of(bio) else { return 0 }
            wire.write(UnsafeBufferPointer(start: bytes, count: Int(count)))
            return count
        }
        _ = library.setBIORead(method) { bio, target, count in
            guard let target, count > 0, let (wire, library) = TLSWire.of(bio) else { return 0 }
            library.clearBIOFlags(bio, OpenSSL.Constant.allFlags)
            let taken = wire.read(target, upTo: Int(count))
            guard taken == 0 else { return Int32(taken) }
            library.setBIOFlags(bio, OpenSSL.Constant.readAgain)
            return -1
        }
        _ = library.setBIOControl(method) { _, command, _, _ in command == OpenSSL.Constant.bioFlush ? 1 : 0 }
        return method
    }

    /// Keeps a session that the peer offers; 1: the reference is ours.
    static let keepSession: OpenSSL.NewSession = { connection, session in
        guard case .success(let library) = OpenSSL.shared, let connection, let session,
            let (wire, _) = TLSWire.of(library.bio(connection))
        else { return 0 }
        wire.sessions.append((connection, session))
        return 1
    }

    private static func of(_ bio: OpenSSL.Pointer?) -> (TLSWire, OpenSSL)? {
        guard case .success(let library) = OpenSSL.shared, let data = library.bioData(bio) else { return nil }
        return (Unmanaged<TLSWire>.fromOpaque(data).takeUnretainedValue(), library)
    }
}
