import Configuration
import GatewayCore
import GatewayHost
import Glibc
import Testing
import Time
import Transports

extension RealSocketTests {
    /// The HTTP door over TCP: what it answers, and that nobody there can hold up the gateway or fill it.
    @Suite struct HTTPDoorTests {
        /// A gateway with a door, in front of a broker that is not there.
        static func gateway(_ configure: (inout HTTPSettings) -> Void = { _ in }) throws -> GatewayThread {
            try GatewayThread(broker: BrokerEndpoint(host: "127.0.0.1", port: 1)) {
                $0.host.http.listener = HTTPEndpoint(host: "127.0.0.1", port: 0)
                configure(&$0.host.http)
            }
        }

        @Test(
            "Every resource is answered with its type, and HEAD with the same head alone",
            arguments: [
                ("/", "text/html; charset=utf-8"), ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
                ("/health/live", "text/plain; charset=utf-8"), ("/status.json", "application/json"),
                ("/clients.json", "application/json"),
            ])
        func resources(path: String, type: String) throws {
            let gateway = try Self.gateway()
            let whole = try HTTPClient.get(path, from: gateway)
            #expect(whole.status == 200 && whole.fields["content-type"] == type)
            #expect(whole.fields["content-length"] == "\(whole.content.count)" && !whole.content.isEmpty)
            #expect(whole.fields["connection"] == "close" && whole.fields["cache-control"] == "no-store")
            let head = try HTTPClient.get(path, from: gateway, method: "HEAD")
            #expect(head.status == 200 && head.content.isEmpty && head.fields["content-type"] == type)
            let refused = try HTTPClient.get("/nothing", from: gateway, method: "HEAD")
            #expect(refused.status == 404 && refused.content.isEmpty && refused.fields["content-length"] != "0")
        }

        @Test("The page may load nothing from anywhere, and be shown in no other page")
        func pagePolicy() throws {
            let page = try HTTPClient.get("/", from: Self.gateway())
            let policy = try #require(page.fields["content-security-policy"])
            #expect(policy.hasPrefix("default-src 'none';") && policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe") && !policy.contains("http"))
            #expect(page.content.count < 60_000)
        }

        @Test("A gateway whose broker is not there is alive and not ready, and says so in a sentence")
        func health() throws {
            let gateway = try Self.gateway()
            #expect(try HTTPClient.get("/health/live", from: gateway).status == 200)
            let ready = try HTTPClient.get("/health/ready", from: gateway)
            #expect(ready.status == 503 && ready.text.contains("broker") && ready.text.hasSuffix("\n"))
        }

        @Test("OpenMetrics is for those who ask for it")
        func openMetrics() throws {
            let gateway = try Self.gateway()
            let accept = "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3\r\n"
            let open = try HTTPClient.get("/metrics", from: gateway, fields: accept)
            #expect(open.fields["content-type"]?.hasPrefix("application/openmetrics-text; version=1.0.0") == true)
            #expect(open.text.hasSuffix("# EOF\n"))
            #expect(try !HTTPClient.get("/metrics", from: gateway).text.contains("# EOF"))
        }

