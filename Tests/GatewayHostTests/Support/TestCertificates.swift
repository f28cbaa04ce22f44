import Glibc
import SimulatorSupport
import Testing
import Transports

/// Certificates and keys of an authority that only these tests know, made by openssl(1) once for the process.
final class TestCertificates: Sendable {
    private static let program = "/usr/bin/openssl"

    /// Whether the tests with TLS run: where openssl(1) is installed, and where it is required, to fail if it is not.
    static var isExpected: Bool {
        access(program, X_OK) == 0 || ProcessControl.environment("SWIFTLET_REQUIRE_MOSQUITTO") == "1"
    }

    /// Whoever has the files of one certificate.
    struct Identity: Sendable {
        var certificate: String
        var key: String
    }

    private nonisolated(unsafe) let directory: TemporaryDirectory
    let path: String

    private static let made = Result { try TestCertificates() }

    static func shared() throws -> TestCertificates { try made.get() }

    /// The authority's certificate, and that of one that has signed nothing here.
    var authority: String { "\(path)/ca.pem" }
    var strangeAuthority: String { "\(path)/strange.pem" }
    /// For localhost, 127.0.0.1 and `broker.example`.
    var server: Identity { identity("server") }
    /// The same, a day too late, and some years too early.
    var expiredServer: Identity { identity("expired") }
    var futureServer: Identity { identity("future") }
    /// For `elsewhere.example` alone.
    var otherServer: Identity { identity("other") }
    /// Of a device called `gateway`.
    var client: Identity { identity("gateway") }
    /// The same, whose key is encrypted with `pass phrase`.
    var encryptedClient: Identity {
        Identity(certificate: client.certificate, key: "\(path)/gateway.encrypted.key")
    }
    /// Signed by the strange authority.
    var strangeClient: Identity { identity("stranger") }
    var expiredClient: Identity { identity("lateclient") }
    /// Of three devices, each with its own.
    static let deviceNames = ["one", "two", "three"]
    func device(_ name: String) -> Identity { identity(name) }

    private func identity(_ name: String) -> Identity {
        Identity(certificate: "\(path)/\(name).pem", key: "\(path)/\(name).key")
    }

    private init() throws {
        directory = try TemporaryDirectory()
        path = directory.path
        try openssl("req -x509", Self.newKey, "-keyout ca.key -out ca.pem -days 30 -subj", ["/CN=Test Authority"])
        try openssl("req -x509", Self.newKey, "-keyout strange.key -out strange.pem -days 30 -subj", ["/CN=Nobody"])
        let here = "subjectAltName=DNS:localhost,DNS:broker.example,IP:127.0.0.1"
        try sign("server", here)
        try sign("expired", here, days: "-1")
        try sign("other", "subjectAltName=DNS:elsewhere.example")
        try sign("gateway", "subjectAltName=DNS:gateway")
        try sign("lateclient", "subjectAltName=DNS:gateway", days: "-1")
        for name in Self.deviceNames { try sign(name, "subjectAltName=DNS:\(name)") }
        try sign("stranger", "subjectAltName=DNS:gateway", by: "strange")
        try openssl("pkcs8 -topk8 -in gateway.key -out gateway.encrypted.key -passout", ["pass:pass phrase"])
        try signForLater("future", here)
        for name in ["server", "expired", "other", "future"] { chmod("\(path)/\(name).key", 0o644) }
    }

    private static let newKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

    /// Signs a new key's certificate.
    func sign(_ name: String, _ extensions: String, days: String = "30", by authority: String = "ca") throws {
        try directory.write("\(name).ext", extensions + "\n")
        try openssl("req", Self.newKey, "-keyout \(name).key -out \(name).csr -subj", ["/CN=\(name)"])
        try openssl(
            "x509 -req -in \(name).csr -CA \(authority).pem -CAkey \(authority).key -days \(days)",
            "-extfile \(name).ext -out \(name).pem")
    }

