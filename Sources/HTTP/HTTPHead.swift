import Bytes

/// The head of a request, cut into lines: what they mean (RFC 9112 §3, §5 and §6).
struct HTTPHead {
    private let bytes: [UInt8]
    private let lines: [Range<Int>]

    // What the header fields say.
    private var host: HTTPHost?
    private var hasHost = false
    private var bearerToken: [UInt8]?
    private var accept: [UInt8] = []
    private var contentLength: [UInt8]?
    private var hasTransferEncoding = false

    init(_ bytes: [UInt8], _ lines: [Range<Int>]) { (self.bytes, self.lines) = (bytes, lines) }

    /// The request; throws what is answered instead.
    consuming func request() throws(HTTPRefusal) -> HTTPRequest {
        guard let first = lines.first else { throw HTTPRefusal(.badRequest, "there is no request line") }
        let parts = bytes[first].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(isInToken), !parts[1].isEmpty else {
            throw HTTPRefusal(.badRequest, "the request line must be a method, a target and HTTP/1.1")
        }
        let isFirstMinor = try Self.isHTTP10(parts[2])
        for line in lines.dropFirst() { try read(bytes[line]) }
        guard hasHost || isFirstMinor else { throw HTTPRefusal(.badRequest, "a request of HTTP/1.1 must have Host") }
        try checkContent()
        return try request(Self.method(parts[0]), target: parts[1])
    }

    /// Whether the version is HTTP/1.0; later ones of the same major number are read as HTTP/1.1 (RFC 9110 §2.5).
    private static func isHTTP10(_ version: ArraySlice<UInt8>) throws(HTTPRefusal) -> Bool {
        let text = Array(version)
        guard text.count == 8, text.starts(with: "HTTP/".utf8), isDigit(text[5]), text[6] == UInt8(ascii: "."),
            isDigit(text[7])
        else { throw HTTPRefusal(.badRequest, "the request line must be a method, a target and HTTP/1.1") }
        guard text[5] == UInt8(ascii: "1") else {
            throw HTTPRefusal(.httpVersionNotSupported, "HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        return text[7] == UInt8(ascii: "0")
    }

    private static func method(_ name: ArraySlice<UInt8>) -> HTTPRequest.Method {
        if name.elementsEqual("GET".utf8) { return .get }
        if name.elementsEqual("HEAD".utf8) { return .head }
        if name.elementsEqual("POST".utf8) { return .post }
        return .other
    }

    // MARK: Header fields

    private mutating func read(_ line: ArraySlice<UInt8>) throws(HTTPRefusal) {
        // Nothing before the colon but the name: a line that continues the one before is obsolete (RFC 9112 §5.2).
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(isInToken)
        else { throw HTTPRefusal(.badRequest, "a header field must be a name, a colon and a value") }
        let value = trimmed(line[(colon + 1)...])
        switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
        case "host": try readHost(value)
        case "authorization":
            guard bearerToken == nil else { throw HTTPRefusal(.badRequest, "there is more than one Authorization") }
            bearerToken = Self.bearerToken(in: value)
        case "accept": accept += (accept.isEmpty ? [] : Array(",".utf8)) + value
        case "content-length":
            guard contentLength == nil else { throw HTTPRefusal(.badRequest, "there is more than one Content-Length") }
            contentLength = Array(value)
        case "transfer-encoding": hasTransferEncoding = true
        default: break
        }
    }

    private mutating func readHost(_ value: ArraySlice<UInt8>) throws(HTTPRefusal) {
        guard !hasHost else { throw HTTPRefusal(.badRequest, "there is more than one Host") }
        guard let host = HTTPHost(value) else { throw HTTPRefusal(.badRequest, "Host is no name and no address") }
        (self.host, hasHost) = (host, true)
    }

    /// Nil for another scheme.
    private static func bearerToken(in value: ArraySlice<UInt8>) -> [UInt8]? {
        let scheme = value.prefix { $0 != UInt8(ascii: " ") }
        guard String(decoding: scheme, as: UTF8.self).lowercased() == "bearer" else { return nil }
        return Array(trimmed(value.dropFirst(scheme.count)))
    }

    /// No request here has content (RFC 9112 §6).
    private func checkContent() throws(HTTPRefusal) {
        guard !hasTransferEncoding else { throw HTTPRefusal(.notImplemented, "content in chunks is not taken") }
        guard let contentLength else { return }
        guard !contentLength.isEmpty, contentLength.allSatisfy(isDigit) else {
            throw HTTPRefusal(.badRequest, "Content-Length is no number")
        }
        guard contentLength.allSatisfy({ $0 == UInt8(ascii: "0") }) else {
            throw HTTPRefusal(.contentTooLarge, "no request has content here")
        }
    }

    // MARK: The target

    private func request(
        _ method: HTTPRequest.Method, target: ArraySlice<UInt8>
    ) throws(HTTPRefusal) -> HTTPRequest {
        // Other methods have targets of other forms, and are not taken whatever these are.
        guard method != .other else { return HTTPRequest(method: .other, path: Array("/".utf8), host: host) }
        var (host, rest) = (host, target)
        if target.first != UInt8(ascii: "/") {
            // The absolute form, whose authority goes before Host (RFC 9112 §3.2.2).
            let scheme = target.prefix(7)
            guard String(decoding: scheme, as: UTF8.self).lowercased() == "http://" else {
                throw HTTPRefusal(.badRequest, "the target must begin with a slash")
            }
            let authority = target.dropFirst(7).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            guard !authority.isEmpty, let named = HTTPHost(authority) else {
                throw HTTPRefusal(.badRequest, "the target names no host")
            }
            (host, rest) = (named, target.dropFirst(7 + authority.count))
            if rest.first != UInt8(ascii: "/") { rest = Array("/".utf8) + rest }
        }
        guard !rest.contains(UInt8(ascii: "#")) else { throw HTTPRefusal(.badRequest, "a target has no fragment") }
        let path = rest.prefix { $0 != UInt8(ascii: "?") }
        guard let decoded = PercentEncoding.decoded(path), !decoded.contains(0) else {
            throw HTTPRefusal(.badRequest, "the target has a percent sign without two hexadecimal digits after it")
        }
        let query = try Self.parameters(in: rest.dropFirst(path.count + 1))
        return HTTPRequest(
            method: method, path: decoded, query: query, host: host, bearerToken: bearerToken, accept: accept)
    }

    private static func parameters(in query: ArraySlice<UInt8>) throws(HTTPRefusal) -> [HTTPRequest.Parameter] {
        var parameters: [HTTPRequest.Parameter] = []
        for part in query.split(separator: UInt8(ascii: "&")) {
            let name = part.prefix { $0 != UInt8(ascii: "=") }
            guard let decodedName = PercentEncoding.decoded(name),
                let value = PercentEncoding.decoded(part.dropFirst(name.count + 1))
            else {
                throw HTTPRefusal(.badRequest, "the query has a percent sign without two hexadecimal digits after it")
            }
            parameters.append(HTTPRequest.Parameter(name: decodedName, value: value))
        }
        return parameters
    }
}

/// Without the blanks around it.
func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text
    while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
    while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
    return text
}
