/// Collects the octets of one request until its head is whole, and reads it (RFC 9112 §2).
///
/// One request is all that a connection carries: the response ends it, and what comes after the head is not looked at.
package struct HTTPRequestReader: Sendable {
    /// What has become of the request so far.
    package enum Progress: Equatable, Sendable {
        /// More octets must come.
        case incomplete
        case complete(HTTPRequest)
        /// The request is not taken; further octets change nothing.
        case refused(HTTPRefusal)
    }

    private let maximumByteCount: Int
    private var head: [UInt8] = []
    /// Where the line begins that is being collected.
    private var lineStart = 0
    private var lines: [Range<Int>] = []
    private var outcome: Progress = .incomplete

    /// A reader of one request, whose head is at most `maximumByteCount` octets long.
    package init(maximumByteCount: Int) { self.maximumByteCount = maximumByteCount }

    /// Whether a single octet of the request has come.
    package var hasBegun: Bool { !head.isEmpty }

    /// Takes the octets that came next.
    package mutating func read(_ bytes: RawSpan) -> Progress {
        guard outcome == .incomplete else { return outcome }
        for offset in bytes.byteOffsets {
            guard outcome == .incomplete else { break }
            take(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
        }
        return outcome
    }

    private mutating func take(_ byte: UInt8) {
        guard head.count < maximumByteCount else {
            outcome = .refused(
                lines.isEmpty
                    ? HTTPRefusal(.uriTooLong, "the request line is too long")
                    : HTTPRefusal(.requestHeaderFieldsTooLarge, "the header fields are too long"))
            return
        }
        let isAfterReturn = head.count > lineStart && head.last == UInt8(ascii: "\r")
        head.append(byte)
        if byte == UInt8(ascii: "\n"), isAfterReturn {
            endLine()
        } else if isAfterReturn || !Self.mayStand(byte) {
            // Also what TLS and HTTP/2 begin with, and a line that ends in a line feed alone.
            outcome = .refused(HTTPRefusal(.badRequest, "this door speaks plain HTTP/1.1, and that was none"))
        }
    }

    /// Control characters have no place in a head but for the tabulator and the end of a line.
    private static func mayStand(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private mutating func endLine() {
        let line = lineStart..<head.count - 2
        lineStart = head.count
        guard line.isEmpty else {
            lines.append(line)
            return
        }
        do throws(HTTPRefusal) {
            outcome = .complete(try HTTPHead(head, lines).request())
        } catch {
            outcome = .refused(error)
        }
    }
}