        @Test(
            "What is not there, not allowed or not understood is told so",
            arguments: [
                ("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
                ("GET /watch HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
                ("POST /reload HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
                ("POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                ("DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
                ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
                ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n", 413),
                ("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
                ("\u{16}\u{3}\u{1}\u{2}", 400), ("GET /client.json HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
                ("GET /client.json?id=nobody HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
                ("GET /clients.json?limit=0 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
                ("GET /clients.json?limit=99999 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
            ])
        func refusals(request: String, status: Int) throws {
            let gateway = try Self.gateway()
            let client = try HTTPClient(gateway.httpAddress)
            try client.send(request)
            let answer = try client.answer()
            #expect(answer.status == status, "\(request.debugDescription): \(answer.text)")
            #expect(answer.text.hasSuffix("\n") && answer.fields["content-type"] == "text/plain; charset=utf-8")
            #expect(status != 405 || answer.fields["allow"] == "GET, HEAD")
        }

        @Test("Requests may be as long as http.request_bytes, in the line and in the fields")
        func requestLimits() throws {
            let gateway = try Self.gateway { $0.requestByteCount = 512 }
            let client = try HTTPClient(gateway.httpAddress)
            try client.send("GET /" + String(repeating: "a", count: 600))
            #expect(try client.answer().status == 414)
            let fields = "X: " + String(repeating: "a", count: 600) + "\r\n"
            #expect(try HTTPClient.get("/", from: gateway, fields: fields).status == 431)
        }

        @Test("Against DNS rebinding: addresses, localhost and the owner's names are answered, no other one")
        func rebinding() throws {
            let gateway = try Self.gateway { $0.names = ["barn.example"] }
            for host in ["127.0.0.1", "[::1]:9884", "192.0.2.7", "localhost:80", "Barn.Example.", "a.localhost"] {
                #expect(try HTTPClient.get("/status.json", from: gateway, host: host).status == 200, "\(host)")
            }
            for host in ["evil.example", "barn.example.evil", "localhost.evil", "127.0.0.1.evil", ""] {
                #expect(try HTTPClient.get("/status.json", from: gateway, host: host).status == 421, "\(host)")
            }
        }

        @Test("With http.token everything that tells something needs it; the page that asks for it does not")
        func token() throws {
            let gateway = try Self.gateway { $0.token = Array("s3cret".utf8) }
            for path in ["/metrics", "/status.json", "/clients.json", "/client.json?id=a", "/events"] {
                for fields in ["", "Authorization: Bearer s3cre\r\n", "Authorization: Basic s3cret\r\n"] {
                    let answer = try HTTPClient.get(path, from: gateway, fields: fields)
                    #expect(answer.status == 401 && answer.fields["www-authenticate"] == "Bearer", "\(path) \(fields)")
                }
            }
            let fields = "Authorization: Bearer s3cret\r\n"
            #expect(try HTTPClient.get("/status.json", from: gateway, fields: fields).status == 200)
            #expect(try HTTPClient.get("/", from: gateway).status == 200)
            #expect(try HTTPClient.get("/health/live", from: gateway).status == 200)
        }

        @Test("Who says nothing, or half of a request, is not waited for longer than http.timeout_seconds")
        func halfRequests() throws {
            let gateway = try Self.gateway { $0.timeout = .milliseconds(200) }
            let silent = try HTTPClient(gateway.httpAddress)
            let half = try HTTPClient(gateway.httpAddress)
            try half.send("GET / HTTP/1.1\r\nHo")
            #expect(silent.hearEnd() == [])
            #expect(try half.answer().status == 408)
            let metrics = try HTTPClient.get("/metrics", from: gateway).text
            #expect(metrics.contains("swiftlet_http_connections_refused_total{reason=\"silent\"} 1\n"))
            #expect(metrics.contains("swiftlet_http_requests_refused_total{code=\"408\"} 1\n"))
            // At least the one that asks.
            #expect(try HTTPClient.metric(#"swiftlet_limit_held{name="http.connections"}"#, of: gateway) >= 1)
        }

        @Test("Who does not read gives its place back")
        func slowReaders() throws {
            let gateway = try Self.gateway { ($0.timeout, $0.connectionCount) = (.milliseconds(300), 4) }
            var readers: [HTTPClient] = []
            for _ in 0..<4 {
                let reader = try HTTPClient(gateway.httpAddress, receiveBuffer: 1_024)
                try reader.send("GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
                readers.append(reader)
            }
            #expect(eventually { HTTPClient.isServed(by: gateway) })
            // Read to its end only now, it is cut in the midst or was whole in the system's buffers.
            for reader in readers { #expect(reader.hearEnd() != nil) }
        }

        @Test("1,000 connections at once leave room for sensors and, once they are gone, for others")
        func thousandConnections() throws {
            let gateway = try Self.gateway { $0.timeout = .milliseconds(500) }
            var clients: [HTTPClient] = []
            for _ in 0..<1_000 { clients.append(try HTTPClient(gateway.httpAddress)) }
            let sensor = try Sensor(gateway.address)
            try sensor.send([3, 1, 0])
            // What nobody is served at is closed at once, and no descriptor is kept for it.
            #expect(eventually { clients.count(where: { $0.hearEnd(within: .zero) != nil }) >= 1_000 - 16 })
            #expect(eventually { HTTPClient.isServed(by: gateway) })
            #expect(gateway.failure == nil)
            // Where the 1,000 take longer than the timeout, those who had the places have made room for more.
            let counts = try ["too_many", "silent"].map {
                try HTTPClient.metric("swiftlet_http_connections_refused_total{reason=\"\($0)\"}", of: gateway)
            }
            #expect(counts[0] > 0 && counts[0] + counts[1] >= 1_000 - 16)
            _ = sensor
        }

        @Test("Followers hear the status at once and again, and what is observed; half of the places are for others")
        func events() throws {
            let gateway = try Self.gateway { $0.connectionCount = 4 }
            var followers: [HTTPClient] = []
            for _ in 0..<2 {
                let follower = try HTTPClient(gateway.httpAddress)
                try follower.send("GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
                #expect(follower.hears("event: status\ndata: {"))
                followers.append(follower)
            }
            #expect(try HTTPClient.get("/events", from: gateway).status == 503)
            let sensor = try Sensor(gateway.address)
            try sensor.send([0, 1])
            for follower in followers {
                #expect(follower.hears("\"event\":\"malformed_datagram\""))
                #expect(HTTPAnswer(follower.heard)?.fields["content-type"] == "text/event-stream")
            }
            // A place that is given back is another's.
            followers.removeLast()
            #expect(eventually { HTTPClient.isServed(by: gateway) })
            let next = try HTTPClient(gateway.httpAddress)
            try next.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(next.hears("event: status"))
        }

        @Test("A follower that does not read is cut off, and the gateway goes on")
        func slowFollower() throws {
            let gateway = try Self.gateway { ($0.timeout, $0.queuedByteCount) = (.milliseconds(300), 8_192) }
            let slow = try HTTPClient(gateway.httpAddress, receiveBuffer: 1_024)
            try slow.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(slow.hears("event: status"))
            let sensor = try Sensor(gateway.address)
            // Enough for the system's buffers and the queue, at 50 observations a second at most: so in several.
            #expect(
                eventually(within: .seconds(60)) {
                    for _ in 0..<50 { try? sensor.send([0, 1]) }
                    usleep(20_000)
                    return slow.isCut
                })
            #expect(try HTTPClient.get("/health/live", from: gateway).status == 200)
        }

        @Test("A place that somebody has is named, with what to do")
        func occupied() throws {
            let gateway = try Self.gateway()
            let port = try #require(gateway.httpAddress).port
            let error = #expect(throws: HostError.self) {
                try Self.gateway { $0.listener = HTTPEndpoint(host: "127.0.0.1", port: port) }
            }
            let words = "\(try #require(error))"
            #expect(words.contains("http://127.0.0.1:\(port)") && words.contains("http.listen"))
        }
    }
}