    /// Only the command `ca` can sign for another time.
    private func signForLater(_ name: String, _ extensions: String) throws {
        try directory.write(
            "ca.conf",
            """
            [ca]
            default_ca = test
            [test]
            database = \(path)/ca.index
            serial = \(path)/ca.number
            new_certs_dir = \(path)
            certificate = \(path)/ca.pem
            private_key = \(path)/ca.key
            default_md = sha256
            policy = anything
            [anything]
            commonName = supplied

            """)
        try directory.write("ca.index", "")
        try directory.write("ca.number", "77\n")
        try directory.write("\(name).ext", extensions + "\n")
        try openssl("req", Self.newKey, "-keyout \(name).key -out \(name).csr -subj", ["/CN=\(name)"])
        try openssl(
            "ca -batch -notext -config ca.conf -in \(name).csr -out \(name).pem -extfile \(name).ext",
            "-startdate 20900101000000Z -enddate 20910101000000Z")
    }

    /// Runs openssl(1); words are told apart by blanks, but for `last`. Names of files stand for those of the directory.
    private func openssl(_ words: String..., last: [String] = []) throws {
        let plain = words.flatMap { $0.split(separator: " ") }.map { word in
            [".key", ".pem", ".csr", ".ext", ".conf"].contains { word.hasSuffix($0) } ? "\(path)/\(word)" : String(word)
        }
        let process = try ChildProcess(Self.program, plain + last, name: "openssl", in: directory)
        try #require(process.waitForExit() == .exited(0), "openssl \(words): \(process.errorOutput)")
    }

    private func openssl(_ first: String, _ second: String, _ third: String, _ last: [String]) throws {
        try openssl(first, second, third, last: last)
    }

    private func openssl(_ first: String, _ last: [String]) throws { try openssl(first, last: last) }

    /// Puts other files in the place of those of `identity`, as whoever renews certificates does.
    func replace(_ target: Identity, by source: Identity) throws {
        for (from, to) in [(source.certificate, target.certificate), (source.key, target.key)] {
            let bytes = try FileReader.read(path: from, maximumByteCount: 65_536)
            let name = String(to.dropFirst(path.count + 1))
            try directory.write("\(name).new", String(decoding: bytes, as: UTF8.self))
            guard rename("\(path)/\(name).new", to) == 0 else { throw SystemFailure(operation: "rename \(name)") }
        }
    }

    /// A copy of `identity` for one test.
    func copy(_ identity: Identity, as name: String) throws -> Identity {
        let copy = self.identity(name)
        try replace(copy, by: identity)
        return copy
    }
}

/// `openssl s_server`, which takes one TLS connection after the other, on a port of its own.
final class TLSServerProcess {
    let port: UInt16
    let process: ChildProcess
    private let directory: TemporaryDirectory

    /// Starts it with the identity of the tests' server, or with `identity`.
    init(_ options: String..., identity: TestCertificates.Identity? = nil) throws {
        directory = try TemporaryDirectory()
        port = try ScriptedBroker.unusedPort()
        let own = try identity ?? TestCertificates.shared().server
        let words = ["s_server", "-accept", "127.0.0.1:\(port)", "-cert", own.certificate, "-key", own.key]
        process = try ChildProcess(
            "/usr/bin/openssl", words + options.flatMap { $0.split(separator: " ").map(String.init) }, name: "server",
            in: directory)
        let isReady = eventually { process.poll() != nil || process.output.contains("ACCEPT") || isListening }
        try #require(isReady && process.poll() == nil, "s_server did not start: \(process.errorOutput)")
    }

    /// Whether somebody listens at the port; asked of the system, since a connection would be one that it serves.
    private var isListening: Bool {
        let table = try? FileReader.read(path: "/proc/net/tcp", maximumByteCount: 1_048_576)
        let place = ":" + String(UInt32(port) + 0x10000, radix: 16, uppercase: true).suffix(4) + " 00000000:0000 0A"
        return String(decoding: table ?? [], as: UTF8.self).contains(place)
    }

    /// What came, and what it says of connections.
    var output: String { process.output }
}
