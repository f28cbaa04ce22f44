/// What OpenSSL has made of options: certificates and keys in memory, for any number of connections.
final class TLSContext {
    let library: OpenSSL
    let pointer: OpenSSL.Pointer

    /// A certificate that holds for less than so many days is warned of.
    private static let shortLife: Int32 = 14

    private init(_ library: OpenSSL, _ pointer: OpenSSL.Pointer) { (self.library, self.pointer) = (library, pointer) }

    deinit { library.freeContext(pointer) }

    /// Reads the files, but for that of the authorities where those of another context are to hold; the context is nil
    /// where a problem stands in the way.
    static func make(
        _ options: TLSOptions, _ library: OpenSSL, authoritiesOf other: TLSContext? = nil
    ) -> (context: TLSContext?, problems: [TLSProblem]) {
        guard let pointer = library.newContext(library.clientMethod()) else {
            return (nil, [TLSProblem(option: .ciphers, message: "cannot be used: \(library.firstError().words)")])
        }
        let context = TLSContext(library, pointer)
        context.setUp(options)
        var problems: [TLSProblem] = []
        if let other {
            library.setAuthorities(pointer, library.authorities(other.pointer))
        } else {
            problems += context.loadAuthorities(options)
        }
        problems += context.loadIdentity(options)
        problems += context.setCiphers(options)
        problems += context.setProtocols(options)
        library.clearErrors()
        return (problems.allSatisfy(\.isWarning) ? context : nil, problems)
    }

    private func setUp(_ options: TLSOptions) {
        let version = options.minimumVersion == .tls12 ? 0x0303 : 0x0304
        _ = library.controlContext(pointer, OpenSSL.Constant.setMinimumVersion, version, nil)
        _ = library.controlContext(pointer, OpenSSL.Constant.setMode, OpenSSL.Constant.releaseBuffers, nil)
        _ = library.setOptions(pointer, OpenSSL.Constant.noRenegotiation | OpenSSL.Constant.noCompression)
        library.setVerification(pointer, options.verifiesServer ? OpenSSL.Constant.verifyPeer : 0, nil)
        let sessions = OpenSSL.Constant.sessionsByCallback
        _ = library.controlContext(pointer, OpenSSL.Constant.setSessionCacheMode, sessions, nil)
        library.setNewSessionCallback(pointer, TLSWire.keepSession)
    }

    // MARK: Files

    private func loadAuthorities(_ options: TLSOptions) -> [TLSProblem] {
        guard let file = options.authorityFile else {
            _ = library.useSystemAuthorities(pointer)
            return []
        }
        if let problem = Self.unreadable(file, .authorityFile) { return [problem] }
        library.clearErrors()
        guard library.loadAuthorities(pointer, file) == 1 else {
            return [wrong(.authorityFile, file, "holds no certificate of an authority in PEM form")]
        }
        return []
    }

    private func loadIdentity(_ options: TLSOptions) -> [TLSProblem] {
        guard let certificate = options.certificateFile, let key = options.keyFile else { return [] }
        let unreadable = [Self.unreadable(certificate, .certificateFile), Self.unreadable(key, .keyFile)]
            .compactMap(\.self)
        guard unreadable.isEmpty else { return unreadable }
        library.clearErrors()
        guard library.useCertificateChain(pointer, certificate) == 1 else {
            return [wrong(.certificateFile, certificate, "holds no certificate in PEM form that can be used")]
        }
        return loadKey(key, of: certificate, options.keyPassphrase) + life(of: certificate)
    }

    private func loadKey(_ key: String, of certificate: String, _ passphrase: [UInt8]?) -> [TLSProblem] {
        // OpenSSL would ask on the terminal where nothing gives it the passphrase.
        let holder = PassphraseHolder(passphrase ?? [])
        library.setPassphraseCallback(pointer, PassphraseHolder.callback)
        library.setPassphraseData(pointer, Unmanaged.passUnretained(holder).toOpaque())
        library.clearErrors()
        let isLoaded = library.usePrivateKey(pointer, key, OpenSSL.Constant.pemFile) == 1
        library.setPassphraseData(pointer, nil)
        withExtendedLifetime(holder) {}
        guard isLoaded else {
            let error = library.firstError()
            if error.library == OpenSSL.Constant.certificateErrors { return [mismatch(key, certificate)] }
            if holder.wasAsked {
                let message =
                    passphrase == nil
                    ? "names the file \(quoted(key)), whose key is encrypted: give its passphrase"
                    : "does not open the key in \(quoted(key)): \(error.words)"
                return [TLSProblem(option: passphrase == nil ? .keyFile : .keyPassphrase, message: message)]
            }
            return [wrong(.keyFile, key, "holds no private key in PEM form that can be used", error.words)]
        }
        return library.checkPrivateKey(pointer) == 1 ? [] : [mismatch(key, certificate)]
    }

