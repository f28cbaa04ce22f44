/// Tries the functions of OpenSSL before anything depends on them: they were found by their names alone.
enum OpenSSLTrial {
    /// The machine's OpenSSL, tried once for the process.
    static let library: Result<OpenSSL, TLSUnavailable> = Result { () throws(TLSUnavailable) in
        let library = try OpenSSL.shared.get()
        try attempt(library)
        return library
    }

    /// A handshake that a server refuses: a ClientHello must come out, and the alert be understood that goes in.
    private static func attempt(_ library: OpenSSL) throws(TLSUnavailable) {
        let options = TLSOptions(serverName: "trial.invalid")
        let (first, _) = TLSContext.make(options, library)
        let (context, problems) = TLSContext.make(options, library, authoritiesOf: first)
        guard let context else { throw .failsTrial(problems.first?.message ?? "no context") }
        let wire = TLSWire()
        guard let connection = library.newConnection(context.pointer) else { throw .failsTrial("no connection") }
        defer {
            library.freeConnection(connection)
            withExtendedLifetime((wire, context)) {}
        }
        guard let bio = wire.makeBIO(library) else { throw .failsTrial("no BIO") }
        library.setBIO(connection, bio, bio)
        library.setClientState(connection)
        library.clearErrors()
        let started = library.handshake(connection)
        guard started < 0, library.error(connection, started) == OpenSSL.Constant.wantsRead else {
            throw .failsTrial("a handshake does not wait for the server")
        }
        // A handshake record of TLS with a ClientHello in it (RFC 8446 §5.1, §4.1.2).
        let hello = wire.takeOutput()
        guard hello.count > 100, hello[0] == 22, hello[1] == 3, hello[5] == 1 else {
            throw .failsTrial("a handshake does not begin with a ClientHello")
        }
        // The alert handshake_failure (RFC 8446 §6).
        let alert: [UInt8] = [21, 3, 3, 0, 2, 2, 40]
        let answered = wire.lend(alert.span.bytes) { library.handshake(connection) }
        guard answered <= 0, TLSFailure.Reason(connection, library) == .alert(40) else {
            throw .failsTrial("an alert is not understood")
        }
        library.clearErrors()
    }
}
