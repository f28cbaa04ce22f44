import Configuration
import GatewayCore
import Glibc
import Testing
import Time
import Transports

@testable import GatewayHost

extension RealSocketTests {
    /// Doors that follow the configuration of a running gateway.
    @Suite struct HTTPSettingsTests {
        /// A host that the test turns itself.
        private static func host(_ http: HTTPSettings) throws -> Host {
            var settings = Settings()
            settings.host.listeners = [UDPListener(host: "127.0.0.1", port: 0)]
            settings.gateway.links = [.init()]
            settings.host.broker = BrokerEndpoint(host: "127.0.0.1", port: 1)
            settings.host.http = http
            return try Host(settings: settings, seed: 1, log: Log(level: .error), loop: EventLoop())
        }

        /// Turns the host until what `client` has heard holds `text`.
        private static func hears(_ client: HTTPClient, _ text: String, _ host: Host) throws -> Bool {
            try eventually {
                try host.loop.turn(deadline: MonotonicClock.now() + 2_000_000)
                host.finishTurn()
                return client.hears(text, within: .zero)
            }
        }

        @Test("A new token ends what those follow who came without it; other settings end nothing")
        func token() throws {
            var http = HTTPSettings()
            http.listener = HTTPEndpoint(host: "127.0.0.1", port: 0)
            let host = try Self.host(http)
            let follower = try HTTPClient(host.httpAddress)
            try follower.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try Self.hears(follower, "event: status", host))
            http.connectionCount = 8
            try host.showItself(http)
            #expect(!follower.isCut && host.server?.events.hasReaders == true)
            http.token = Array("s3cret".utf8)
            try host.showItself(http)
            #expect(eventually { follower.isCut } && host.server?.events.hasReaders == false)
            let next = try HTTPClient(host.httpAddress)
            try next.send("GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try Self.hears(next, "HTTP/1.1 401", host))
            host.close()
        }

        @Test("A door opens, moves and closes with its key; one that cannot be opened leaves everything as it was")
        func doors() throws {
            let directory = try TemporaryDirectory()
            chmod(directory.path, 0o755)
            let host = try Self.host(HTTPSettings())
            #expect(host.server == nil)
            var http = HTTPSettings()
            http.controlSocket = directory.path + "/one"
            try host.showItself(http)
            let follower = try HTTPClient(path: directory.path + "/one")
            try follower.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try Self.hears(follower, "200 OK", host))

            var wrong = http
            wrong.listener = HTTPEndpoint(host: "127.0.0.1", port: 0)
            wrong.controlSocket = directory.path + "/none/two"
            #expect(throws: HostError.self) { try host.showItself(wrong) }
            #expect(host.httpAddress == nil && !follower.isCut)

            http.controlSocket = directory.path + "/two"
            try host.showItself(http)
            #expect(eventually { follower.isCut } && host.server?.isWatched == false)
            #expect(access(directory.path + "/one", F_OK) != 0 && access(directory.path + "/two", F_OK) == 0)
            try host.showItself(HTTPSettings())
            #expect(host.server == nil && access(directory.path + "/two", F_OK) != 0)
            host.close()
        }
    }
}
