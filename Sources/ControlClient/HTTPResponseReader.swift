import Bytes

/// Reads one response of HTTP/1.1 as it arrives, however it is split: the little that the gateway's own server says
/// (RFC 9112 §4, §6, §7.1).
package struct HTTPResponseReader: Sendable {
    /// What is wrong with the response.
    package struct Failure: Error, Equatable, Sendable {
        package var message: String
    }

    /// A head longer than this, in octets, is refused.
    package static let largestHeadByteCount = 16_384

    /// How the end of the body is told.
    private enum Body {
        case counted(rest: Int)
        /// In chunks, each behind its size; `rest` is what is missing of the current one, nil before its size.
        case chunked(rest: Int?)
        case untilClose
        case complete
    }

    private let largestBodyByteCount: Int
    private var input: [UInt8] = []
    private var framing: Body?
    /// 200, 404, …; nil until the head is complete.
    package private(set) var status: Int?
    /// What of the body has arrived and was not taken yet.
    private var body: [UInt8] = []
    private var bodyByteCount = 0

    /// Refuses a body of more than `largestBodyByteCount` octets.
    package init(largestBodyByteCount: Int) { self.largestBodyByteCount = largestBodyByteCount }

    /// Whether the whole response has arrived.
    package var isComplete: Bool { if case .complete = framing { true } else { false } }

    /// Hands out what has arrived of the body since the last time.
    package mutating func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    /// Takes in what was read.
    package mutating func receive(_ octets: some Sequence<UInt8>) throws(Failure) {
        input += octets
        if framing == nil { try readHead() }
        try readBody()
    }

    /// The other side has closed: the end of a body that nothing else ends, otherwise too early.
    package mutating func receiveEnd() throws(Failure) {
        switch framing {
        case .untilClose: framing = .complete
        case .complete: return
        case nil: throw Failure(message: "the connection was closed before an answer came")
        case .counted, .chunked: throw Failure(message: "the connection was closed inside the answer")
        }
    }

    // MARK: The head

    private mutating func readHead() throws(Failure) {
        guard let end = endOfHead else {
            guard input.count <= Self.largestHeadByteCount else { throw Failure(message: "the head does not end") }
            return
        }
        let lines = String(decoding: input[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        input.removeSubrange(..<end.upperBound)
        let words = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]), (100...599).contains(code)
        else { throw Failure(message: "this is no answer of HTTP/1.1") }
        status = code
        framing = code == 204 || code == 304 ? .complete : .untilClose
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw Failure(message: "a line of the head has no colon") }
            let value = parts[1].drop { $0 == " " || $0 == "\t" }
            switch parts[0].lowercased() {
            case "content-length":
                guard let count = Int(value), count >= 0, count <= largestBodyByteCount else {
                    throw Failure(message: "Content-Length is '\(value)'; at most \(largestBodyByteCount) is read")
                }
                framing = count == 0 ? .complete : .counted(rest: count)
            case "transfer-encoding":
                guard value.lowercased() == "chunked" else { throw Failure(message: "unknown transfer coding") }
                framing = .chunked(rest: nil)
                return
            default: break
            }
        }
    }

    private var endOfHead: Range<Int>? {
        let limit = min(input.count, Self.largestHeadByteCount)
        guard limit >= 4 else { return nil }
        return (0...limit - 4).first { input[$0..<$0 + 4] == [0x0D, 0x0A, 0x0D, 0x0A] }.map { $0..<$0 + 4 }
    }

    // MARK: The body

    private mutating func readBody() throws(Failure) {
        while let framing {
            switch framing {
            case .complete: return
            case .untilClose:
                try take(input.count)
                return
            case .counted(let rest):
                let count = min(rest, input.count)
                try take(count)
                self.framing = count == rest ? .complete : .counted(rest: rest - count)
                return
            case .chunked(let rest?):
                // The chunk's line end is part of what is missing, and none of the body.
                guard rest > 2 else {
                    guard input.count >= 2 else { return }
                    input.removeFirst(2)
                    self.framing = .chunked(rest: nil)
                    continue
                }
                guard !input.isEmpty else { return }
                let count = min(rest - 2, input.count)
                try take(count)
                self.framing = .chunked(rest: rest - count)
            case .chunked(rest: nil):
                guard let size = try chunkSize() else { return }
                self.framing = size == 0 ? .complete : .chunked(rest: size + 2)
            }
        }
    }

    /// The size of the next chunk; nil until its line has arrived.
    private mutating func chunkSize() throws(Failure) -> Int? {
        guard let end = input.firstIndex(of: 0x0A) else {
            guard input.count <= 64 else { throw Failure(message: "the size of a chunk does not end") }
            return nil
        }
        var size = 0
        let digits = input[..<end].prefix { Hexadecimal.value(ofDigit: $0) != nil }
        guard !digits.isEmpty, digits.count <= 8 else { throw Failure(message: "a chunk has no size") }
        for digit in digits { size = size << 4 | Int(Hexadecimal.value(ofDigit: digit) ?? 0) }
        input.removeSubrange(...end)
        return size
    }

    private mutating func take(_ count: Int) throws(Failure) {
        bodyByteCount += count
        guard bodyByteCount <= largestBodyByteCount else {
            throw Failure(message: "the answer has more than \(largestBodyByteCount) octets")
        }
        body += input[..<count]
        input.removeSubrange(..<count)
    }
}

/// A request without a body.
package enum HTTPRequestText {
    /// The octets of `method` for `target`; `token` is the bearer token, if one is needed.
    ///
    /// - Precondition: no part holds a line break, which `isAllowed` tells.
    package static func octets(_ method: String, _ target: String, host: String, token: String?) -> [UInt8] {
        precondition([method, target, host, token ?? ""].allSatisfy(isAllowed), "a request is made of lines")
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let length = method == "POST" ? "Content-Length: 0\r\n" : ""
        let text =
            "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(authorization)\(length)Accept: application/json\r\n"
            + "Connection: close\r\n\r\n"
        return Array(text.utf8)
    }

    /// Whether the text may stand in a head.
    package static func isAllowed(_ text: String) -> Bool { text.utf8.allSatisfy { 0x20...0x7E ~= $0 } }

    /// `text` as the value of a query: everything but letters, digits and a few signs as `%HH` (RFC 3986 §2.1).
    package static func percentEncoded(_ text: String) -> String {
        text.utf8.map { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                String(Unicode.Scalar(octet))
            default: "%" + Hexadecimal.number(UInt64(octet), digitCount: 2)
            }
        }.joined()
    }
}
