import ControlClient
import Testing

/// Answers of an HTTP server as they arrive.
@Suite struct HTTPResponseReaderTests {
    private struct Answer: Equatable {
        var status: Int?
        var body: String
        var isComplete: Bool
    }

    private func read(_ text: String, by size: Int, closes: Bool = false) throws -> Answer {
        var reader = HTTPResponseReader(largestBodyByteCount: 1_000)
        var body: [UInt8] = []
        let octets = Array(text.utf8)
        for start in stride(from: 0, to: octets.count, by: size) {
            try reader.receive(octets[start..<min(start + size, octets.count)])
            body += reader.takeBody()
        }
        if closes { try reader.receiveEnd() }
        return Answer(status: reader.status, body: String(decoding: body, as: UTF8.self), isComplete: reader.isComplete)
    }

    @Test("A body is read by its length, in chunks or up to the end, however it is split", arguments: [1, 3, 7, 1_000])
    func bodies(size: Int) throws {
        let counted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        #expect(try read(counted, by: size) == Answer(status: 200, body: "hello", isComplete: true))
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\n, w\r\n0\r\n\r\n"
        #expect(try read(chunked, by: size) == Answer(status: 200, body: "hello, w", isComplete: true))
        let open = "HTTP/1.1 503 Service Unavailable\r\n\r\nwait"
        #expect(try read(open, by: size) == Answer(status: 503, body: "wait", isComplete: false))
        #expect(try read(open, by: size, closes: true).isComplete)
        #expect(try read("HTTP/1.1 204 No Content\r\n\r\n", by: size).isComplete)
    }

    @Test(
        "What is no answer is refused",
        arguments: [
            "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
            "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 1_001),
            String(repeating: "x", count: 20_000),
        ])
    func failures(text: String) {
        #expect(throws: HTTPResponseReader.Failure.self) { try read(text, by: 100) }
    }

    @Test("An end inside the answer is said")
    func ends() {
        #expect(throws: HTTPResponseReader.Failure.self) { try read("HTTP/1.1 200", by: 100, closes: true) }
        #expect(throws: HTTPResponseReader.Failure.self) {
            try read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", by: 100, closes: true)
        }
    }

    @Test("A request holds what it must, and a ClientId of any octets")
    func request() {
        let target = "/client.json?id=" + HTTPRequestText.percentEncoded("a b/é\r\n&")
        #expect(target == "/client.json?id=a%20b%2F%C3%A9%0D%0A%26")
        let text = String(
            decoding: HTTPRequestText.octets("GET", target, host: "localhost", token: "t"), as: UTF8.self)
        #expect(text.hasPrefix("GET \(target) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\n"))
        #expect(!HTTPRequestText.isAllowed("a\r\nb"))
    }
}
