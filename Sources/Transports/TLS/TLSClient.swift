/// Makes TLS connections to one server: it holds certificates and keys, reads them again when their files change, and
/// remembers the last session, with which further connections begin at less cost (RFC 8446 §2.2).
package final class TLSClient {
    /// How often files are looked at, in nanoseconds.
    private static let timeBetweenLooks: UInt64 = 1_000_000_000
    /// After so many handshakes that failed with a session offered, and none that went on with one, none is offered.
    private static let toleratedFailures = 3

    package let options: TLSOptions
    let library: OpenSSL
    let wire = TLSWire()
    let pacer: HandshakePacer
    /// Where one stream at a time has what it has read: the longest record.
    let readBuffer: UnsafeMutableRawBufferPointer
    private let loop: EventLoop
    private var context: TLSContext
    private var session: OpenSSL.Pointer?
    private var failuresWithSession = 0
    /// How the files were when they were read.
    private var stamps: [FileStamp?]
    private var lookedAt: UInt64 = 0

    /// What keeps certificates from being read again, or nil when they have been.
    package var filesChanged: ((TLSProblem?) -> Void)?

    /// Handshakes that have begun and not ended; how many there were at most.
    package private(set) var handshakeCount = 0
    package private(set) var mostHandshakes = 0
    /// Handshakes that have ended well, and how many of them went on with a former session.
    package private(set) var madeCount = 0
    package private(set) var resumedCount = 0

    /// Throws what the owner must change, or why this machine has no TLS.
    package init(_ options: TLSOptions, loop: EventLoop) throws(TLSSetUpError) {
        let library: OpenSSL
        do throws(TLSUnavailable) {
            library = try OpenSSLTrial.library.get()
        } catch {
            throw .unavailable(error)
        }
        // What is written while the files are read is seen as a change.
        stamps = Self.stamps(of: options)
        let (context, problems) = TLSContext.make(options, library)
        guard let context else { throw .problem(problems.first { !$0.isWarning } ?? problems[0]) }
        (self.options, self.library, self.context, self.loop) = (options, library, context, loop)
        pacer = HandshakePacer(loop)
        readBuffer = .allocate(byteCount: 16_384, alignment: 64)
    }

    deinit {
        library.freeSession(session)
        for session in wire.takeSessions() { library.freeSession(session) }
        readBuffer.deallocate()
    }

    /// Everything that is wrong with the options, warnings too.
    package static func problems(_ options: TLSOptions) throws(TLSUnavailable) -> [TLSProblem] {
        TLSContext.make(options, try OpenSSLTrial.library.get()).problems
    }

    // MARK: Connections

    /// A connection that has said nothing yet; the caller frees it. Nil where there is no memory for one.
    func makeConnection() -> OpenSSL.Pointer? {
        lookAtFiles()
        guard let connection = library.newConnection(context.pointer) else { return nil }
        guard let bio = wire.makeBIO(library) else {
            library.freeConnection(connection)
            return nil
        }
        library.setBIO(connection, bio, bio)
        library.setClientState(connection)
        guard !options.verifiesServer || expectServer(on: connection) else {
            library.freeConnection(connection)
            return nil
        }
        sayServerName(on: connection)
        if let session { _ = library.setSession(connection, session) }
        return connection
    }

    /// The scope of an address is no part of a certificate; nor is the dot that says that a name is whole.
    private var bareServerName: String {
        let name = String(options.serverName.prefix { $0 != "%" })
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    private var isServerAddress: Bool {
        SocketAddress(numeric: options.serverName, port: 0) != nil || bareServerName.contains(":")
    }

    /// - Returns: false where OpenSSL could not take note of whom the server must be; it would take anybody.
    private func expectServer(on connection: OpenSSL.Pointer) -> Bool {
        let parameters = library.verificationParameters(connection)
        let name = bareServerName
        guard !name.isEmpty else { return false }
        if isServerAddress { return library.setExpectedAddress(parameters, name) == 1 }
        library.setNameFlags(parameters, OpenSSL.Constant.noPartialWildcards)
        return library.setExpectedName(parameters, name, name.utf8.count) == 1
    }

    /// Names the server to itself (RFC 6066 §3).
    private func sayServerName(on connection: OpenSSL.Pointer) {
        guard !isServerAddress else { return }
        bareServerName.withCString {
            let name = UnsafeMutableRawPointer(mutating: $0)
            _ = library.controlConnection(connection, OpenSSL.Constant.setServerName, 0, name)
        }
    }

    /// Whether a connection that begins now would offer a session.
    var offersSession: Bool { session != nil }

    func handshakeBegan() {
        handshakeCount += 1
        mostHandshakes = max(mostHandshakes, handshakeCount)
    }

    func handshakeMade(_ connection: OpenSSL.Pointer?) {
        handshakeCount -= 1
        madeCount += 1
        if library.isSessionReused(connection) == 1 { resumedCount += 1 }
    }

    func handshakeGivenUp() { handshakeCount -= 1 }

    /// A server may be unable to go on with the sessions that it offers; one that never could is not asked for ever.
    func sessionFailed() {
        forgetSession()
        failuresWithSession += 1
    }

    /// Keeps the newest of the sessions that the last call has brought to `connection`; none that was made before the
    /// certificates were read again, as it stands for the old ones.
    func takeSessions(of connection: OpenSSL.Pointer?) {
        let isCurrent = library.contextOf(connection) == context.pointer
        for new in wire.takeSessions() {
            guard isCurrent, failuresWithSession < Self.toleratedFailures || resumedCount > 0 else {
                library.freeSession(new)
                continue
            }
            forgetSession()
            session = new
        }
    }

    private func forgetSession() {
        library.freeSession(session)
        session = nil
    }

    // MARK: Files

    private static func stamps(of options: TLSOptions) -> [FileStamp?] {
        [options.authorityFile, options.certificateFile, options.keyFile].map { $0.flatMap(FileStamp.init) }
    }

    /// Reads certificates and keys again when a file is another; what is wrong with them leaves all as it was.
    private func lookAtFiles() {
        guard loop.now &- lookedAt >= Self.timeBetweenLooks else { return }
        lookedAt = loop.now
        let found = Self.stamps(of: options)
        guard found != stamps else { return }
        stamps = found
        let (renewed, problems) = TLSContext.make(options, library)
        guard let renewed else {
            filesChanged?(problems.first { !$0.isWarning })
            return
        }
        context = renewed
        forgetSession()
        failuresWithSession = 0
        filesChanged?(nil)
    }
}

/// Why there can be no TLS client.
package enum TLSSetUpError: Error, Equatable, Sendable {
    case unavailable(TLSUnavailable)
    case problem(TLSProblem)
}
