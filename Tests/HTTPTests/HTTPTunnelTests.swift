import HTTP
import Testing

/// What is asked of a proxy, and what it says (RFC 9110 §9.3.6, §11.7, RFC 7617).
@Suite struct HTTPTunnelTests {
    private func request(_ tunnel: HTTPTunnel) -> String { String(decoding: tunnel.request, as: UTF8.self) }

    @Test func whoAsksIsToldWhereThatIsWanted() {
        #expect(
            request(HTTPTunnel(to: "[::1]:8883")) == "CONNECT [::1]:8883 HTTP/1.1\r\nHost: [::1]:8883\r\n\r\n")
        // RFC 7617 §2's example.
        let named = HTTPTunnel(
            to: "b.example:443", username: Array("Aladdin".utf8), password: Array("open sesame".utf8))
        #expect(
            request(named)
                == "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n"
                + "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n")
        // Without a password, and with octets that would end a line elsewhere.
        #expect(request(HTTPTunnel(to: "b:1", username: Array("u\r\n".utf8))).contains("Basic dQ0KOg==\r\n\r\n"))
    }

    @Test(arguments: [(200, true), (204, true), (299, true), (199, false), (101, false), (300, false), (407, false)])
    func anAnswerOf2xxMakesIt(status: UInt16, isMade: Bool) {
        #expect(HTTPTunnel.isMade(by: HTTPAnswer(status: status, reason: [])) == isMade)
    }

    @Test func schemes() {
        let values = ["Basic realm=\"x, NTLM\"", "Negotiate", "", "\"", "DIGEST qop=\"auth\""]
        let fields = values.map { HTTPAnswer.Field(name: "proxy-authenticate", value: Array($0.utf8)) }
        let answer = HTTPAnswer(
            status: 407, reason: [], fields: fields + [.init(name: "www-authenticate", value: Array("Bearer".utf8))])
        #expect(HTTPTunnel.schemes(in: answer) == ["basic", "negotiate", "digest"])
    }
}
