/// Why a directory cannot be used to keep something in.
package enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    case failed(IOError)
    /// There is something at the path that is no directory.
    case notADirectory(path: String)
    /// The directory or a file in it belongs to another user, who has this number.
    case ownedByAnother(path: String, user: UInt32)
    /// Another process holds the lock; nil where it does not say its number.
    case inUse(path: String, process: Int32?)

    package var description: String {
        switch self {
        case .failed(let error): "\(error)"
        case .notADirectory(let path): "'\(path)' is no directory"
        case .ownedByAnother(let path, let user):
            "'\(path)' belongs to user \(user) and not to this one: give it to the gateway's user (chown), or name "
                + "another directory"
        case .inUse(let path, let process):
            "'\(path)' is in use by \(process.map { "process \($0)" } ?? "another process"): two gateways cannot share "
                + "one store"
        }
    }
}
