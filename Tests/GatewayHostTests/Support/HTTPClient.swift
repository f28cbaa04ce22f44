import Glibc
import Testing
import Transports

/// What came back to one request.
struct HTTPAnswer {
    var status: Int
    /// By their names in lower case.
    var fields: [String: String]
    var content: [UInt8]

    var text: String { String(decoding: content, as: UTF8.self) }

    /// Nil where the head is not whole.
    init?(_ bytes: [UInt8]) {
        let end = Array("\r\n\r\n".utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        let lines = String(decoding: bytes[..<start], as: UTF8.self).split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count > 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { return nil }
        self.status = status
        fields = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ": ", maxSplits: 1)
            if parts.count == 2 { fields[parts[0].lowercased()] = String(parts[1]) }
        }
        content = Array(bytes[(start + end.count)...])
    }
}

/// One connection to an HTTP door, request by request as a test writes it.
final class HTTPClient {
    let socket: BlockingSocket
    /// What came and was not looked at yet.
    private(set) var heard: [UInt8] = []
    private(set) var hasEnded = false

    init(_ address: SocketAddress?, receiveBuffer: Int32? = nil) throws {
        let address = try #require(address, "there is no HTTP over TCP")
        socket = try BlockingSocket(.stream, for: address)
        if let receiveBuffer { socket.set(SO_RCVBUF, to: receiveBuffer) }
        try socket.connect(to: address)
    }

    /// Connects to a socket of the file system.
    init(path: String) throws {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        socket = BlockingSocket(adopting: descriptor)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SystemFailure(operation: "connect \(path)") }
    }

    func send(_ text: String) throws { try socket.write(Array(text.utf8)) }

    /// Reads until `condition` holds of what was heard; whether it came to that before the end or the time was over.
    func hear(within duration: Duration = generous, until condition: ([UInt8]) -> Bool) -> Bool {
        let deadline = Deadline(in: duration)
        while !condition(heard) {
            guard !hasEnded, let bytes = socket.read(until: deadline) else { return false }
            if bytes.isEmpty { hasEnded = true }
            heard += bytes
        }
        return true
    }

    func hears(_ text: String, within duration: Duration = generous) -> Bool {
        let wanted = Array(text.utf8)
        return hear(within: duration) { heard in
            heard.indices.contains { heard[$0] == wanted[0] && heard[$0...].starts(with: wanted) }
        }
    }

    /// Whether the other side is gone, whatever is still to be read.
    var isCut: Bool { waitUntilReady(socket.descriptor, for: 0, until: Deadline(in: .zero)) }

    var heardText: String { String(decoding: heard, as: UTF8.self) }

    /// Reads to the connection's end; nil when that does not come in time.
    func hearEnd(within duration: Duration = generous) -> [UInt8]? {
        _ = hear(within: duration) { _ in false }
        return hasEnded ? heard : nil
    }

    func answer() throws -> HTTPAnswer {
        let bytes = try #require(hearEnd(), "the connection does not end")
        return try #require(HTTPAnswer(bytes), "no response: \(String(decoding: bytes.prefix(100), as: UTF8.self))")
    }

    /// The value of a metric, given with its labels; -1 where it is not there.
    static func metric(_ name: String, of gateway: GatewayThread) throws -> Int {
        let line = try get("/metrics", from: gateway).text.lines.first { $0.hasPrefix(name + " ") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) } ?? -1
    }

    /// Whether a connection finds a place and is answered.
    static func isServed(by gateway: GatewayThread) -> Bool {
        guard let client = try? HTTPClient(gateway.httpAddress),
            (try? client.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")) != nil
        else { return false }
        return client.hearEnd().flatMap(HTTPAnswer.init)?.status == 200
    }

    /// The answer to a whole request over a connection of its own.
    static func get(
        _ path: String, from gateway: GatewayThread, method: String = "GET", host: String = "localhost",
        fields: String = ""
    ) throws -> HTTPAnswer {
        let client = try HTTPClient(gateway.httpAddress)
        try client.send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
        return try client.answer()
    }
}
