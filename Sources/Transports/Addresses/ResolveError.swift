import CLinux
import Glibc

/// Why a host name led to no address.
package enum ResolveError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name service answered with this `EAI_` code (getaddrinfo(3)).
    case failed(host: String, code: Int32)
    /// Too many names are being resolved already.
    case tooManyRequests(host: String)
    /// The helper thread could not be started.
    case unavailable(IOError)

    /// The code for a name that does not exist.
    static let noName = EAI_NONAME

    /// Whether this machine lacks something, so that nothing is said about the name.
    package var isLocal: Bool {
        switch self {
        case .failed(_, let code): code == EAI_MEMORY
        case .tooManyRequests, .unavailable: true
        }
    }

    /// Such as `resolve broker.example: name or service not known`.
    package var description: String {
        switch self {
        case .failed(let host, let code):
            let sentence = gai_strerror(code).map { String(cString: $0) } ?? "error \(code)"
            return "resolve \(host): \(sentence.prefix(1).lowercased())\(sentence.dropFirst())"
        case .tooManyRequests(let host): return "resolve \(host): too many names are being resolved"
        case .unavailable(let error): return error.description
        }
    }
}
