import ControlClient
import JSON
import Transports

/// Where a command reaches a running gateway, and how it asks.
struct ControlDoor {
    static let socket = Option(
        "--socket", value: "PATH",
        help: "The control socket of the gateway; \(defaultSocket) where neither this nor --url is given.")
    static let url = Option("--url", value: "http://HOST:PORT", help: "Ask over HTTP, where [http] listens.")
    static let tokenFile = Option(
        "--token-file", value: "FILE",
        help: "The file with the token that [http] asks for; else it is taken from SWIFTLET_TOKEN.")
    static let options = [socket, url, tokenFile]
    static let failures: [ExitStatus] = [.noInput, .temporaryFailure, .protocolError, .noPermission]

    private static let defaultSocket = "/run/swiftlet/control"
    /// In nanoseconds.
    static let timeout: UInt64 = 5_000_000_000
    /// No answer is read beyond this size, in octets.
    private static let largestAnswerByteCount = 64 * 1_048_576

    /// A place where the gateway listens.
    private enum Place {
        case socket(String)
        case address([SocketAddress], name: String)
    }

    private var place: Place
    private var token: String?

    /// Why there is no answer, and how the command ends for it.
    struct Failure: Error {
        var message: String
        var status: ExitStatus
    }

    /// Takes the place from the options; a name is looked up here.
    init(_ arguments: Arguments) throws(UsageError) {
        token = ProcessEnvironment.value("SWIFTLET_TOKEN")
        guard let text = arguments.value(Self.url) else {
            place = .socket(arguments.value(Self.socket) ?? Self.defaultSocket)
            return
        }
        guard arguments.value(Self.socket) == nil else {
            throw arguments.wrong("'--socket' and '--url' name two places, one is asked")
        }
        place = try Self.place(text, arguments)
        if let path = arguments.value(Self.tokenFile) { token = try Self.token(in: path, arguments) }
        guard HTTPRequestText.isAllowed(token ?? "") else {
            throw arguments.wrong("the token has octets that none may")
        }
    }

    private static func token(in path: String, _ arguments: Arguments) throws(UsageError) -> String {
        do throws(IOError) {
            let octets = try FileReader.read(path: path, maximumByteCount: 4_096)
            return String(decoding: octets.prefix { $0 > 0x20 }, as: UTF8.self)
        } catch {
            throw arguments.wrong("'--token-file': \(error)")
        }
    }

