import Glibc

/// OpenSSL 3, opened when TLS is wanted and not before: the functions of it that are used, by hand-written signatures.
///
/// Nothing checks a signature but `OpenSSLTrial` and the eye, so they all stand here, beside their names in C.
final class OpenSSL: @unchecked Sendable {
    typealias Pointer = OpaquePointer
    typealias Text = UnsafePointer<CChar>

    /// The machine's, once for the process; not tried out yet.
    static let shared: Result<OpenSSL, TLSUnavailable> = Result { () throws(TLSUnavailable) in try OpenSSL() }

    // MARK: libcrypto

    let versionNumber: @convention(c) () -> UInt
    let clearErrors: @convention(c) () -> Void
    let nextError: @convention(c) () -> UInt
    let reasonOfError: @convention(c) (UInt) -> Text?
    let newBIOMethod: @convention(c) (Int32, Text?) -> Pointer?
    let setBIOWrite: @convention(c) (Pointer?, BIOWrite) -> Int32
    let setBIORead: @convention(c) (Pointer?, BIORead) -> Int32
    let setBIOControl: @convention(c) (Pointer?, BIOControl) -> Int32
    let newBIO: @convention(c) (Pointer?) -> Pointer?
    let setBIOData: @convention(c) (Pointer?, UnsafeMutableRawPointer?) -> Void
    let bioData: @convention(c) (Pointer?) -> UnsafeMutableRawPointer?
    let setBIOInitialized: @convention(c) (Pointer?, Int32) -> Void
    let setBIOFlags: @convention(c) (Pointer?, Int32) -> Void
    let clearBIOFlags: @convention(c) (Pointer?, Int32) -> Void
    let wordsOfVerification: @convention(c) (Int) -> Text?
    let setExpectedAddress: @convention(c) (Pointer?, Text?) -> Int32
    let setExpectedName: @convention(c) (Pointer?, Text?, Int) -> Int32
    let setNameFlags: @convention(c) (Pointer?, UInt32) -> Void
    let notBefore: @convention(c) (Pointer?) -> Pointer?
    let notAfter: @convention(c) (Pointer?) -> Pointer?
    let timeDifference:
        @convention(c) (UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<Int32>?, Pointer?, Pointer?) -> Int32

    // MARK: libssl, for all connections

