import HTTP
import Testing

/// What a server's answer to a request of ours means, however it is cut, and what is none (RFC 9112).
@Suite struct HTTPAnswerTests {
    /// The progress, and how many octets were taken.
    private static func read(
        _ bytes: [UInt8], limit: Int = 8_192, piece: Int = .max
    ) -> (progress: HTTPAnswerReader.Progress, taken: Int) {
        var reader = HTTPAnswerReader(maximumByteCount: limit)
        var progress = HTTPAnswerReader.Progress.incomplete
        var taken = 0
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(piece))
            var position = 0
            progress = reader.read(part.span.bytes, from: &position)
            taken += position
            rest = rest.dropFirst(part.count)
        }
        return (progress, taken)
    }

    private static func read(_ text: String, limit: Int = 8_192) -> HTTPAnswerReader.Progress {
        read(Array(text.utf8), limit: limit).progress
    }

    private static let upgrade = HTTPAnswer(
        status: 101, reason: Array("Switching Protocols".utf8),
        fields: [
            .init(name: "upgrade", value: Array("WebSocket".utf8)),
            .init(name: "connection", value: Array("keep-alive, Upgrade".utf8)),
            .init(name: "x-empty", value: []),
        ])

    @Test("RFC 9112 §4 What follows the head is left, however the head is cut")
    func everyCut() {
        let head = Array(
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection:\tkeep-alive, Upgrade \r\n"
                + "X-Empty:\r\n\r\n").utf8)
        for piece in 1...head.count + 3 {
            let (progress, taken) = Self.read(head + [0x82, 0x00, 0xFF], piece: piece)
            #expect(progress == .complete(Self.upgrade), "\(piece)")
            #expect(taken == head.count, "\(piece)")
        }
        for count in 0..<head.count { #expect(Self.read(Array(head[..<count])).progress == .incomplete, "\(count)") }
    }

    @Test func lists() {
        #expect(Self.upgrade.lists("upgrade", in: "connection"))
        #expect(Self.upgrade.lists("websocket", in: "upgrade"))
        #expect(!Self.upgrade.lists("keep", in: "connection"))
        #expect(!Self.upgrade.lists("upgrade", in: "x-empty"))
        #expect(!Self.upgrade.lists("upgrade", in: "via"))
    }

    @Test("RFC 9110 §15.2 An interim answer is passed over")
    func interim() {
        let text = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n"
        #expect(Self.read(text) == .complete(HTTPAnswer(status: 404, reason: Array("Not Found".utf8))))
        let endless = String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 400)
        #expect(Self.read(endless) == .broken(.tooLong))
    }

    @Test(arguments: [
        ("HTTP/1.1 200\r\n\r\n", 200, ""), ("HTTP/1.0 502 Bad \u{FC} Gateway\n\n", 502, "Bad \u{FC} Gateway"),
        ("HTTP/1.1 407 \r\nA: b\n\r\n", 407, ""),
    ])
    func forms(text: String, status: UInt16, reason: String) throws {
        guard case .complete(let answer) = Self.read(text) else {
            Issue.record("\(Self.read(text))")
            return
        }
        #expect(answer.status == status)
        #expect(answer.reason == Array(reason.utf8))
    }

    @Test(
        "What is no head of HTTP/1 is told at once, by its first octets",
        arguments: [
            "\u{15}\u{3}\u{1}", "SSH-2.0-x\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 2000\r\n\r\n",
            "HTTP/1.1 099 x\r\n\r\n", "HTTP/1.1 600 x\r\n\r\n", "HTTP/1.x 200\r\n\r\n", "HTTP/1.1 200 a\rb",
            "HTTP/1.1 200 a\u{0}", "HTTP/1.1 200\r\nno colon\r\n\r\n", "HTTP/1.1 200\r\n folded: x\r\n\r\n",
            "HTTP/1.1 200\r\n: x\r\n\r\n",
        ])
    func none(text: String) {
        let expected = HTTPAnswerReader.Fault.notHTTP(Array(text.utf8.prefix(HTTPAnswerReader.shownByteCount)))
        guard case .broken(.notHTTP(let octets)) = Self.read(text) else {
            Issue.record("\(Self.read(text))")
            return
        }
        #expect(Array(text.utf8).starts(with: octets) && octets.count <= HTTPAnswerReader.shownByteCount)
        if text.utf8.count <= octets.count { #expect(.notHTTP(octets) == expected) }
    }

    @Test func aHeadHasABound() {
        let head = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
        #expect(Self.read(head, limit: head.utf8.count) != .broken(.tooLong))
        #expect(Self.read(head, limit: head.utf8.count - 1) == .broken(.tooLong))
        #expect(Self.read("HTTP/1.1 200 " + String(repeating: "x", count: 9_000)) == .broken(.tooLong))
    }

    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64(text: String, encoded: String) { #expect(Base64.text(of: Array(text.utf8)) == encoded) }
}
