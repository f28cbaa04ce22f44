import HTTP
import Testing

/// What a request's octets mean, and what is answered to those that mean nothing (RFC 9110, RFC 9112).
@Suite struct HTTPRequestTests {
    static func read(_ text: String, limit: Int = 8_192, piece: Int = .max) -> HTTPRequestReader.Progress {
        read(Array(text.utf8), limit: limit, piece: piece)
    }

    static func read(_ bytes: [UInt8], limit: Int = 8_192, piece: Int = .max) -> HTTPRequestReader.Progress {
        var reader = HTTPRequestReader(maximumByteCount: limit)
        var progress = HTTPRequestReader.Progress.incomplete
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(piece))
            let span = part.span
            progress = reader.read(span.bytes)
            rest = rest.dropFirst(part.count)
        }
        return progress
    }

    private func request(_ text: String) throws -> HTTPRequest {
        guard case .complete(let request) = Self.read(text) else { throw NotComplete(progress: Self.read(text)) }
        return request
    }

    struct NotComplete: Error { var progress: HTTPRequestReader.Progress }

    @Test("RFC 9112 §3 The smallest requests, whole and octet by octet", arguments: [1, 2, 7, 4_096])
    func smallest(piece: Int) {
        let text = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9884\r\n\r\n"
        let expected = HTTPRequest(
            method: .get, path: Array("/metrics".utf8), host: HTTPHost(Array("127.0.0.1:9884".utf8)))
        #expect(Self.read(text, piece: piece) == .complete(expected))
        // What comes behind the head is nobody's.
        #expect(Self.read(text + "GET / HTTP/1.1\r\n\r\n\u{0}", piece: piece) == .complete(expected))
        #expect(Self.read("HEAD / HTTP/1.0\r\n\r\n") == .complete(HTTPRequest(method: .head, path: Array("/".utf8))))
    }

    @Test("RFC 9112 §2 A request is complete with its empty line, and not before")
    func beginnings() {
        let text = Array("GET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n".utf8)
        for count in 0..<text.count { #expect(Self.read(Array(text[..<count])) == .incomplete) }
    }

    @Test func fields() throws {
        let request = try request(
            "GET / HTTP/1.1\r\nhOST:\t Gateway.Example.:80 \r\nAccept: a/b\r\nAuthorization: bEARER  s3cr=t \r\n"
                + "accept: c/d\r\nX-Odd: \u{FC}\r\n\r\n")
        #expect(request.host == HTTPHost(Array("gateway.example:80".utf8)))
        #expect(request.accept == Array("a/b,c/d".utf8))
        #expect(request.bearerToken == Array("s3cr=t".utf8))
        #expect(try self.request("GET / HTTP/1.1\r\nHost:\r\nAuthorization: Basic eA==\r\n\r\n").bearerToken == nil)
    }

    @Test("RFC 3986 §2.1 Path and query are decoded; a plus is a plus")
    func query() throws {
        let request = try request(
            "GET /client%2Ejson?id=a%2Fb%26%FF+c&&flag&malformed=1&e=%3D=&id=2 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(request.path == Array("/client.json".utf8))
        #expect(request.parameter("id") == Array("a/b&".utf8) + [0xFF] + Array("+c".utf8))
        #expect(request.parameter("flag") == [] && request.parameter("none") == nil)
        #expect(request.parameter("e") == Array("==".utf8))
        #expect(request.isSet("malformed") && !request.isSet("flag") && !request.isSet("none"))
    }

    @Test(
        "RFC 9112 §3.2.2 The absolute form of a target goes before Host",
        arguments: [
            ("http://b:1/x?y=1", "b", "/x"), ("HTTP://b", "b", "/"), ("http://b?y", "b", "/"),
        ])
    func absolute(target: String, host: String, path: String) throws {
        let request = try request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(request.host?.name == host && request.path == Array(path.utf8))
    }

    @Test(
        "Malformed requests are told what is wrong with them",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", HTTPStatus.badRequest),  // no Host
            ("\r\n", .badRequest),
            ("GET / HTTP/1.1\n", .badRequest),  // a line feed alone
            ("GET / HTTP/1.1\r\rHost: a\r\n\r\n", .badRequest),  // a carriage return alone
            ("\u{16}\u{3}\u{1}", .badRequest),  // TLS
            ("GET /\r\n\r\n", .badRequest),  // HTTP/0.9
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET / http/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", .badRequest),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .httpVersionNotSupported),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .httpVersionNotSupported),
            ("GET metrics HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET /?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n", .badRequest),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", .contentTooLarge),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", .contentTooLarge),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", .badRequest),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", .badRequest),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", .notImplemented),
            ("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", .badRequest),
        ])
    func refused(text: String, status: HTTPStatus) {
        for piece in [1, .max] {
            guard case .refused(let refusal) = Self.read(text, piece: piece) else {
                Issue.record("\(text.debugDescription) was taken: \(Self.read(text, piece: piece))")
                continue
            }
            #expect(refusal.status == status, "\(text.debugDescription): \(refusal.sentence)")
            #expect(refusal.sentence.utf8.allSatisfy { 0x20...0x7E ~= $0 } && !refusal.sentence.isEmpty)
        }
    }

    @Test(
        "Methods that are not taken are known as such whatever their target is",
        arguments: [
            "OPTIONS *", "CONNECT a:443", "PUT /", "get /", "PATCH /%",
        ])
    func otherMethods(line: String) throws {
        #expect(try request("\(line) HTTP/1.1\r\nHost: a\r\n\r\n").method == .other)
    }

    @Test("A head has a limit, to the octet; the request line is told from the fields")
    func limits() {
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(Self.read(text, limit: text.utf8.count) == Self.read(text))
        guard case .refused(let fields) = Self.read(text, limit: text.utf8.count - 1),
            case .refused(let line) = Self.read("GET /" + String(repeating: "a", count: 9_000), limit: 8_192)
        else {
            Issue.record("a limit did not hold")
            return
        }
        #expect(fields.status == .requestHeaderFieldsTooLarge && line.status == .uriTooLong)
    }
}
