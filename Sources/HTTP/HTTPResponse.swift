/// The head of a response (RFC 9112 §4), and the forms of content whose length is not known before.
package struct HTTPResponse: Sendable {
    package var status: HTTPStatus
    /// The media type of the content.
    package var contentType: String
    /// Further header fields, whose names and values hold nothing that came from outside.
    package var fields: [(name: String, value: String)]

    package init(_ status: HTTPStatus, contentType: String, fields: [(name: String, value: String)] = []) {
        (self.status, self.contentType, self.fields) = (status, contentType, fields)
    }

    /// How the end of the content is known.
    package enum Length: Equatable, Sendable {
        /// So many octets.
        case known(Int)
        /// Chunks that say how long they are (RFC 9112 §7.1), which HTTP/1.0 does not know.
        case chunked
        /// By the end of the connection.
        case untilClose
    }

    /// The status line and the header fields, with the empty line behind them. The connection ends with each response.
    package func head(_ length: Length) -> [UInt8] {
        var text = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\nContent-Type: \(contentType)\r\n"
        switch length {
        case .known(let count): text += "Content-Length: \(count)\r\n"
        case .chunked: text += "Transfer-Encoding: chunked\r\n"
        case .untilClose: break
        }
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        text +=
            "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
            + "Connection: close\r\n\r\n"
        return Array(text.utf8)
    }

    /// One chunk of content; not for an empty one, which would end it.
    package static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    /// What ends content in chunks.
    package static let lastChunk = Array("0\r\n\r\n".utf8)
}