    private static func place(_ text: String, _ arguments: Arguments) throws(UsageError) -> Place {
        let wrong = arguments.wrong("'--url' has the form http://HOST:PORT; found '\(text)'")
        guard text.hasPrefix("http://"), HTTPRequestText.isAllowed(text) else { throw wrong }
        var name = String(text.dropFirst("http://".count))
        if name.hasSuffix("/") { name.removeLast() }
        guard let colon = name.lastIndex(of: ":"), let port = UInt16(name[name.index(after: colon)...]), port > 0,
            !name.contains("/")
        else { throw wrong }
        var host = String(name[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { throw wrong }
        switch Resolver.addresses(of: host, port: port) {
        case .success(let addresses): return .address(addresses, name: name)
        case .failure(let error): throw arguments.wrong("'--url': \(error)")
        }
    }

    // MARK: Asking

    /// The JSON at `target`.
    func json(_ target: String) throws(Failure) -> JSONValue {
        var body: [UInt8] = []
        try ask("GET", target, timeout: Self.timeout) {
            body += $0
            return true
        }
        do throws(JSONError) {
            return try JSONValue(reading: body)
        } catch {
            throw Failure(message: "\(target) is no JSON: \(error)", status: .protocolError)
        }
    }

    /// Hands the lines of an answer that does not end to `tell`, until the gateway closes it or `tell` says false.
    func follow(_ target: String, _ tell: ([UInt8]) -> Bool) throws(Failure) {
        var line: [UInt8] = []
        try ask("GET", target, timeout: nil) { octets in
            for octet in octets {
                if octet == 0x0A {
                    guard tell(line) else { return false }
                    line = []
                } else if line.count < Self.largestAnswerByteCount {
                    line.append(octet)
                }
            }
            return true
        }
    }

    /// Sends a request and hands out the body of the answer as it comes, until `take` says false; an answer other than
    /// 200 is a failure. Without a `timeout` in nanoseconds the body may go on for ever, and end anywhere.
    func ask(
        _ method: String, _ target: String, timeout: UInt64?, _ take: ([UInt8]) -> Bool
    ) throws(Failure) {
        let largest = timeout == nil ? Int.max : Self.largestAnswerByteCount
        var reader = HTTPResponseReader(largestBodyByteCount: largest)
        var refusal: [UInt8] = []
        do {
            let connection = try connected()
            try connection.write(
                HTTPRequestText.octets(method, target, host: name, token: token), timeout: Self.timeout)
            while !reader.isComplete {
                let octets = try connection.read(timeout: reader.status == nil ? Self.timeout : timeout)
                if octets.isEmpty, timeout == nil, reader.status == 200 { return }
                if octets.isEmpty { try reader.receiveEnd() } else { try reader.receive(octets) }
                let body = reader.takeBody()
                guard reader.status == 200 else {
                    refusal += body.prefix(4_096)
                    continue
                }
                guard take(body) else { return }
            }
        } catch let error as IOError {
            throw failure(error)
        } catch let error as HTTPResponseReader.Failure {
            throw Failure(message: "\(whereItIs): \(error.message)", status: .protocolError)
        } catch {
            throw Failure(message: "\(error)", status: .software)
        }
        if let status = reader.status, status != 200 { throw self.failure(status, refusal, target) }
    }

    private var name: String {
        switch place {
        case .socket: "localhost"
        case .address(_, let name): name
        }
    }

    private var whereItIs: String {
        switch place {
        case .socket(let path): path
        case .address(_, let name): "http://\(name)"
        }
    }

    private func connected() throws(IOError) -> RequestConnection {
        switch place {
        case .socket(let path): return try RequestConnection(socket: path, timeout: Self.timeout)
        case .address(let addresses, _):
            var last: IOError?
            for address in addresses {
                do throws(IOError) {
                    return try RequestConnection(to: address, timeout: Self.timeout)
                } catch {
                    last = error
                }
            }
            throw last ?? .noAddress(operation: "connect to \(whereItIs)")
        }
    }

    private func failure(_ error: IOError) -> Failure {
        if error.isPermission {
            return Failure(
                message: "\(error): only the gateway's user and group may use its control socket", status: .noPermission
            )
        }
        return Failure(
            message: "the gateway does not answer: \(error); does it run, and with [control] socket or [http] listen?",
            status: .temporaryFailure)
    }

    private func failure(_ status: Int, _ body: [UInt8], _ target: String) -> Failure {
        let words = String(decoding: body, as: UTF8.self).split(separator: "\n").first.map { ": \($0)" } ?? ""
        switch status {
        case 401, 403:
            return Failure(message: "\(whereItIs) refuses (\(status))\(words); see --token-file", status: .noPermission)
        case 404: return Failure(message: "\(whereItIs) has nothing at \(target)\(words)", status: .no)
        case 409: return Failure(message: String(decoding: body, as: UTF8.self), status: .configuration)
        case 503: return Failure(message: "\(whereItIs) is not ready\(words)", status: .temporaryFailure)
        default: return Failure(message: "\(whereItIs) answers \(status)\(words)", status: .protocolError)
        }
    }
}

extension ControlDoor {
    /// Carries out what needs an answer, and says why there is none.
    static func open(
        _ arguments: Arguments, _ body: (ControlDoor) throws(Failure) -> ExitStatus
    ) throws(UsageError) -> ExitStatus {
        let door = try ControlDoor(arguments)
        do throws(Failure) {
            return try body(door)
        } catch {
            Terminal.complain(error.message)
            return error.status
        }
    }
}
