import Glibc
import HTTP
import Testing
import Transports

/// A small proxy of HTTP that takes CONNECT alone, turned by a thread of its own.
final class TestProxy {
    /// What the thread and the test share.
    fileprivate final class Shared: Sendable {
        struct State {
            var heads: [String] = []
            var byteCount = 0
            var isStopRequested = false
        }

        let listener: Int32
        /// What Proxy-Authorization must be; nil: nobody is asked.
        let wanted: String?
        let state = Locked(State())

        init(listener: Int32, wanted: String?) { (self.listener, self.wanted) = (listener, wanted) }
    }

    private let socket: BlockingSocket
    private let shared: Shared
    private let thread: pthread_t
    let port: UInt16

    /// Lets everybody through, or only who has `credentials`, as `user:password`.
    init(credentials: String? = nil) throws {
        let any = try SocketAddress.numeric("127.0.0.1")
        socket = try BlockingSocket(.stream, for: any, boundTo: any)
        guard listen(socket.descriptor, 64) == 0 else { throw SystemFailure(operation: "listen") }
        port = try socket.localAddress().port
        let wanted = credentials.map { "Proxy-Authorization: Basic " + Base64.text(of: octets($0)) }
        shared = Shared(listener: socket.descriptor, wanted: wanted)
        var thread: pthread_t = 0
        let argument = Unmanaged.passRetained(shared).toOpaque()
        guard pthread_create(&thread, nil, runProxy, argument) == 0 else { throw SystemFailure(operation: "thread") }
        self.thread = thread
    }

    deinit {
        shared.state.withLock { $0.isStopRequested = true }
        pthread_join(thread, nil)
    }

    /// The heads of the requests that have come.
    var heads: [String] { shared.state.withLock { $0.heads } }

    /// Octets that it has passed on to whom they were for, behind the heads.
    var byteCount: Int { shared.state.withLock { $0.byteCount } }
}

/// One connection to the proxy, and the one behind it.
private final class ProxiedConnection {
    let client: BlockingSocket
    var target: BlockingSocket?
    private var head: [UInt8] = []
    /// Which side has ended: the client's, the target's.
    private(set) var hasEnded = [false, false]

    init(_ client: BlockingSocket) { self.client = client }

    var isOver: Bool { hasEnded == [true, true] || target == nil && hasEnded[0] }

    /// Its sides that can be read.
    var sides: [(descriptor: Int32, index: Int)] {
        [client, target].enumerated().compactMap { index, side in
            side.flatMap { hasEnded[index] ? nil : ($0.descriptor, index) }
        }
    }

    func read(_ side: Int, _ shared: TestProxy.Shared) throws {
        let source = side == 0 ? client : target
        let bytes = source?.read(until: Deadline(in: .zero)) ?? []
        if bytes.isEmpty { hasEnded[side] = true }
        guard let target else { return try readHead(bytes, shared) }
        let other = side == 0 ? target : client
        if side == 0 { shared.state.withLock { $0.byteCount += bytes.count } }
        if bytes.isEmpty { shutdown(other.descriptor, Int32(SHUT_WR)) } else { try other.write(bytes) }
    }

    private func readHead(_ bytes: [UInt8], _ shared: TestProxy.Shared) throws {
        head += bytes
        guard head.suffix(4) == octets("\r\n\r\n")[...] else { return }
        let text = String(decoding: head, as: UTF8.self)
        shared.state.withLock { $0.heads.append(text) }
        if let wanted = shared.wanted, !text.contains(wanted + "\r\n") {
            try client.write(
                octets(
                    "HTTP/1.1 407 Who Are You\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n")
            )
            hasEnded[0] = true
            return
        }
        let words = text.split(separator: " ")
        let place = words.count > 1 ? words[1].split(separator: ":") : []
        guard words.first == "CONNECT", place.count == 2, let port = UInt16(place[1]),
            let address = SocketAddress(numeric: String(place[0]), port: port)
        else { return try refuse("400 Bad Request") }
        let target = try BlockingSocket(.stream, for: address)
        guard (try? target.connect(to: address)) != nil else { return try refuse("502 Nobody There") }
        // What is said of content is of no meaning here (RFC 9110 §9.3.6).
        try client.write(octets("HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n"))
        self.target = target
    }

    private func refuse(_ status: String) throws {
        try client.write(octets("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n"))
        hasEnded[0] = true
    }
}

extension TestProxy {
    fileprivate static func run(_ shared: Shared) {
        var connections: [ProxiedConnection] = []
        while !shared.state.withLock({ $0.isStopRequested }) {
            let sides = connections.flatMap { connection in
                connection.sides.map { (descriptor: $0.descriptor, index: $0.index, connection: connection) }
            }
            var polled = ([shared.listener] + sides.map(\.descriptor)).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&polled, nfds_t(polled.count), 20) > 0 else { continue }
            for (side, result) in zip(sides, polled.dropFirst()) where result.revents != 0 {
                // One that is cut is over for the other side too.
                if (try? side.connection.read(side.index, shared)) == nil {
                    connections.removeAll { $0 === side.connection }
                }
            }
            connections.removeAll { $0.isOver }
            guard polled[0].revents != 0 else { continue }
            let descriptor = accept(shared.listener, nil, nil)
            if descriptor >= 0 { connections.append(ProxiedConnection(BlockingSocket(adopting: descriptor))) }
        }
    }
}

/// Where the thread begins; its argument is a retained `TestProxy.Shared`.
private func runProxy(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument { TestProxy.run(Unmanaged<TestProxy.Shared>.fromOpaque(argument).takeRetainedValue()) }
    return nil
}
