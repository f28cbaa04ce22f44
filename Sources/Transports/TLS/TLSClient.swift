/// Makes TLS connections to one server: it holds a certificate and its key, reads them again when their files change,
/// and remembers the last session, with which further connections begin at less cost (RFC 8446 §2.2).
package final class TLSClient {
    /// How often files are looked at, in nanoseconds.
    private static let timeBetweenLooks: UInt64 = 1_000_000_000
    /// After so many handshakes that failed with a session offered, and none that went on with one, none is offered.
    private static let toleratedFailures = 3

    package let options: TLSOptions
    let workshop: TLSWorkshop
    /// Whose authorities it trusts, and whose workshop it has; nil where it has its own.
    private let base: TLSClient?
    /// Nil before the files are read for the first time, and where there is a problem with them.
    private var context: TLSContext?
    /// What keeps it from making connections; nil where nothing does.
    private var refusal: TLSFailure.Reason?
    private var session: OpenSSL.Pointer?
    /// How the files were when they were read; nil before that.
    private var stamps: [FileStamp?]?
    /// What the authorities were when they were read.
    private var authorities: TLSContext?
    private var lookedAt: UInt64 = 0
    private var streamCount = 0

    /// What keeps certificates from being read again, or nil when they have been.
    package var filesChanged: ((TLSProblem?) -> Void)?
    /// How many streams it has now.
    var streamsChanged: ((Int) -> Void)?

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
        (self.options, self.context, base) = (options, context, nil)
        workshop = TLSWorkshop(library, loop)
    }

    /// One for the same server with another certificate: that of `pair`, which is read with the first handshake. What
    /// keeps it from making connections comes with each handshake until it is mended, and is `refusal` where there is
    /// one.
    init(_ base: TLSClient, _ pair: TLSClients.Pair?, refusing refusal: TLSFailure.Reason?) {
        (self.base, self.refusal, workshop) = (base, refusal, base.workshop)
        var options = base.options
        options.authorityFile = nil
        options.certificateFile = pair?.certificateFile
        options.keyFile = pair?.keyFile
        options.keyPassphrase = pair?.keyPassphrase
        self.options = options
    }

    deinit { library.freeSession(session) }

    var library: OpenSSL { workshop.library }

    /// Handshakes of all clients in the workshop that have begun and not ended; how many there were at most.
    package var handshakeCount: Int { workshop.handshakeCount }
    package var mostHandshakes: Int { workshop.mostHandshakes }

    /// Everything that is wrong with the options, warnings too.
    package static func problems(_ options: TLSOptions) throws(TLSUnavailable) -> [TLSProblem] {
        TLSContext.make(options, try OpenSSLTrial.library.get()).problems
    }

    // MARK: Connections

    /// A connection that has said nothing yet; the caller frees it. Throws why there can be none.
    func makeConnection() throws(TLSFailure.Reason) -> OpenSSL.Pointer {
        base?.lookAtFiles()
        lookAtFiles()
        if let refusal { throw refusal }
        guard let context, let connection = makeConnection(in: context) else {
            throw .other("OpenSSL has no memory, or does not take \"\(options.serverName)\" for a server's name")
        }
        return connection
    }

    private func makeConnection(in context: TLSContext) -> OpenSSL.Pointer? {
        guard let connection = library.newConnection(context.pointer) else { return nil }
        guard let bio = workshop.wire.makeBIO(library) else {
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

    func streamBegan() {
        streamCount += 1
        streamsChanged?(streamCount)
    }

    func streamEnded() {
        streamCount -= 1
        streamsChanged?(streamCount)
    }

    func handshakeMade(_ connection: OpenSSL.Pointer?) {
        workshop.handshakeEnded()
        madeCount += 1
        guard library.isSessionReused(connection) == 1 else { return }
        resumedCount += 1
        workshop.resumedCount += 1
    }

    /// A server may be unable to go on with the sessions that it offers; one that never could is not asked for ever.
    func sessionFailed() {
        forgetSession()
        workshop.failuresWithSession += 1
    }

    /// Keeps the newest of the sessions that the last call has brought to `connection`; none of another one's, and none
    /// that was made before the certificates were read again, as it stands for the old ones.
    func takeSessions(of connection: OpenSSL.Pointer) {
        let isCurrent = library.contextOf(connection) == context?.pointer
        for (owner, new) in workshop.wire.takeSessions() {
            guard isCurrent, owner == connection, mayKeepSessions else {
                library.freeSession(new)
                continue
            }
            forgetSession()
            session = new
        }
    }

    private var mayKeepSessions: Bool {
        workshop.failuresWithSession < Self.toleratedFailures || workshop.resumedCount > 0
    }

    private func forgetSession() {
        library.freeSession(session)
        session = nil
    }

    // MARK: Files

    private static func stamps(of options: TLSOptions) -> [FileStamp?] {
        [options.authorityFile, options.certificateFile, options.keyFile].map { $0.flatMap(FileStamp.init) }
    }

    /// Reads certificates and keys again when a file is another.
    private func lookAtFiles() {
        if let base { return lookAtPair(base) }
        guard isTimeToLook else { return }
        let found = Self.stamps(of: options)
        guard found != stamps else { return }
        stamps = found
        let (renewed, problems) = TLSContext.make(options, library)
        // What is wrong with them leaves all as it was.
        guard let renewed else {
            filesChanged?(problems.first { !$0.isWarning })
            return
        }
        use(renewed)
        workshop.failuresWithSession = 0
        filesChanged?(nil)
    }

    /// Who has another certificate than the gateway is not to be the former one when that is gone, or is none any more.
    private func lookAtPair(_ base: TLSClient) {
        guard options.certificateFile != nil, stamps == nil || authorities !== base.context || isTimeToLook else {
            return
        }
        let (formerStamps, wasRefused) = (stamps, refusal != nil)
        let found = Self.stamps(of: options)
        guard found != stamps || refusal != nil || authorities !== base.context else { return }
        (stamps, authorities, lookedAt) = (found, base.context, workshop.loop.now)
        let (renewed, problems) = TLSContext.make(options, library, authoritiesOf: base.context)
        use(renewed)
        refusal = renewed == nil ? problems.first { !$0.isWarning }.map { .ownCertificate($0) } : nil
        // A pair that stays broken, and other authorities for all, are no news of this one.
        let isNews = found != formerStamps || wasRefused != (refusal != nil)
        if formerStamps != nil, isNews { filesChanged?(problems.first { !$0.isWarning }) }
    }

    private var isTimeToLook: Bool {
        guard workshop.loop.now &- lookedAt >= Self.timeBetweenLooks else { return false }
        lookedAt = workshop.loop.now
        return true
    }

    private func use(_ renewed: TLSContext?) {
        context = renewed
        forgetSession()
    }
}

/// Why there can be no TLS client.
package enum TLSSetUpError: Error, Equatable, Sendable {
    case unavailable(TLSUnavailable)
    case problem(TLSProblem)
}