    let clientMethod: @convention(c) () -> Pointer?
    let newContext: @convention(c) (Pointer?) -> Pointer?
    let freeContext: @convention(c) (Pointer?) -> Void
    let controlContext: @convention(c) (Pointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int
    let setOptions: @convention(c) (Pointer?, UInt64) -> UInt64
    let setVerification: @convention(c) (Pointer?, Int32, UnsafeRawPointer?) -> Void
    let loadAuthorities: @convention(c) (Pointer?, Text?) -> Int32
    let useSystemAuthorities: @convention(c) (Pointer?) -> Int32
    let authorities: @convention(c) (Pointer?) -> Pointer?
    /// Takes a reference of its own.
    let setAuthorities: @convention(c) (Pointer?, Pointer?) -> Void
    let useCertificateChain: @convention(c) (Pointer?, Text?) -> Int32
    let usePrivateKey: @convention(c) (Pointer?, Text?, Int32) -> Int32
    let checkPrivateKey: @convention(c) (Pointer?) -> Int32
    let ownCertificate: @convention(c) (Pointer?) -> Pointer?
    let setPassphraseCallback: @convention(c) (Pointer?, PassphraseCallback?) -> Void
    let setPassphraseData: @convention(c) (Pointer?, UnsafeMutableRawPointer?) -> Void
    let setCipherList: @convention(c) (Pointer?, Text?) -> Int32
    let setCiphersuites: @convention(c) (Pointer?, Text?) -> Int32
    /// Returns 0 where all is well, unlike all others.
    let setALPN: @convention(c) (Pointer?, UnsafePointer<UInt8>?, UInt32) -> Int32
    let setNewSessionCallback: @convention(c) (Pointer?, NewSession?) -> Void
    let freeSession: @convention(c) (Pointer?) -> Void

    // MARK: libssl, for one connection

    let newConnection: @convention(c) (Pointer?) -> Pointer?
    let freeConnection: @convention(c) (Pointer?) -> Void
    let setBIO: @convention(c) (Pointer?, Pointer?, Pointer?) -> Void
    let bio: @convention(c) (Pointer?) -> Pointer?
    let contextOf: @convention(c) (Pointer?) -> Pointer?
    let setClientState: @convention(c) (Pointer?) -> Void
    let controlConnection: @convention(c) (Pointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int
    let verificationParameters: @convention(c) (Pointer?) -> Pointer?
    let verificationResult: @convention(c) (Pointer?) -> Int
    let setSession: @convention(c) (Pointer?, Pointer?) -> Int32
    let isSessionReused: @convention(c) (Pointer?) -> Int32
    let handshake: @convention(c) (Pointer?) -> Int32
    let error: @convention(c) (Pointer?, Int32) -> Int32
    let read: @convention(c) (Pointer?, UnsafeMutableRawPointer?, Int32) -> Int32
    let write: @convention(c) (Pointer?, UnsafeRawPointer?, Int32) -> Int32
    let shutDown: @convention(c) (Pointer?) -> Int32
    let setShutdown: @convention(c) (Pointer?, Int32) -> Void
    let protocolVersion: @convention(c) (Pointer?) -> Text?

    typealias BIOWrite = @convention(c) (Pointer?, UnsafePointer<UInt8>?, Int32) -> Int32
    typealias BIORead = @convention(c) (Pointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32
    typealias BIOControl = @convention(c) (Pointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int
    typealias NewSession = @convention(c) (Pointer?, Pointer?) -> Int32
    typealias PassphraseCallback =
        @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32

    /// What BIOs of `TLSWire` do.
    private(set) var wireMethod: Pointer?

    private init() throws(TLSUnavailable) {
        // SSL before its dependency would do too; this way the message names what is missing.
        let crypto = try Self.open("libcrypto.so.3")
        let ssl = try Self.open("libssl.so.3")

        versionNumber = try Self.find("OpenSSL_version_num", crypto)
        clearErrors = try Self.find("ERR_clear_error", crypto)
        nextError = try Self.find("ERR_get_error", crypto)
        reasonOfError = try Self.find("ERR_reason_error_string", crypto)
        newBIOMethod = try Self.find("BIO_meth_new", crypto)
        setBIOWrite = try Self.find("BIO_meth_set_write", crypto)
        setBIORead = try Self.find("BIO_meth_set_read", crypto)
        setBIOControl = try Self.find("BIO_meth_set_ctrl", crypto)
        newBIO = try Self.find("BIO_new", crypto)
        setBIOData = try Self.find("BIO_set_data", crypto)
        bioData = try Self.find("BIO_get_data", crypto)
        setBIOInitialized = try Self.find("BIO_set_init", crypto)
        setBIOFlags = try Self.find("BIO_set_flags", crypto)
        clearBIOFlags = try Self.find("BIO_clear_flags", crypto)
        wordsOfVerification = try Self.find("X509_verify_cert_error_string", crypto)
        setExpectedAddress = try Self.find("X509_VERIFY_PARAM_set1_ip_asc", crypto)
        setExpectedName = try Self.find("X509_VERIFY_PARAM_set1_host", crypto)
        setNameFlags = try Self.find("X509_VERIFY_PARAM_set_hostflags", crypto)
        notBefore = try Self.find("X509_get0_notBefore", crypto)
        notAfter = try Self.find("X509_get0_notAfter", crypto)
        timeDifference = try Self.find("ASN1_TIME_diff", crypto)

        clientMethod = try Self.find("TLS_client_method", ssl)
        newContext = try Self.find("SSL_CTX_new", ssl)
        freeContext = try Self.find("SSL_CTX_free", ssl)
        controlContext = try Self.find("SSL_CTX_ctrl", ssl)
        setOptions = try Self.find("SSL_CTX_set_options", ssl)
        setVerification = try Self.find("SSL_CTX_set_verify", ssl)
        loadAuthorities = try Self.find("SSL_CTX_load_verify_file", ssl)
        useSystemAuthorities = try Self.find("SSL_CTX_set_default_verify_paths", ssl)
        authorities = try Self.find("SSL_CTX_get_cert_store", ssl)
        setAuthorities = try Self.find("SSL_CTX_set1_cert_store", ssl)
        useCertificateChain = try Self.find("SSL_CTX_use_certificate_chain_file", ssl)
        usePrivateKey = try Self.find("SSL_CTX_use_PrivateKey_file", ssl)
        checkPrivateKey = try Self.find("SSL_CTX_check_private_key", ssl)
        ownCertificate = try Self.find("SSL_CTX_get0_certificate", ssl)
        setPassphraseCallback = try Self.find("SSL_CTX_set_default_passwd_cb", ssl)
        setPassphraseData = try Self.find("SSL_CTX_set_default_passwd_cb_userdata", ssl)
        setCipherList = try Self.find("SSL_CTX_set_cipher_list", ssl)
        setCiphersuites = try Self.find("SSL_CTX_set_ciphersuites", ssl)
        setALPN = try Self.find("SSL_CTX_set_alpn_protos", ssl)
        setNewSessionCallback = try Self.find("SSL_CTX_sess_set_new_cb", ssl)
        freeSession = try Self.find("SSL_SESSION_free", ssl)
        newConnection = try Self.find("SSL_new", ssl)
        freeConnection = try Self.find("SSL_free", ssl)
        setBIO = try Self.find("SSL_set_bio", ssl)
        bio = try Self.find("SSL_get_rbio", ssl)
        contextOf = try Self.find("SSL_get_SSL_CTX", ssl)
        setClientState = try Self.find("SSL_set_connect_state", ssl)
        controlConnection = try Self.find("SSL_ctrl", ssl)
        verificationParameters = try Self.find("SSL_get0_param", ssl)
        verificationResult = try Self.find("SSL_get_verify_result", ssl)
        setSession = try Self.find("SSL_set_session", ssl)
        isSessionReused = try Self.find("SSL_session_reused", ssl)
        handshake = try Self.find("SSL_do_handshake", ssl)
        error = try Self.find("SSL_get_error", ssl)
        read = try Self.find("SSL_read", ssl)
        write = try Self.find("SSL_write", ssl)
        shutDown = try Self.find("SSL_shutdown", ssl)
        setShutdown = try Self.find("SSL_set_shutdown", ssl)
        protocolVersion = try Self.find("SSL_get_version", ssl)

        guard versionNumber() >> 28 == 3 else { throw .otherVersion(versionNumber()) }
        wireMethod = TLSWire.method(self)
    }

    private static func open(_ name: String) throws(TLSUnavailable) -> UnsafeMutableRawPointer {
        guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
            throw .notInstalled(dlerror().map { String(cString: $0) } ?? name)
        }
        return handle
    }

    private static func find<Function>(
        _ name: String, _ library: UnsafeMutableRawPointer
    ) throws(TLSUnavailable) -> Function {
        guard let address = dlsym(library, name) else { throw .lacksFunction(name) }
        return unsafeBitCast(address, to: Function.self)
    }
}

extension OpenSSL {
    /// What macros of its headers stand for.
    enum Constant {
        static let setMinimumVersion: Int32 = 123
        static let setMode: Int32 = 33
        static let setSessionCacheMode: Int32 = 44
        static let setServerName: Int32 = 55
        /// Buffers of idle connections are given back; a write may be repeated from another place.
        static let releaseBuffers = 0x10 | 0x02
        /// Sessions are told of by the callback and kept nowhere else.
        static let sessionsByCallback = 0x01 | 0x300
        static let noRenegotiation: UInt64 = 1 << 30
        static let noCompression: UInt64 = 1 << 17
        static let verifyPeer: Int32 = 1
        static let pemFile: Int32 = 1
        static let noPartialWildcards: UInt32 = 4
        /// SSL_SENT_SHUTDOWN and SSL_RECEIVED_SHUTDOWN.
        static let shutDownBothWays: Int32 = 3
        static let wantsRead: Int32 = 2
        static let hasEnded: Int32 = 6
        /// BIO_TYPE_SOURCE_SINK and a number of our own.
        static let wireType: Int32 = 0x0400 | 101
        static let bioFlush: Int32 = 11
        /// BIO_FLAGS_READ and BIO_FLAGS_SHOULD_RETRY; the mask takes all of them away.
        static let readAgain: Int32 = 0x09
        static let allFlags: Int32 = 0x0F
        /// ERR_LIB_SSL and ERR_LIB_X509.
        static let sslErrors: UInt = 20
        static let certificateErrors: UInt = 11
    }

    /// The first error since the last `clearErrors`: its library, its reason's number, and that in words.
    func firstError() -> (library: UInt, reason: UInt, words: String) {
        let code = nextError()
        let words = reasonOfError(code).map { String(cString: $0) } ?? "error \(String(code, radix: 16))"
        return (code >> 23 & 0xFF, code & 0x7F_FFFF, words)
    }
}

/// Why this machine has no TLS.
package enum TLSUnavailable: Error, Equatable, Sendable, CustomStringConvertible {
    /// The loader's words.
    case notInstalled(String)
    case lacksFunction(String)
    case otherVersion(UInt)
    /// It does not do what its documentation says; what was tried.
    case failsTrial(String)

    package var description: String {
        switch self {
        case .notInstalled(let words):
            "TLS needs OpenSSL 3, which is not installed here: apt-get install libssl3 (libssl3t64 from Debian 13 and"
                + " Ubuntu 24.04 on); the loader says: \(words)"
        case .lacksFunction(let name): "TLS needs OpenSSL 3; the libssl of this machine has no \(name)"
        case .otherVersion(let number):
            "TLS needs OpenSSL 3; the libssl of this machine is of version 0x\(String(number, radix: 16))"
        case .failsTrial(let what): "the OpenSSL of this machine does not work as it should: \(what)"
        }
    }
}
