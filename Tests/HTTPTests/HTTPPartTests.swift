import Bytes
import HTTP
import Testing

/// The parts of requests and responses by themselves.
@Suite struct HTTPPartTests {
    @Test(
        "RFC 9110 §7.2 Host names a machine by an address or a name",
        arguments: [
            ("localhost", "localhost", nil, false, true), ("LOCALHOST.:80", "localhost", 80, false, true),
            ("page.localhost", "page.localhost", nil, false, true), ("notlocalhost", "notlocalhost", nil, false, false),
            ("127.0.0.1:9884", "127.0.0.1", 9_884, true, false), ("127.1", "127.1", nil, false, false),
            ("1.2.3.256", "1.2.3.256", nil, false, false), ("[::1]:80", "::1", 80, true, false),
            ("[fe80::1%25eth0]", "fe80::1%25eth0", nil, true, false),
            ("evil.example:", "evil.example", nil, false, false),
            ("", "", nil, false, false),
        ] as [(String, String, UInt16?, Bool, Bool)])
    func hosts(text: String, name: String, port: UInt16?, isAddress: Bool, isLocalhost: Bool) throws {
        let host = try #require(HTTPHost(Array(text.utf8)))
        #expect(host.name == name && host.port == port)
        #expect(host.isAddress == isAddress && host.isLocalhost == isLocalhost)
    }

    @Test(arguments: ["a/b", "a b", "a:b", "a:1:2", "[]", "[::1", "[::1]x", "[x/y:]", "::1", "a:+1", "\u{FC}"])
    func noHosts(text: String) { #expect(HTTPHost(Array(text.utf8)) == nil) }

    @Test(
        "RFC 9110 §12.5.1 What Accept says of one type",
        arguments: [
            ("", nil), ("text/plain", nil), ("application/openmetrics-text", 1_000),
            ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", 500),
            ("Application/OpenMetrics-Text ; q=0.25 , x/y", 250), ("application/openmetrics-text;q=0", 0),
            ("application/openmetrics-text;q=2", 0), ("application/openmetrics-text;q=0.1234", 0),
            ("application/openmetrics-text;q=1.", 1_000), ("application/openmetrics-text;q=1.9", 1_000),
            ("application/openmetrics-text;q=", 0),
            ("application/openmetrics-text;version=0.0.1;q=0.4,application/openmetrics-text;version=1.0.0;q=0.6", 600),
        ] as [(String, Int?)])
    func accept(text: String, weight: Int?) {
        #expect(MediaPreference.weight(of: "application/openmetrics-text", in: Array(text.utf8)) == weight)
    }

    @Test("RFC 3986 §2 Every octet comes back from its percent-encoding")
    func percent() {
        let all = (0...255).map { UInt8($0) }
        let text = PercentEncoding.encoded(all)
        #expect(PercentEncoding.decoded(Array(text.utf8)) == all)
        #expect(PercentEncoding.encoded(Array("a-B_9.~ /+#".utf8)) == "a-B_9.~%20%2F%2B%23")
        #expect(PercentEncoding.decoded(Array("%4a%4A".utf8)) == Array("JJ".utf8))
        for text in ["%", "%4", "%g0", "%0g", "a%"] { #expect(PercentEncoding.decoded(Array(text.utf8)) == nil) }
    }

    @Test func tokens() {
        let secret = Array("secret".utf8)
        #expect(BearerToken.matches(secret, secret))
        for wrong in ["", "s", "secre", "secreu", "secretsecret", "Secret"] {
            #expect(!BearerToken.matches(Array(wrong.utf8), secret), "\(wrong)")
        }
    }

    @Test("RFC 9112 §4, §7.1 Responses say how long they are, and that they are the last of their connection")
    func responses() {
        let response = HTTPResponse(.methodNotAllowed, contentType: "text/plain", fields: [("Allow", "GET, HEAD")])
        let head = String(decoding: response.head(.known(12)), as: UTF8.self)
        #expect(head.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"))
        #expect(head.contains("\r\nAllow: GET, HEAD\r\n") && head.hasSuffix("\r\nConnection: close\r\n\r\n"))
        #expect(String(decoding: response.head(.chunked), as: UTF8.self).contains("Transfer-Encoding: chunked\r\n"))
        #expect(
            HTTPResponse.chunk(Array(repeating: 65, count: 26))
                == Array(("1a\r\n" + String(repeating: "A", count: 26) + "\r\n").utf8))
        for status in HTTPStatus.allCases { #expect(!status.reason.isEmpty) }
    }
}
