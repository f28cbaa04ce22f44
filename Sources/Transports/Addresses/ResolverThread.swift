import CLinux
import Glibc

/// The thread that waits for the name service, and the mailbox it shares with the loop's thread.
final class ResolverThread: Sendable {
    /// A name to look up.
    struct Request: Sendable {
        let identifier: UInt64
        let host: String
        let port: UInt16
    }

    /// What a lookup gave.
    struct Answer: Sendable {
        let identifier: UInt64
        let result: Result<[SocketAddress], ResolveError>
    }

    private struct Mailbox {
        var requests: [Request] = []
        var answers: [Answer] = []
        var isStopping = false
    }

    private let mailbox = Locked(Mailbox())
    /// Counts the requests and the stop that the thread has still to see; reading it blocks the thread.
    private let requestCount: Int32
    /// Readable while answers wait for the loop.
    let answersReady: LoopWaker

    init() throws(IOError) {
        answersReady = try LoopWaker()
        requestCount = eventfd(0, Int32(EFD_SEMAPHORE) | Int32(EFD_CLOEXEC))
        guard requestCount >= 0 else { throw IOError(operation: "eventfd", code: errno) }
    }

    deinit {
        _ = close(requestCount)
    }

    /// Starts the thread, which keeps this object alive until it is stopped.
    func start() throws(IOError) { try DetachedThread.start(self) { $0.run() } }

    /// Hands a request to the thread.
    func submit(_ request: Request) {
        mailbox.withLock { $0.requests.append(request) }
        _ = eventfd_write(requestCount, 1)
    }

    /// Takes the answers there are.
    func takeAnswers() -> [Answer] {
        answersReady.drain()
        return mailbox.withLock { mailbox in
            defer { mailbox.answers.removeAll() }
            return mailbox.answers
        }
    }

    /// Ends the thread as soon as the name service lets go of it.
    func stop() {
        mailbox.withLock { $0.isStopping = true }
        _ = eventfd_write(requestCount, 1)
    }

    private func run() {
        while let request = nextRequest() {
            let answer = Answer(identifier: request.identifier, result: Self.lookUp(request))
            mailbox.withLock { $0.answers.append(answer) }
            answersReady.wake()
        }
    }

    private func nextRequest() -> Request? {
        while true {
            var count: eventfd_t = 0
            guard eventfd_read(requestCount, &count) == 0 || errno == EINTR else { return nil }
            let (isStopping, request) = mailbox.withLock { mailbox in
                (mailbox.isStopping, mailbox.requests.isEmpty ? nil : mailbox.requests.removeFirst())
            }
            if isStopping { return nil }
            if let request { return request }
        }
    }

    static func lookUp(_ request: Request) -> Result<[SocketAddress], ResolveError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(request.host, nil, &hints, &list)
        guard code == 0 else { return .failure(.failed(host: request.host, code: code)) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let native = entry.pointee.ai_addr,
                var address = SocketAddress(loadingFrom: native, byteCount: Int(entry.pointee.ai_addrlen))
            {
                address.port = request.port
                if !addresses.contains(address) { addresses.append(address) }
            }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(.failed(host: request.host, code: EAI_NONAME)) : .success(addresses)
    }
}
