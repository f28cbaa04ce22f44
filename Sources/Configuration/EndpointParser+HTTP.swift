// Where HTTP is answered, under which names, and where the control socket is.

extension EndpointParser {
    /// `http://ADDRESS[:PORT]`; the port is 9884 when it is left out, and 0 lets the system choose.
    package static func http(_ text: String) -> Result<HTTPEndpoint, EndpointError> {
        Result { () throws(EndpointError) in
            let rest = try afterScheme("http", of: text, example: "http://127.0.0.1:9884")
            let (host, port) = try hostAndPort(of: rest, smallestPort: 0)
            let bytes = Array(host.utf8)
            guard isIPv4Address(bytes[...]) || isIPv6Address(bytes[...]) else {
                throw EndpointError(message: "must have an IP address of this machine, such as 127.0.0.1 or 0.0.0.0")
            }
            return HTTPEndpoint(host: host, port: port ?? HTTPEndpoint.defaultPort)
        }
    }

    /// A name that a browser may know the gateway by, in lower case.
    static func hostName(_ text: String) -> Result<String, EndpointError> {
        Result { () throws(EndpointError) in
            let (host, port) = try hostAndPort(of: Array(text.utf8), smallestPort: 0)
            guard port == nil else { throw EndpointError(message: "must be a name without a port") }
            return host.lowercased()
        }
    }

    /// The absolute path of a socket of the file system, which unix(7) limits to 107 bytes.
    /// Such as `/var/lib/swiftlet`.
    static func storeDirectory(_ text: String) -> Result<String, EndpointError> {
        Result { () throws(EndpointError) in
            guard text.hasPrefix("/"), text.count > 1, !text.utf8.contains(0) else {
                throw EndpointError(message: "must be the path of a directory that begins with '/'")
            }
            guard text.utf8.count <= 4_000 else {
                throw EndpointError(message: "has \(text.utf8.count) bytes; a path has at most 4000")
            }
            return text
        }
    }

    static func socketPath(_ text: String) -> Result<String, EndpointError> {
        Result { () throws(EndpointError) in
            guard text.hasPrefix("/"), !text.hasSuffix("/"), !text.utf8.contains(0) else {
                throw EndpointError(message: "must be the path of a file that begins with '/'")
            }
            guard text.utf8.count <= 107 else {
                throw EndpointError(message: "has \(text.utf8.count) bytes; a socket's path has at most 107")
            }
            return text
        }
    }
}
