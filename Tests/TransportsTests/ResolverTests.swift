import Testing
import Transports

/// Names are resolved while the loop goes on.
@Suite struct ResolverTests {
    private typealias Answer = Result<[SocketAddress], ResolveError>

    private let loop: EventLoop
    private let resolver: Resolver

    init() throws {
        loop = try EventLoop()
        resolver = Resolver(loop: loop, maximumRequestCount: 2)
    }

    private func answer(to host: String) throws -> Answer {
        var answer: Answer?
        resolver.resolve(host: host, port: 1883) { answer = $0 }
        #expect(answer == nil, "never from within the call")
        #expect(try loop.turn { answer != nil })
        resolver.close()
        return try #require(answer)
    }

    @Test(arguments: ["192.0.2.7", "2001:db8::7"])
    func numericAddressesNeedNoWaiting(host: String) throws {
        var answer: Answer?
        resolver.resolve(host: host, port: 1883) { answer = $0 }
        try loop.turn(deadline: nil)
        #expect(answer == .success([try loopback(host, 1883)]))
    }

    @Test func localhostIsLoopback() throws {
        let addresses = try answer(to: "localhost").get()
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { ["127.0.0.1", "::1"].contains($0.host) && $0.port == 1883 })
        #expect(Set(addresses).count == addresses.count)
    }

    @Test(arguments: ["", "no host", "a..b", "nul\0byte"])
    func aBadNameIsAnErrorThatNamesIt(host: String) throws {
        let answer = try answer(to: host)
        guard case .failure(let error) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.description.hasPrefix("resolve \(host): "))
    }

    @Test func requestsAreBoundedAndAnsweredInOrder() throws {
        var answers: [(Int, Answer)] = []
        for index in 0..<3 {
            resolver.resolve(host: "localhost", port: UInt16(index)) { answers.append((index, $0)) }
        }
        #expect(try loop.turn { answers.count == 3 })
        let refused = answers.filter { $0.1 == .failure(.tooManyRequests(host: "localhost")) }
        #expect(refused.map(\.0) == [2])
        #expect(answers.map(\.0).filter { $0 != 2 } == [0, 1])
        var again: Answer?
        resolver.resolve(host: "localhost", port: 9) { again = $0 }
        #expect(try loop.turn { again != nil })
        #expect(again != .failure(.tooManyRequests(host: "localhost")), "answered requests make room")
        resolver.close()
    }

    @Test func aCancelledRequestIsNotAnswered() throws {
        var answered: [String] = []
        let first = resolver.resolve(host: "localhost", port: 1) { _ in answered.append("first") }
        resolver.resolve(host: "localhost", port: 2) { _ in answered.append("second") }
        resolver.cancel(first)
        #expect(try loop.turn { !answered.isEmpty })
        #expect(answered == ["second"])
        resolver.close()
    }
}