    private func mismatch(_ key: String, _ certificate: String) -> TLSProblem {
        TLSProblem(
            option: .keyFile,
            message:
                "names the file \(quoted(key)), whose key is not that of the certificate in \(quoted(certificate)):"
                + " they must be a pair")
    }

    /// The broker is the judge, and this machine's clock may be wrong, so these are warnings.
    private func life(of file: String) -> [TLSProblem] {
        guard let certificate = library.ownCertificate(pointer) else { return [] }
        var (days, seconds): (Int32, Int32) = (0, 0)
        func warning(_ words: String) -> [TLSProblem] {
            [TLSProblem(option: .certificateFile, message: "names the file \(quoted(file)), \(words)", isWarning: true)]
        }
        guard library.timeDifference(&days, &seconds, nil, library.notBefore(certificate)) == 1 else { return [] }
        if days > 0 || seconds > 0 {
            return warning(
                "whose certificate holds only in \(Self.span(days, seconds)): look at this machine's clock, or wait")
        }
        guard library.timeDifference(&days, &seconds, nil, library.notAfter(certificate)) == 1 else { return [] }
        if days < 0 || seconds < 0 {
            return warning(
                "whose certificate has expired \(Self.span(-days, -seconds)) ago: have it renewed, or look at this"
                    + " machine's clock")
        }
        guard days < Self.shortLife else { return [] }
        return warning("whose certificate expires in \(Self.span(days, seconds)): have it renewed")
    }

    private static func span(_ days: Int32, _ seconds: Int32) -> String {
        if days > 0 { return "\(days) day\(days == 1 ? "" : "s")" }
        return seconds >= 3_600 ? "\(seconds / 3_600) h" : "\(seconds / 60 + 1) min"
    }

    // MARK: Words of OpenSSL's own

    private func setCiphers(_ options: TLSOptions) -> [TLSProblem] {
        var problems: [TLSProblem] = []
        library.clearErrors()
        if let ciphers = options.ciphers, library.setCipherList(pointer, ciphers) != 1 {
            problems.append(TLSProblem(option: .ciphers, message: "names no cipher that this machine's OpenSSL has"))
        }
        if let suites = options.ciphersuites, library.setCiphersuites(pointer, suites) != 1 {
            problems.append(
                TLSProblem(
                    option: .ciphersuites, message: "names a ciphersuite that this machine's OpenSSL does not have"))
        }
        return problems
    }

    private func setProtocols(_ options: TLSOptions) -> [TLSProblem] {
        guard !options.applicationProtocols.isEmpty else { return [] }
        var list: [UInt8] = []
        for name in options.applicationProtocols {
            list.append(UInt8(clamping: name.utf8.count))
            list += name.utf8.prefix(255)
        }
        guard library.setALPN(pointer, list, UInt32(list.count)) == 0 else {
            return [TLSProblem(option: .applicationProtocols, message: "cannot be sent: \(library.firstError().words)")]
        }
        return []
    }

    // MARK: Sentences

    /// More than this is no certificate.
    private static let longestFile = 4_194_304

    private static func unreadable(_ file: String, _ option: TLSProblem.Option) -> TLSProblem? {
        do throws(IOError) {
            _ = try FileReader.read(path: file, maximumByteCount: longestFile)
            return nil
        } catch {
            return TLSProblem(option: option, message: "names the file \(quoted(file)), which cannot be read: \(error)")
        }
    }

    private func wrong(
        _ option: TLSProblem.Option, _ file: String, _ words: String, _ reason: String? = nil
    ) -> TLSProblem {
        let reason = reason ?? library.firstError().words
        return TLSProblem(option: option, message: "names the file \(quoted(file)), which \(words): \(reason)")
    }
}

private func quoted(_ text: String) -> String { "\"\(text)\"" }

/// What a key is encrypted with, while OpenSSL reads the key.
private final class PassphraseHolder {
    private let passphrase: [UInt8]
    /// Whether the key is encrypted at all.
    private(set) var wasAsked = false

    init(_ passphrase: [UInt8]) { self.passphrase = passphrase }

    static let callback: OpenSSL.PassphraseCallback = { buffer, capacity, _, data in
        guard let data, let buffer else { return 0 }
        let holder = Unmanaged<PassphraseHolder>.fromOpaque(data).takeUnretainedValue()
        holder.wasAsked = true
        guard holder.passphrase.count <= capacity else { return 0 }
        for (index, octet) in holder.passphrase.enumerated() { buffer[index] = CChar(bitPattern: octet) }
        return Int32(holder.passphrase.count)
    }
}
